"""The engine without Java, for one machine: Sail, in a process that ends with this one."""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, Timer
from typing import TYPE_CHECKING, Any, Final

from customer360 import temporary
from customer360.errors import Unavailable, one_line
from customer360.spark import accounts, machine
from customer360.spark.client import import_client
from customer360.spark.relay import SOCKET

if TYPE_CHECKING:
    from pyspark.sql.connect.client import ChannelBuilder
    from pyspark.sql.connect.session import SparkSession

_START_SECONDS: Final = 60
_NOT_FOR_TASKS: Final = ("CUSTOMER360_DASHBOARD_TOKEN", "SPARK_REMOTE", "SPARK_CONNECT_AUTHENTICATE_TOKEN")
_TRIES: Final = 5
INTRUDED: Final = 75
CANNOT_LOCK: Final = 76
"""Exit codes of an engine that did not start: others connected to its port, or the port cannot be locked."""
LOCKS: Final = sys.platform == "linux"
"""Whether this system can lock the port; a sandbox that lacks a part of Linux may still fail to."""
_PROGRAM: Final = ["-m", "customer360.spark.engine"]


class _IntrudedError(Exception):
    """Another program connected to the engine before its port was locked."""


class _CannotLockError(Exception):
    """This system cannot lock the port."""


@dataclass(frozen=True)
class Engine:
    """A running engine, owned by the process that started it; threads can share it."""

    target: str
    """Its address for gRPC."""
    is_locked: bool
    """Whether no other account or process can connect."""
    process: subprocess.Popen[bytes] = field(repr=False)
    owner: int = field(repr=False)
    _until_end: ExitStack = field(repr=False)

    @property
    def pid(self) -> int:
        return self.process.pid

    def channel_builder(self) -> ChannelBuilder:
        """For `SparkSession.builder.channelBuilder`: one connection, kept open regardless of idle time."""
        from customer360.spark.channel import EngineChannel

        return EngineChannel(self.target)

    def exposure(self) -> str | None:
        """A warning if other accounts of this machine could use it."""
        return None if self.is_locked or not accounts.others() else EXPOSED

    def follow(self, session: SparkSession) -> None:
        """Makes the calls of *session* fail once this engine has ended, and Ctrl-C end them in any case."""
        from customer360.spark.channel import interrupt_or, while_it_runs

        client: Any = session.client
        client.set_retry_policies([while_it_runs(self)])
        client.interrupt_operation = interrupt_or(self.kill, session)
        session.release_session_on_close = False  # it ends with the engine

    def has_ended(self, wait_seconds: float = 0) -> bool:
        """Whether its process has ended, waiting up to *wait_seconds* for one that was just killed."""
        if wait_seconds:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(wait_seconds)
        return self.process.poll() is not None

    def kill(self) -> None:
        """Ends its process, even if busy, and waits for the end; `stop` removes its files."""
        if self.owner == os.getpid():
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """Ends its process and removes its files; does nothing in a fork of the owner."""
        if self.owner == os.getpid():
            self._until_end.close()


EXPOSED: Final = (
    "this system cannot lock the port of the embedded engine: while it runs, other accounts of this machine can "
    "run code as you; to avoid that, use --master 'local[*]' (pip install 'customer360[spark]')"
)

_lock: Final = Lock()
_running: Engine | None = None


def start() -> Engine:
    """
    The engine of this process; started if none runs.

    A fork of this process gets its own engine. Raises: Customer360Error when it does not start.
    """
    global _running
    with _lock:
        if _running is None or _running.owner != os.getpid() or _running.has_ended():
            if _running is not None:
                _running.stop()
            _running = launch()
        return _running


@atexit.register
def stop() -> None:
    """Ends the engine of this process, if any."""
    global _running
    running, _running = _running, None
    if running is not None:
        running.stop()


def launch() -> Engine:
    """A new engine. Raises: Customer360Error when it does not start."""
    try:
        return _launched(LOCKS)
    except _CannotLockError:
        return _launched(locked=False)


def _launched(locked: bool) -> Engine:
    for _ in range(_TRIES):
        with suppress(_IntrudedError):
            return _attempt(locked)
    raise Unavailable(
        "the embedded engine did not start: another program on this machine connects to every port that opens; "
        "end that program, or use --master 'local[*]' (pip install 'customer360[spark]')"
    )


def _attempt(locked: bool) -> Engine:
    with ExitStack() as stack:
        folder = stack.enter_context(temporary.folder("engine"))
        process = _spawned(folder)
        stack.callback(_end, process)
        target = _ready(process, folder, locked) or _socket(folder, stack)
        return Engine(target, locked, process, os.getpid(), stack.pop_all())


def _socket(folder: Path, stack: ExitStack) -> str:
    """Through a handle of its folder, since a path may be longer than the address of a socket can be."""
    handle = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    stack.callback(os.close, handle)
    return f"unix:/proc/self/fd/{handle}/{SOCKET}"


def _spawned(folder: Path) -> subprocess.Popen[bytes]:
    """In a session of its own: Ctrl-C in a terminal reaches only this process, which decides what to do."""
    new_group = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    with open(folder / "log", "wb") as log:  # noqa: PTH123
        # With `-m`, Python puts the current folder first on its path: an empty one, closed to others.
        return subprocess.Popen(  # noqa: S603
            [sys.executable, *_PROGRAM],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=folder, env=_environment(folder),
            start_new_session=True, creationflags=new_group, bufsize=0,
        )  # fmt: skip


def _environment(folder: Path) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _NOT_FOR_TASKS}
    return {**kept, "TMPDIR": str(folder), "PYTHONPATH": os.pathsep.join(_path())}


def _path() -> list[str]:
    """The paths where this process finds modules; an empty entry is the current folder."""
    return [os.path.join(_current(), entry) for entry in sys.path]  # noqa: PTH118  keeps absolute paths


def _current() -> str:
    try:
        return str(Path.cwd())
    except FileNotFoundError:  # removed meanwhile
        return os.sep


def _ready(process: subprocess.Popen[bytes], folder: Path, locked: bool) -> str | None:
    """Waits for it; returns its address, None for its socket. Raises: Customer360Error when it ends first."""
    assert process.stdin is not None  # noqa: S101  both are pipes
    assert process.stdout is not None  # noqa: S101
    request = {"folder": str(folder), "path": _path(), "current": _current(), "locked": locked}
    begun = time.monotonic()
    patience = Timer(_START_SECONDS, process.kill)
    patience.daemon = True
    patience.start()
    try:
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps(request).encode() + b"\n")
        import_client()  # meanwhile, on another core
        line = process.stdout.readline()
    finally:
        patience.cancel()
    if not line:
        raise _failure(process.wait(), folder, begun)
    address: str | None = json.loads(line)["address"]
    return address


def _failure(code: int, folder: Path, begun: float) -> Exception:
    if code == INTRUDED:
        return _IntrudedError()
    if code == CANNOT_LOCK:
        return _CannotLockError()
    return Unavailable(f"the embedded engine did not start: {_last_words(folder / 'log', begun)}")


def _last_words(log: Path, begun: float) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    if lines:
        return one_line(lines[-1])
    if time.monotonic() < begun + _START_SECONDS:
        return "it was killed, or ran out of memory; run the same command again"
    return f"it did not answer for {_START_SECONDS} seconds"


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def killed() -> Unavailable:
    return Unavailable(
        "the embedded engine ended unexpectedly, killed or out of memory "
        f"({machine.memory() / 1e9:.1f} GB of memory in total); published data is intact. Run it again; if "
        "memory is short, raise the container's limit or close other programs"
    )
