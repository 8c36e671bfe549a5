"""
The embedded engine: Sail in its own process, `python -m customer360.spark.engine`, started by `embedded`.

It reads one JSON line from stdin, writes one to stdout when it is ready, and ends when stdin closes, because then
the process that started it has ended.
"""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from threading import Thread
from typing import Any, Final

from customer360.spark import machine
from customer360.spark.embedded import CANNOT_LOCK, INTRUDED

_KILLED_FIRST: Final = "500"
_POOL_SHARE: Final = 0.4
_POOL_PER_CORE: Final = 100 << 20  # a step runs several sorts at the same time, each with at least 10 MB
_NO_LIMIT: Final = 2**50
_TUNED: Final = {
    "RUST_LOG": "error",
    "SAIL_SPARK__SESSION_TIMEOUT_SECS": str(
        2**31
    ),  # otherwise a notebook that is idle for 15 minutes loses its session
}
_FIRST: Final = "pyspark.worker"
_WARM: Final = ("pyarrow.compute", "cloudpickle", "pandas", "numpy")


def main() -> None:
    request = json.loads(sys.stdin.buffer.readline())
    _end_even_if_busy()
    _settle(request)
    # Imported completely before a thread of Sail imports a part: if two threads wait for each other's modules,
    # Python lets one fail, and an engine that once failed to import PySpark takes it for an old version.
    import_module(_FIRST)
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer("127.0.0.1", 0)  # it stops when it is no longer referenced
    ready = {"address": _serve(server, locked=request["locked"])}
    os.chdir(request["current"])
    os.write(sys.stdout.fileno(), json.dumps(ready).encode() + b"\n")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nobody reads stdout any more
    Thread(target=_warm_up, daemon=True).start()
    while os.read(sys.stdin.fileno(), 1):
        pass
    _remove(Path(request["folder"]))
    os._exit(0)


def _settle(request: Mapping[str, Any]) -> None:
    """Uses the same modules as the process that started this one, but ignores its Ctrl-C."""
    sys.path[:] = request["path"]
    os.environ.update(_sail_settings())
    if hasattr(signal, "pthread_sigmask"):  # blocked, not ignored: Sail installs a handler of its own
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_KILLED_FIRST)


def _sail_settings() -> dict[str, str]:
    """Users can tune Sail with its own variables, but cannot make it open more ports."""
    return {**_TUNED, **_memory_settings(), **_given(), "SAIL_MODE": "local"}


def _memory_settings() -> dict[str, str]:
    """
    Operators share a bounded pool fairly: with a greedy pool, too little is left for sorts to merge.

    Joins sort, and so can spill: Sail's hash joins fail when one side is larger than the pool.
    """
    pool = int(machine.memory() * _POOL_SHARE)
    return {
        "SAIL_RUNTIME__MEMORY_POOL__TYPE": "fair",
        "SAIL_RUNTIME__MEMORY_POOL__FAIR__MAX_SIZE": str(pool),
        "SAIL_EXECUTION__DEFAULT_PARALLELISM": str(max(1, min(machine.cores(), pool // _POOL_PER_CORE))),
        "SAIL_RUNTIME__TEMPORARY_FILES__MAX_SIZE": str(_NO_LIMIT),  # only that of the disk
        "SAIL_OPTIMIZER__PREFER_HASH_JOIN": "false",
    }


def _given() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith("SAIL_")}


def _serve(server: Any, *, locked: bool) -> str | None:
    """Starts Sail's *server*; returns its address, or None if it is reachable only through our socket."""

    def listen() -> tuple[str, int]:
        server.start(background=True)
        host, port = server.listening_address
        return host, port

    if not locked:
        return "{}:{}".format(*listen())
    from customer360.spark import locked_port
    from customer360.spark.relay import SOCKET, relay

    try:
        relay(SOCKET, locked_port.start_locked(listen, "closed"))
    except locked_port.IntruderError:
        os._exit(INTRUDED)
    except OSError:  # a sandbox that lacks a part of Linux
        os._exit(CANNOT_LOCK)
    return None


def _end_even_if_busy() -> None:
    """
    Makes Linux end this process 3 seconds after stdin has closed, even if a task holds Python's lock.

    Linux sends SIGQUIT when stdin closes; its handler is the C function `alarm`, which takes the signal's number,
    3, as seconds.
    """
    if sys.platform != "linux":
        return
    import fcntl

    libc = ctypes.CDLL(None)
    libc.signal.argtypes = (ctypes.c_int, ctypes.c_void_p)
    libc.signal(int(signal.SIGQUIT), ctypes.cast(libc.alarm, ctypes.c_void_p))
    stdin = sys.stdin.fileno()
    fcntl.fcntl(stdin, fcntl.F_SETSIG, int(signal.SIGQUIT))
    fcntl.fcntl(stdin, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(stdin, fcntl.F_SETFL, fcntl.fcntl(stdin, fcntl.F_GETFL) | os.O_ASYNC)


def _warm_up() -> None:
    """Imports what the first Python task would wait for."""
    for name in _WARM:
        with suppress(ImportError):
            import_module(name)


def _remove(folder: Path) -> None:
    """Tries several times, because running tasks may still add files."""
    for _ in range(3):
        shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        folder.with_suffix(".lock").unlink()


if __name__ == "__main__":
    main()
