"""The documentation describes everything that exists, and nothing else."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from customer360.commands.cli import cli
from customer360.errors import EXIT_CODES
from customer360.report.measures import MEASURES
from customer360.report.pages import REPORT
from customer360.settings import SETTINGS
from customer360.tables import TABLES
from tests.documentation import PAGES, ROOT, anchors, blocks, links

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DOCS = ROOT / "docs"


def written(page: str) -> str:
    return (DOCS / page).read_text()


def commands(group: click.Group = cli, path: str = "customer360") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.slow  # `make check` runs cog already
def test_what_is_generated_into_the_pages_is_fresh() -> None:
    """Help, tables and checks are rendered from the code, so they cannot drift."""
    pages = [str(page) for page in PAGES if "[[[cog" in page.read_text()]

    run = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", *pages], capture_output=True, text=True, cwd=ROOT
    )

    assert run.returncode == 0, f"{run.stdout}\nto fix it, run: make format"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_and_column_is_described(table) -> None:
    """Nobody uses a table that is not described."""
    _, _, section = written("tables.md").partition(f"\n## {table.full_name}\n")
    section = section.partition("\n## ")[0]

    assert table.grain in section
    assert [column.name for column in table.columns if f"`{column.name}`" not in section] == []


@pytest.mark.parametrize(
    ("path", "command"), list(commands()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_command_and_option_is_described(path: str, command: click.Command) -> None:
    """Under the name that a person types."""
    _, _, section = written("commands.md").partition(f"\n## {path}\n")
    section = section.partition("\n## ")[0]
    options = [name for option in command.params if isinstance(option, click.Option) for name in option.opts]

    assert section
    assert [name for name in options if name not in section] == []


@pytest.mark.parametrize("name", list(SETTINGS))
def test_every_setting_is_described(name: str) -> None:
    """A setting read from the environment is invisible unless it is documented."""
    assert f"| `{name}` |" in written("commands.md")


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.name)
def test_every_measure_is_described(measure) -> None:
    """You can only check a number when you can look up its definition."""
    assert f"| {measure.label} | {measure.description} |" in written("measures.md")


@pytest.mark.parametrize("page", REPORT.pages, ids=lambda page: page.name)
def test_every_page_and_visual_is_described(page) -> None:
    """Everything in the report can be looked up."""
    _, _, section = written("report.md").partition(f"\n## {page.title}\n")
    section = section.partition("\n## ")[0]

    assert [visual.title for visual in page.visuals if f"| {visual.title} |" not in section] == []


def test_every_exit_code_is_described() -> None:
    """Scripts depend on exit codes alone."""
    assert [code for code in EXIT_CODES if f"| {code} |" not in written("operating.md")] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    """To pages, to their headings, and to files of the repository."""
    for link in links(page):
        target, _, anchor = link.partition("#")
        file = page.parent / target if target else page
        assert file.exists(), link
        assert not anchor or anchor in anchors(file), link


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_code_can_be_read(page: Path) -> None:
    """A mistake in a block of Python or TOML is found here, not by a reader."""
    for block in blocks(page):
        if block.language == "python":
            compile(block.text, block.name, "exec")
        elif block.language == "toml":
            tomllib.loads(block.text)


def test_every_page_of_the_docs_can_be_reached_from_the_readme() -> None:
    """Directly, or through the map of all pages."""
    reached = {ROOT / "README.md"}
    ahead = [ROOT / "README.md", DOCS / "index.md"]
    while ahead:
        page = ahead.pop()
        reached.add(page)
        targets = {(page.parent / link.partition("#")[0]).resolve() for link in links(page)}
        ahead += [target for target in targets if target.suffix == ".md" and target not in reached]

    assert set(DOCS.glob("*.md")) - reached == set()


def test_a_page_occurs_once_in_the_navigation() -> None:
    """A page with two entries seems to be two pages."""
    listed = re.findall(r"^ +- .+: (\S+\.md)$", (ROOT / "mkdocs.yml").read_text(), flags=re.MULTILINE)

    assert sorted(listed) == sorted(set(listed))


def test_the_readme_starts_with_a_sentence_a_picture_and_two_commands() -> None:
    """The first screen decides whether anyone reads the second."""
    start = (ROOT / "README.md").read_text()[:900]

    assert (
        start.index("From an empty machine")
        < start.index("![")
        < start.index("make demo")
        < start.index("make test")
    )


def test_the_readme_stays_short() -> None:
    """Anything long has a page of its own; a table's row cannot be wrapped."""
    lines = (ROOT / "README.md").read_text().splitlines()

    assert len(lines) <= 130
    assert [line for line in lines if len(line) > 120 and not line.startswith("|")] == []


def test_no_path_of_one_machine_is_written_down() -> None:
    """A path in one home directory works in no other."""
    tracked = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, cwd=ROOT)
    if tracked.returncode:
        pytest.skip("not a git checkout: cannot tell which files are the project's")
    for name in filter(None, tracked.stdout.split("\0")):
        path = ROOT / name
        if path.suffix in {".md", ".py", ".toml", ".ipynb", ".json", ".yml", ""} and path.is_file():
            assert not re.search(r"(?<![\w.])/(?:home|Users|root)/\w", path.read_text(errors="ignore")), name


@pytest.mark.slow
def test_the_site_builds_without_a_warning_and_loads_nothing_from_other_hosts(tmp_path: Path) -> None:
    """Links, anchors and navigation are valid for mkdocs, and the site can be read without the network."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    run = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    )

    assert run.returncode == 0, run.stdout + run.stderr
    for decision in (DOCS / "decisions").glob("*.md"):
        assert f"decisions/{decision.stem}.html" in (tmp_path / "index.html").read_text()
    for page in tmp_path.rglob("*.html"):
        loaded = re.findall(
            r"<(?:script|img|link|iframe)\b[^>]*\b(?:src|href)=\"?(https?://[^\"\s>]+)", page.read_text()
        )
        assert loaded == [], page
