"""Runs a command as a user does, in a separate process, and measures its time and memory."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.interleaved import Sample
from benchmarks.memory import Peak
from customer360.settings import DATABASE_URL, HOME

REPOSITORY = Path(__file__).parent.parent


def timed(command: list[str], home: Path) -> Sample:
    """
    Runs *command* on the embedded database in *home*; measures the seconds from start to end and peak memory.

    The memory includes the command, everything it started (the engine, Python workers) and the server.
    """
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=REPOSITORY, env=environment(home), stdout=subprocess.DEVNULL)
    with Peak(lambda: [process.pid, *_server(home)]) as peak:
        code = process.wait()
        seconds = time.perf_counter() - started
    if code:
        raise subprocess.CalledProcessError(code, command)
    return Sample(seconds, peak.bytes)


def environment(home: Path) -> Mapping[str, str]:
    """The environment of a process on the embedded database in *home*."""
    return {name: value for name, value in os.environ.items() if name != DATABASE_URL} | {HOME: str(home)}


def _server(home: Path) -> Iterator[int]:
    """The server's process, if it is running."""
    try:
        yield int((home / "data" / "postmaster.pid").read_text().splitlines()[0])
    except (OSError, IndexError, ValueError):
        return
