"""The embedded engine ends with its process, regardless of the cause, and leaves nothing behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import psutil
import pytest

from customer360.errors import Customer360Error
from customer360.spark import embedded
from customer360.spark.embedded import Engine

pytest.importorskip("pysail")
pytestmark = pytest.mark.slow  # a second each, for the process that owns the engine

_BEGIN = """
import os, re, sys, time
from pathlib import Path
from customer360 import spark
from customer360.spark import embedded
session, engine = spark.session(), embedded.start()
begun = Path(sys.argv[1])

def task(batches):
    begun.write_text("begun")
    {task}
    yield from batches

print(engine.pid, flush=True)
"""
_QUERY = "session.range(3).mapInArrow(task, 'id long').collect()"
_SLEEPS = "time.sleep(600)"
_HOLDS_THE_LOCK = "re.match('(a*)*b', 'a' * 40)"
_SOON = 8.0


def started(script: str, tmp_path: Path, task: str = _SLEEPS) -> subprocess.Popen[str]:
    """A process with temporary files in *tmp_path*, in its own group, as a terminal starts it."""
    (tmp_path / "tmp").mkdir()
    return subprocess.Popen(
        [sys.executable, "-c", _BEGIN.format(task=task) + script, str(tmp_path / "begun")],
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp")}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_for(condition: Callable[[], bool], seconds: float = 30) -> bool:
    """Whether *condition* became true in time."""
    until = time.monotonic() + seconds
    while not condition() and time.monotonic() < until:
        time.sleep(0.02)
    return condition()


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def left_in(folder: Path) -> list[str]:
    """The leftovers that others can find there."""
    return sorted(path.name for path in folder.glob("*/*") if path.name != ".lock")


def engines_of(folder: Path) -> list[int]:
    """The engine processes with temporary files in *folder*."""
    return [
        process.pid for process in psutil.process_iter() if str(folder) in environment(process).get("TMPDIR", "")
    ]


def environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.Error:
        return {}


def printed(process: subprocess.Popen[str]) -> int:
    """The number that the process prints first."""
    assert process.stdout
    return int(process.stdout.readline())


def press_ctrl_c(process: subprocess.Popen[str]) -> None:
    """
    Waits for the end too; presses again, as a person would, only if the process went on to start its engine.

    Python drops an interrupt that arrives in a callback of its import system. Our commands raise it again, but this
    is a plain Python.
    """
    assert process.stdout
    has_started, _, _ = select.select([process.stdout], [], [], 0)
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.communicate(timeout=30)
    except subprocess.TimeoutExpired as waited:
        if has_started or not waited.output:
            raise
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=30)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda how: how.name)
def test_an_engine_at_work_ends_with_its_process_and_removes_its_files(
    how: signal.Signals, tmp_path: Path
) -> None:
    """Ctrl-C reaches the whole process group of a terminal, and the engine lets its owner decide."""
    process = started(_QUERY, tmp_path)
    pid = printed(process)
    assert wait_for((tmp_path / "begun").exists)

    os.killpg(process.pid, how)
    process.communicate(timeout=30)

    assert wait_for(lambda: is_gone(pid), _SOON)
    assert wait_for(lambda: not left_in(tmp_path / "tmp"), _SOON)


def test_an_engine_ends_even_if_a_task_never_releases_python(tmp_path: Path) -> None:
    """A C function that holds Python's lock keeps all other threads of the engine from reacting."""
    process = started(_QUERY, tmp_path, _HOLDS_THE_LOCK)
    pid = printed(process)
    assert wait_for((tmp_path / "begun").exists)

    process.kill()
    process.communicate()

    assert wait_for(lambda: is_gone(pid), _SOON)


@pytest.mark.parametrize("end", ["", "sys.exit(3)", "raise ValueError", "embedded.stop()"])
def test_an_engine_ends_with_a_process_that_ends_by_itself(end: str, tmp_path: Path) -> None:
    """Even while one of its threads waits for an answer."""
    process = started(
        f"import threading\nthreading.Thread(target=lambda: {_QUERY}, daemon=True).start()\n{end}", tmp_path
    )
    out, _ = process.communicate(timeout=60)

    assert wait_for(lambda: is_gone(int(out)), _SOON)
    assert left_in(tmp_path / "tmp") == []


def test_a_fork_that_ends_leaves_the_engine_and_its_files_to_its_owner(tmp_path: Path) -> None:
    fork = "pid = os.fork()\nif pid == 0: sys.exit()\nos.waitpid(pid, 0)\n"
    process = started(f"{fork}print(session.range(3).count())", tmp_path)
    out, error = process.communicate(timeout=60)

    assert out.split()[1:] == ["3"], error
    assert left_in(tmp_path / "tmp") == []


@pytest.mark.parametrize("seconds", [0.05, 0.3, 0.6, 0.9])
def test_ctrl_c_while_an_engine_starts_leaves_nothing(seconds: float, tmp_path: Path) -> None:
    process = started("time.sleep(60)", tmp_path)
    assert wait_for(lambda: any((tmp_path / "tmp").iterdir()))
    time.sleep(seconds)

    press_ctrl_c(process)

    assert wait_for(lambda: not engines_of(tmp_path), _SOON)
    assert left_in(tmp_path / "tmp") == []


def test_one_engine_serves_all_threads_and_outlives_the_one_that_started_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Linux can end a child with its parent, but only with the parent's thread."""
    monkeypatch.setattr(embedded, "_running", None)
    engines: list[Engine] = []
    threads = [Thread(target=lambda: engines.append(embedded.start())) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({engine.pid for engine in engines}) == 1
    assert not engines[0].has_ended(0.2)
    embedded.stop()
    assert is_gone(engines[0].pid)


_KILLED = """
engine.kill()
begun = time.monotonic()
try:
    with spark.plain_errors():
        session.range(3).count()
except Exception as error:
    print(time.monotonic() - begun < 5, error)
print(spark.session().range(3).count())
"""


def test_a_killed_engine_is_reported_immediately_and_restarted(tmp_path: Path) -> None:
    """PySpark would retry for ten minutes."""
    out, error = started(_KILLED, tmp_path).communicate(timeout=60)

    _, told, answer = out.splitlines()
    assert told.startswith("True the embedded engine ended unexpectedly, killed or out of memory"), error
    assert answer == "3"
    assert left_in(tmp_path / "tmp") == []


@pytest.mark.parametrize(
    ("program", "line"),
    [
        (f"import os; os._exit({embedded.INTRUDED})", "another program on this machine connects to every port"),
        ("import time; time.sleep(60)", "it did not answer for 0.3 seconds"),
        ("raise SystemExit('the library is broken')", "engine did not start: the library is broken"),
    ],
)
def test_a_failed_start_of_an_engine_is_one_line(
    program: str, line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(embedded, "_PROGRAM", ["-c", program])
    monkeypatch.setattr(embedded, "_START_SECONDS", 0.3 if "sleep" in program else 60)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with pytest.raises(Customer360Error, match=line):
        embedded.launch()

    assert left_in(tmp_path) == []


def test_an_engine_that_cannot_start_says_why_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAIL_RUNTIME__MEMORY_POOL__TYPE", "bottomless")

    with pytest.raises(Customer360Error, match="engine did not start: .*bottomless") as raised:
        embedded.launch()

    assert "\n" not in str(raised.value)
