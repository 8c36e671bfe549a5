"""The options that every benchmark takes, and the choice among its candidates."""

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
"""Where Debian's and Ubuntu's libpostgresql-jdbc-java puts the driver."""


def parser(benchmark: str, description: str, *, rows: str = "1M", repeats: int = 5) -> argparse.ArgumentParser:
    """The parser of `python -m benchmarks.BENCHMARK`; *description* ends with the keys of its candidates."""
    example = f"Example:\n  uv run python -m benchmarks.{benchmark} --rows {rows} --repeats {repeats}"
    made = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{benchmark}",
        description=description,
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--rows", type=size, default=rows, help=f"customers, as 100k or 10M (default {rows})")
    made.add_argument("--repeats", type=int, default=repeats, help=f"rounds that count (default {repeats})")
    made.add_argument("--only", type=names, default=[], metavar="A,B", help="measure only these candidates")
    made.add_argument("--results", type=Path, default=RESULTS, help="folder of the JSON results")
    made.add_argument("--jdbc-jar", type=Path, default=JDBC_JAR, help=f"PostgreSQL's JDBC driver ({JDBC_JAR})")
    return made


def with_events(made: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """*made* with the option that gives customers events, as many on average as a person gets by default."""
    made.add_argument(
        "--events-per-customer", type=int, default=0, metavar="N", help="mean, as 20; default 0, for no events"
    )
    return made


def named(benchmark: str, arguments: argparse.Namespace) -> str:
    """What the result is called: one with events is another benchmark."""
    return f"{benchmark}-events" if arguments.events_per_customer else benchmark


def engines() -> list[Engine]:
    """Both, as far as they are installed; says what is left out."""
    if SPARK.is_installed:
        return [EMBEDDED, SPARK]
    say(f"LEFT OUT: Apache Spark, as there is no {SPARK.python}; run: make .venv-spark/.complete")
    return [EMBEDDED]


def jdbc_jar(arguments: argparse.Namespace) -> Path | None:
    """The driver when it is there; when not, says that the peers which need it are left out."""
    jar: Path = arguments.jdbc_jar
    if jar.exists():
        return jar.absolute()
    say(f"LEFT OUT: Spark JDBC, as there is no {jar}; install libpostgresql-jdbc-java or give --jdbc-jar")
    return None


def has_uv(peer: str = "Faker") -> bool:
    """Whether the *peer* that needs an environment of its own can run; says so when not."""
    if shutil.which("uv"):
        return True
    say(f"LEFT OUT: {peer}, as uv, which would install it, is not on the PATH")
    return False


def chosen(candidates: Sequence[Keyed], only: Sequence[str]) -> list[Keyed]:
    """Those of *candidates* that `--only` names, else all."""
    keys = list(dict.fromkeys(candidate.key for candidate in candidates))
    for name in only:
        if name not in keys:
            raise Customer360Error(f"--only {name}: there is none of that name.{nearest(name, keys)}")
    return [candidate for candidate in candidates if not only or candidate.key in only]


def in_one_line(main: Callable[[], None]) -> None:
    """Runs *main*; a person's mistake ends with one line and exit code 1, and being ended still tidies up."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except Customer360Error as error:
        say(f"benchmarks: {error}")
        sys.exit(1)


def size(text: str) -> int:
    """A number of customers, as a person writes it."""
    try:
        return parse_size(text)
    except Customer360Error as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def names(text: str) -> list[str]:
    """What is listed between commas."""
    return [name.strip() for name in text.split(",") if name.strip()]
