"""Runs commands in this process, stopping before anything that would start Spark, a server or a browser."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from customer360 import settings
from customer360.commands import cli

SECRET = "pl4nted-s3cret"
NOBODY_LISTENS = f"postgresql://ada:{SECRET}@127.0.0.1:1/missing"


@dataclass(frozen=True)
class Ended:
    code: int
    stdout: str
    stderr: str


def customer360(*arguments: str, typed: str = "") -> Ended:
    """Runs one command, as a user types it."""
    code = 0
    with _as_it_was(), CliRunner().isolation(input=typed.encode("utf-8", "surrogatepass")) as (stdout, stderr, _):
        sys.argv = ["customer360", *arguments]
        try:
            cli.main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
    return Ended(code, stdout.getvalue().decode("utf-8", "replace"), stderr.getvalue().decode("utf-8", "replace"))


@contextmanager
def _as_it_was() -> Iterator[None]:
    """Restores what a command sets for its process, because this process continues."""
    arguments, ended = sys.argv, signal.getsignal(signal.SIGTERM)
    root, ours = logging.getLogger(), logging.getLogger("customer360")
    logged = root.handlers[:], root.level, ours.level
    try:
        yield
    finally:
        sys.argv = arguments
        signal.signal(signal.SIGTERM, ended)
        root.handlers[:], root.level, ours.level = logged
        logging.captureWarnings(capture=False)


@contextmanager
def nothing_to_reach(folder: Path) -> Iterator[pytest.MonkeyPatch]:
    """In *folder*: no server answers, Spark has no program to start, and no home can be created."""
    (folder / "file").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv(settings.DATABASE_URL, NOBODY_LISTENS)
        patch.setenv(settings.HOME, str(folder / "file" / "home"))
        patch.setenv("SPARK_HOME", str(folder / "no-spark"))
        yield patch


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below *folder*."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
