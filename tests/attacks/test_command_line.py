"""Any input has a result, or one line and an exit code; never a traceback, never a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer360 import settings
from customer360.commands.cli import cli
from tests.attacks.command_line import SECRET, Ended, contents, customer360, nothing_to_reach
from tests.attacks.inputs import ARGUMENTS, HOSTILE, Tried, attack

EXPENSIVE = {"doctor", "notebook", "db psql", "power-bi", "init"}
"""They start programs or write a folder: fewer inputs, and separate tests."""


def leaves(
    group: click.Group = cli, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(leaves())
OPTIONS = [
    (path, option.opts[0])
    for path, command in COMMANDS.items()
    for option in command.params
    if isinstance(option, click.Option) and not option.is_flag and " ".join(path) not in EXPENSIVE
]
FLAGS = [
    (path, option.opts[0])
    for path, command in COMMANDS.items()
    for option in command.params
    if isinstance(option, click.Option) and option.is_flag and " ".join(path) not in EXPENSIVE
]
WORDS = sorted({name for path in COMMANDS for name in path} | {option for _, option in [*OPTIONS, *FLAGS]})


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with nothing_to_reach(tmp_path):
        (tmp_path / "members.csv").write_text("customer_id,join_date\n1,2020-01-02\n")
        (tmp_path / "directory").mkdir()
        yield tmp_path


PATHS = st.sampled_from(
    ["members.csv", "directory", "file", "file/x", "missing.csv", "/dev/null", "/proc/self/mem", ".", "x" * 300]
)


def require_an_outcome_or_a_line(ended: Ended) -> None:
    assert ended.code in {0, 1, 2}, ended
    if ended.code:
        *stages, line = ended.stderr.splitlines()
        assert line.startswith("customer360: "), ended
        assert line.isprintable(), ascii(line)
        assert all(re.fullmatch(r"[A-Z][a-z ]+: [\d.]+ s", stage) for stage in stages), ended
    assert SECRET not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr


def started(path: tuple[str, ...], option: str, value: str) -> list[str]:
    """The command with this one option, and the other arguments that it requires."""
    more = (
        {"load": ["members.csv", "--dry-run"]}.get(path[0], [])
        if option != "--from-database"
        else ["--table", "x"]
    )
    return [*path, *more, f"{option}={value}"]


@attack(400)
@given(option=st.sampled_from(OPTIONS), value=ARGUMENTS | PATHS)
def test_any_value_of_any_option_is_taken_or_refused(
    folder: Path, tried: Tried, option: tuple[tuple[str, ...], str], value: str
) -> None:
    """Too large, too small, empty, in another script, with control characters, folders for files."""
    before = contents(folder)
    ended = customer360(*started(*option, value))

    require_an_outcome_or_a_line(ended)
    for proposal in folder.glob("*.mapping.toml"):  # if a load has to ask, the mapping that it guessed
        proposal.unlink()
    assert contents(folder) == before
    tried(ended.code)


@attack(1_000)
@given(words=st.lists(st.sampled_from(WORDS) | ARGUMENTS | PATHS, max_size=5))
def test_any_words_are_a_command_or_a_line(folder: Path, tried: Tried, words: list[str]) -> None:
    """Options without commands, commands after commands, values without options."""
    if {"start", "psql", "doctor", "power-bi", "notebook", "password", "init"} & set(words):
        return
    ended = customer360(*words)

    require_an_outcome_or_a_line(ended)
    tried(ended.code)


@attack(300)
@given(path=PATHS | ARGUMENTS, mapping=st.none() | PATHS, transactions=st.booleans(), yes=st.booleans())
def test_any_path_can_be_loaded_or_not(
    folder: Path, tried: Tried, path: str, mapping: str | None, transactions: bool, yes: bool
) -> None:
    """A folder, a device, a missing file, a name that is too long."""
    given = [f"--mapping={mapping}"] * bool(mapping) + ["--transactions"] * transactions + ["--yes"] * yes
    ended = customer360("load", "--dry-run", *given, "--", path)

    require_an_outcome_or_a_line(ended)
    tried(ended.code)


@attack(500)
@given(
    name=st.sampled_from(list(settings.SETTINGS)),
    value=ARGUMENTS,
    command=st.sampled_from([
        ["status"], ["status", "--json"], ["db", "url"], ["db", "stop"], ["dashboard", "--port", "0"], ["run"],
        ["load", "members.csv", "--dry-run"], ["--log-format", "json", "status"], ["mock", "--customers", "10"],
    ]),
)  # fmt: skip
def test_any_value_of_any_variable_is_taken_or_refused(
    folder: Path, tried: Tried, name: str, value: str, command: list[str]
) -> None:
    """The home of the embedded server is below a file, so that none can be created."""
    below = f"{folder}/file/{value}" if name == settings.HOME else value
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(settings.DATABASE_URL)
        patch.setenv(name, below)
        ended = customer360(*command)

    if name in {settings.LOG_FORMAT, settings.TRACEBACK} or "json" in command[:2]:
        assert ended.code in {0, 1, 2}
        assert name == settings.TRACEBACK or "Traceback" not in ended.stderr
    else:
        require_an_outcome_or_a_line(ended)
    tried(ended.code)


@attack(200)
@given(
    value=ARGUMENTS
    | st.sampled_from(["~nobody-is-called-so", "~", ".", "/proc/self", "/dev/null", "x" * 300, "x/" * 3_000]),
    command=st.sampled_from([["status"], ["status", "--json"], ["db", "url"], ["db", "stop"]]),
)
def test_any_home_is_read_or_refused(folder: Path, tried: Tried, value: str, command: list[str]) -> None:
    """These commands only read, so the home may have any name."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(settings.DATABASE_URL)
        patch.setenv(settings.HOME, value or "x")
        before = contents(folder)
        ended = customer360(*command)

    require_an_outcome_or_a_line(ended)
    assert contents(folder) == before
    tried(ended.code)


