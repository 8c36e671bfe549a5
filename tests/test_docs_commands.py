"""The commands in the documentation work: each one is parsed, and each one that is not marked is run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from itertools import takewhile
from pathlib import Path

import click
import pytest

from customer360.commands.cli import cli
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.settings import HOME
from tests.conftest import new_home
from tests.documentation import GUIDES, PAGES, ROOT, Block, blocks, commands_written
from tests.web.published import miniature_results, publish

TUTORIAL = ROOT / "docs" / "tutorial.md"
RUN = [block for page in GUIDES for block in blocks(page) if block.is_shell and not block.not_run]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_command_line_accepts_every_command(page: Path) -> None:
    """Finds a renamed command or a removed option in the text."""
    for command in commands_written(page):
        # The text may name an option without its value, or a command without its arguments.
        with suppress(click.BadOptionUsage, click.MissingParameter):
            parse(cli, arguments(command))


def arguments(command: str) -> list[str]:
    """The arguments of `customer360` in *command*, up to a pipe, a redirection, a comment or the end of $()."""
    before, typed = re.split(r"\bcustomer360 ", command, maxsplit=1)
    typed = typed.partition(")")[0] if before.endswith("$(") else typed
    lexer = shlex.shlex(re.sub(r"\d?>.*", "", typed), posix=True, punctuation_chars="|&;")
    lexer.whitespace_split = True
    return [word for word in takewhile(lambda word: word not in {"|", "&&", "||", ";"}, lexer) if word != "..."]


def parse(command: click.Command, words: list[str]) -> None:
    """Raises: click.UsageError if the command line would reject *words*. Runs nothing."""
    if not isinstance(command, click.Group):
        with command.make_context(command.name, words, resilient_parsing="--help" in words):
            return
    if words and words[0] == "--log-format":
        words = words[2:]
    if words and not words[0].startswith("-"):
        _, inner, rest = command.resolve_command(click.Context(command), words)
        assert inner is not None
        parse(inner, rest)


def test_every_command_block_is_run_or_says_why_not() -> None:
    """The reason is at least ten characters long."""
    reasons = [block for page in GUIDES for block in blocks(page) if block.not_run is not None]

    assert [block.name for block in reasons if len(block.not_run or "") < 10 or not block.is_shell] == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """The folder of a user after the tutorial, and the environment for a database with results."""
    home = new_home()
    publish(EmbeddedPostgres(home).start(), miniature_results())
    yield new_folder(tmp_path_factory.mktemp("guides")), environment(home)
    EmbeddedPostgres(home).stop()
    shutil.rmtree(home)


def new_folder(folder: Path) -> Path:
    shutil.copytree(ROOT / "examples", folder / "examples")
    shutil.copy(ROOT / "examples" / "members.csv", folder)
    return folder


def environment(home: Path) -> dict[str, str]:
    """An environment with `customer360` on the path, as after activating it."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, HOME: str(home)}


def run(block: Block, folder: Path, environment: dict[str, str]) -> None:
    if block.is_shell:
        command = ["bash", "-c", "\n".join(["set -euo pipefail", *block.commands])]
    else:
        command = [sys.executable, "-c", block.text]
    ended = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )

    assert ended.returncode == 0, f"{block.name}\n{ended.stdout}{ended.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize("block", [one for one in RUN if one.page != TUTORIAL], ids=lambda block: block.name)
def test_a_block_of_commands_works(block: Block, folder: tuple[Path, dict[str, str]]) -> None:
    """Run unchanged, on a database with results."""
    run(block, *folder)


@pytest.mark.spark
@pytest.mark.slow
@pytest.mark.timeout(900)  # several commands that start Spark, on machines that may be busy
def test_the_tutorial_works_from_top_to_bottom(tmp_path: Path, home: Path) -> None:
    """Shell and Python, in one folder, on an empty database, with the edit that it asks for."""
    folder = new_folder(tmp_path / "customer360")
    for block in blocks(TUTORIAL):
        if (block.is_shell or block.language == "python") and not block.not_run:
            run(block, folder, environment(home))
        elif block.language == "toml":
            edit(folder / "members.mapping.toml", block.text)


def edit(file: Path, wanted: str) -> None:
    """Replaces each line `# key = ...` by the `key = value` of *wanted*."""
    text = file.read_text()
    for line in wanted.splitlines():
        if "=" in line:
            text, replaced = re.subn(rf"^# {line.split()[0]} = .*$", line, text, flags=re.MULTILINE)
            assert replaced == 1, line
    file.write_text(text)
