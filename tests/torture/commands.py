"""Commands as a user starts them, the processes of each, and its output."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil

from tests.torture.place import AS_OF, MARK, PLANS, Place
from tests.torture.states import Operation

CUSTOMER360: Final = Path(sys.executable).with_name("customer360")
END_SECONDS: Final = 300
HANGS: Final = -99
_STAGE: Final = re.compile(r"^[A-Z].*: .*\bs$")
"""A line on stderr that reports the end of a stage."""

_LAUNCHERS: Final = re.compile(r"JDK_JAVA_OPTIONS|/spark-class: line \d+:")
"""Lines from Java, when it is given options, and from Spark's script, when Java is killed before it runs."""


@dataclass(frozen=True)
class Outcome:
    """The exit code, and the output on stderr except completed stages."""

    code: int
    said: str

    def complaints(self, *codes: int) -> Iterator[str]:
        """What is wrong with the end of a command that should have exited with one of *codes*."""
        if self.code not in codes:
            yield f"exit code {self.code}, not {' or '.join(map(str, codes))}: {self.said[-1500:]}"
        elif self.code > 0 and not (self.said.startswith("customer360: ") and self.said.count("\n") == 0):
            yield f"not one line: {self.said[:300]} [...] {self.said[-1200:]}"


class Command:
    """A running command, in its own process group as in a terminal."""

    def __init__(
        self, place: Place, operation: Operation, *options: str, program: Path = CUSTOMER360, **settings: str
    ) -> None:
        self.mark = secrets.token_hex(8)
        self.operation = operation
        self.is_fresh = True
        self._process = subprocess.Popen(
            [program, *_arguments(place, operation), *options],
            cwd=place.root,
            env={**place.environment(self.mark), **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    @property
    def driver(self) -> int:
        return self._process.pid

    def is_over(self) -> bool:
        return self._process.poll() is not None

    def signal(self, number: signal.Signals) -> None:
        """Sends the signal to the whole group, as a terminal does."""
        os.killpg(self.driver, number)

    def outcome(self) -> Outcome:
        """Waits for the end; a hanging command is ended and reported."""
        try:
            _, said = self._process.communicate(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            kill([process.pid for process in family(self.mark)])
            return Outcome(HANGS, f"it had not ended after {END_SECONDS} s")
        return Outcome(self._process.returncode, own_words(said))


def own_words(said: str) -> str:
    """*said* without completed stages, and without the output of the scripts that start Java."""
    lines = filter(None, map(str.strip, said.splitlines()))
    return "\n".join(line for line in lines if not _STAGE.search(line) and not _LAUNCHERS.search(line))


def _arguments(place: Place, operation: Operation) -> list[str]:
    if operation.command == "run":
        return ["run", f"--as-of={AS_OF}"]
    if operation.command == "load":
        return ["load", str(place.file(operation.version)), "--yes", "--replace", f"--as-of={AS_OF}"]
    plan = PLANS[operation.version]
    story = [f"--customers={plan.customers}", f"--seed={plan.seed}", f"--as-of={plan.as_of}"]
    story.append(f"--events-per-customer={plan.events_per_customer}")
    return ["mock", "--replace", *story]


# -- the processes ----------------------------------------------------------------------------------------


def family(mark: str) -> list[psutil.Process]:
    """Every live process with *mark* in its environment, regardless of its current parent."""
    return [process for process in psutil.process_iter() if _environment(process).get(MARK) == mark]


def engine(mark: str) -> list[int]:
    """The embedded engine."""
    return [process.pid for process in family(mark) if "customer360.spark.engine" in _command(process)]


def java(mark: str) -> list[int]:
    return [process.pid for process in family(mark) if _name(process) == "java"]


def workers(mark: str) -> list[int]:
    """Spark's Python workers; not the daemon that forks them."""
    members = [process for process in family(mark) if "pyspark.daemon" in _command(process)]
    pids = {process.pid for process in members}
    return [process.pid for process in members if _parent(process) in pids]


def orphans(mark: str, seconds: float) -> list[str]:
    """The processes of a command that are still alive after *seconds*; ends them."""
    give_up = time.monotonic() + seconds
    while (left := _lasting(mark)) and time.monotonic() < give_up:
        time.sleep(0.3)
    described = [f"orphan {process.pid} {_name(process)} {_command(process)[:80]}" for process in left]
    for process in left:
        _kill(process.pid)
    return described


def _lasting(mark: str) -> list[psutil.Process]:
    """The processes of *mark*, except the embedded server, which is meant to stay."""
    return [process for process in family(mark) if _name(process) != "postgres"]


def kill(pids: list[int]) -> bool:
    """Kills each with signal 9; False when there was none."""
    hits = [_kill(pid) for pid in pids]
    return any(hits)


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def _environment(process: psutil.Process) -> Mapping[str, str]:
    try:
        return process.environ() if process.status() != psutil.STATUS_ZOMBIE else {}
    except (psutil.Error, OSError):
        return {}


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.Error:
        return ""


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _parent(process: psutil.Process) -> int:
    try:
        return process.ppid()
    except psutil.Error:
        return 0