@attack(150)
@given(name=ARGUMENTS.filter(lambda text: not text.startswith("-")), typed=ARGUMENTS)
def test_any_name_and_password_make_a_line_or_are_refused(tried: Tried, name: str, typed: str) -> None:
    """The output is one valid line of a users file."""
    ended = customer360("password", name, typed=f"{typed}\n{typed}\n")

    assert ended.code in {0, 1, 2, 130}
    assert ended.code or len(ended.stdout.splitlines()) == 1
    tried(ended.code)


@attack(60)
@given(
    command=st.sampled_from(["init", "power-bi"]),
    option=st.sampled_from(["--server", "--database", "--schema", "--storage", None]),
    value=ARGUMENTS | st.sampled_from(["x" * 300, "../projects", "a/b/c"]),
)
def test_any_folder_is_made_or_refused(
    folder: Path, tried: Tried, command: str, option: str | None, value: str
) -> None:
    """Below a folder of the test, with any name; for a project, from any server."""
    is_named = command == "power-bi" and option is not None
    place = "projects/x" if is_named else f"projects/{value.strip('/').replace('..', '')}"
    ended = customer360(command, *[f"{option}={value}"] * is_named, "--", place)

    require_an_outcome_or_a_line(ended)
    tried(ended.code)


@pytest.mark.parametrize("path", sorted(COMMANDS), ids=" ".join)
def test_every_command_takes_every_hostile_word_as_an_argument(
    folder: Path, tried: Tried, path: tuple[str, ...]
) -> None:
    """Including commands that start programs."""
    if path in {("db", "psql"), ("password",), ("power-bi",), ("init",)}:
        pytest.skip("its arguments are another program's, or have their own test")
    for word in HOSTILE:
        ended = customer360(*path, *["--dry-run"] * (path == ("load",)), "--", word.replace("\0", ""))
        require_an_outcome_or_a_line(ended)
        tried(ended.code)
