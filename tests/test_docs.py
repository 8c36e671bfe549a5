"""The documentation speaks of everything there is, and of nothing that is not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from customer360.cli import cli
from customer360.settings import SETTINGS
from customer360.tables import TABLES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
TEXT = "\n".join(page.read_text() for page in PAGES)


def test_what_is_generated_into_the_pages_is_fresh() -> None:
    """Help, tables, checks and gates are rendered from the code, so they cannot drift."""
    pages = [str(page) for page in PAGES if "[[[cog" in page.read_text()]

    run = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", *pages], capture_output=True, text=True, cwd=ROOT
    )

    assert run.returncode == 0, f"{run.stdout}\nmend it with: make format"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_occurs(table) -> None:  # type: ignore[no-untyped-def]
    """A table that nobody describes is a table that nobody uses."""
    assert f"`{table.full_name}`" in TEXT


@pytest.mark.parametrize("name", list(cli.commands))
def test_every_command_occurs(name: str) -> None:
    """By the words a person types."""
    assert f"customer360 {name}" in TEXT


@pytest.mark.parametrize("name", list(SETTINGS))
def test_every_setting_occurs(name: str) -> None:
    """Settings read from the environment are invisible unless they are written down."""
    assert name in TEXT


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Between pages, and to files of the repository."""
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), target


def test_the_readme_starts_with_a_sentence_a_picture_and_two_commands() -> None:
    """The first screen decides whether anyone reads the second."""
    start = (ROOT / "README.md").read_text()[:900]

    assert (
        start.index("From an empty machine")
        < start.index("![")
        < start.index("make demo")
        < start.index("make test")
    )


def test_no_path_of_one_machine_is_written_down() -> None:
    """What works in one home works in none other."""
    tracked = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, cwd=ROOT)
    if tracked.returncode:
        pytest.skip("not a git checkout: cannot tell which files are the project's")
    for name in filter(None, tracked.stdout.split("\0")):
        path = ROOT / name
        if path.suffix in {".md", ".py", ".toml", ".ipynb", ".json", ".yml", ""} and path.is_file():
            assert not re.search(r"(?<![\w.])/(?:home|Users|root)/\w", path.read_text(errors="ignore")), name
