"""What the dashboard's benchmarks run on: a database with results, and running servers."""

from __future__ import annotations

import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.commands import REPOSITORY, environment, timed
from benchmarks.engines import EMBEDDED
from benchmarks.interleaved import say
from benchmarks.workplace import AS_OF, temporary_home
from customer360.errors import Customer360Error
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.web.store import Results, load

_START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A running server: its process and its address."""

    process: subprocess.Popen[str]
    url: str


@contextmanager
def home_with_results(rows: int, home: Path | None) -> Iterator[Path]:
    """*home*, or else a temporary folder with published results of *rows* mock customers."""
    if home:
        yield home
        return
    with temporary_home() as temporary:
        say(f"  filling a database with {rows:,} customers and running the operations")
        timed(EMBEDDED.command("mock", f"--customers={rows}", "--seed=7", f"--as-of={AS_OF}"), temporary)
        timed(EMBEDDED.command("run"), temporary)
        yield temporary


def results_in(home: Path) -> Results:
    """What the dashboard holds in memory from the database in *home*."""
    postgres = EmbeddedPostgres(home)
    postgres.start()
    results = load(postgres.reader_database())
    if results is None:
        raise Customer360Error(f"there are no results in {home}; create them with: customer360 run")
    return results


@contextmanager
def dashboard(home: Path) -> Iterator[Server]:
    """`customer360 dashboard` as a user starts it, on a free port."""
    with _started(EMBEDDED.command("dashboard", "--port=0"), home) as process:
        assert process.stdout
        line = process.stdout.readline()  # serving URL as of ...
        url = next((word for word in line.split() if word.startswith("http://")), None)
        if url is None:
            raise Customer360Error("the dashboard did not start; try it with: customer360 dashboard")
        yield Server(process, url)


@contextmanager
def peer(command: list[str], home: Path, port: int) -> Iterator[Server]:
    """A peer's server, once it answers on *port*."""
    url = f"http://127.0.0.1:{port}"
    with _started(command, home) as process:
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Customer360Error(f"the peer did not start; try it with: {' '.join(command)}")
            time.sleep(0.1)
        yield Server(process, url)


@contextmanager
def _started(command: list[str], home: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        command,
        cwd=REPOSITORY,
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        yield process
    finally:
        _end(process)


def _end(process: subprocess.Popen[str]) -> None:
    """Ends *process* and its child processes: uv starts the peers."""
    try:
        family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
    except psutil.NoSuchProcess:
        return
    for member in family:
        member.terminate()
    _, left = psutil.wait_procs(family, timeout=10)
    for member in left:
        member.kill()
    process.communicate()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except OSError:
        return False
