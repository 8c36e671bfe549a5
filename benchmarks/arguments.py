"""The options that every benchmark takes, and the selection of candidates."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from benchmarks.engines import EMBEDDED, SPARK, Engine
from benchmarks.interleaved import RESULTS, say
from customer360.errors import Customer360Error, nearest
from customer360.mock_data.plan import parse_size


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...


Keyed = TypeVar("Keyed", bound=_Keyed)

JDBC_JAR = Path("/usr/share/java/postgresql.jar")
"""Where the package libpostgresql-jdbc-java of Debian and Ubuntu installs the driver."""


def parser(benchmark: str, description: str, *, rows: str = "1M", repeats: int = 5) -> argparse.ArgumentParser:
    """The parser of `python -m benchmarks.BENCHMARK`; *description* ends with the keys of its candidates."""
    example = f"Example:\n  uv run python -m benchmarks.{benchmark} --rows {rows} --repeats {repeats}"
    made = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{benchmark}",
        description=description,
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--rows", type=size, default=rows, help=f"customers, such as 100k or 10M (default {rows})")
    made.add_argument("--repeats", type=int, default=repeats, help=f"measured rounds (default {repeats})")
    made.add_argument("--only", type=names, default=[], metavar="A,B", help="measure only these candidates")
    made.add_argument("--results", type=Path, default=RESULTS, help="folder of the JSON results")
    made.add_argument("--jdbc-jar", type=Path, default=JDBC_JAR, help=f"PostgreSQL's JDBC driver ({JDBC_JAR})")
    return made


def with_events(made: argparse.ArgumentParser, *, default: int = 0) -> argparse.ArgumentParser:
    """*made* with the option that gives customers events."""
    words = f"mean; 0 for none (default {default})"
    made.add_argument("--events-per-customer", type=int, default=default, metavar="N", help=words)
    return made


def named(benchmark: str, arguments: argparse.Namespace) -> str:
    """The name of the result: with events it is another benchmark."""
    return f"{benchmark}-events" if arguments.events_per_customer else benchmark


def engines() -> list[Engine]:
    """Both engines, if installed; reports a missing one."""
    if SPARK.is_installed:
        return [EMBEDDED, SPARK]
    say(f"OMITTED: Apache Spark, because {SPARK.python} does not exist; run: make .venv-spark/.complete")
    return [EMBEDDED]


def jdbc_jar(arguments: argparse.Namespace) -> Path | None:
    """The driver if it exists; otherwise reports that the peers that need it are omitted."""
    jar: Path = arguments.jdbc_jar
    if jar.exists():
        return jar.absolute()
    say(f"OMITTED: Spark JDBC, because {jar} does not exist; install libpostgresql-jdbc-java or set --jdbc-jar")
    return None


def has_uv(peer: str = "Faker") -> bool:
    """Whether the *peer*, which needs a separate environment, can run; reports when it cannot."""
    if shutil.which("uv"):
        return True
    say(f"OMITTED: {peer}, because uv, which installs it, is not on the PATH")
    return False


def chosen(candidates: Sequence[Keyed], only: Sequence[str]) -> list[Keyed]:
    """The *candidates* that `--only` names, else all."""
    keys = list(dict.fromkeys(candidate.key for candidate in candidates))
    for name in only:
        if name not in keys:
            raise Customer360Error(f"--only {name}: unknown candidate.{nearest(name, keys)}")
    return [candidate for candidate in candidates if not only or candidate.key in only]


def in_one_line(main: Callable[[], None]) -> None:
    """Runs *main*; a user's mistake ends with one line and exit code 1, and a termination still cleans up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except Customer360Error as error:
        say(f"benchmarks: {error}")
        sys.exit(1)


def size(text: str) -> int:
    """A number of customers as written by the user."""
    try:
        return parse_size(text)
    except Customer360Error as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def names(text: str) -> list[str]:
    """The items of a comma-separated list."""
    return [name.strip() for name in text.split(",") if name.strip()]
