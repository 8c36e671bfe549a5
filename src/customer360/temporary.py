"""Temporary folders that end with their process: what a killed one leaves, the next removes."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from customer360.errors import Unavailable

_TRIES: Final = 20


@contextmanager
def folder(purpose: str) -> Iterator[Path]:
    """
    A folder of this process, in one that all processes of this user share; removed at the end.

    A lock that the system frees with the process tells the living from the dead. Raises: Customer360Error when
    there is no room left for what is written to it.
    """
    import fasteners

    root, owner = private_root(), os.getpid()
    with fasteners.InterProcessLock(root / ".lock"):
        _remove_dead(root)
        path = Path(tempfile.mkdtemp(prefix=f"{purpose}-{os.getpid()}-", dir=root))
        alive = fasteners.InterProcessLock(path.with_suffix(".lock"))
        alive.acquire()
    try:
        yield path
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise Unavailable(
            f"no room is left in {root}; make some, or set TMPDIR to a folder that has more; nothing was changed"
        ) from None
    finally:
        if os.getpid() == owner:  # a fork of this process ends before it, and must leave the folder to it
            _remove(path)
            alive.release()
            path.with_suffix(".lock").unlink(missing_ok=True)


def _remove(path: Path) -> None:
    """Again for a second where needed: a program that is being stopped may still be at its last file."""
    for _ in range(_TRIES):
        shutil.rmtree(path, ignore_errors=True)
        if not path.exists():
            return
        time.sleep(1 / _TRIES)


def private_root() -> Path:
    """Nobody else may have made it, or they could read and exchange what is in it."""
    own = f"-{os.getuid()}" if hasattr(os, "getuid") else ""
    root = Path(tempfile.gettempdir()) / f"customer360{own}"
    root.mkdir(mode=0o700, exist_ok=True)
    if root.is_symlink() or (own and root.stat().st_uid != os.getuid()):
        raise Unavailable(f"{root} belongs to someone else; set TMPDIR to another folder")
    return root


def _remove_dead(root: Path) -> None:
    import fasteners

    for lock in root.glob("*-*.lock"):
        # A process gets its own locks again: what carries its number is its own.
        if f"-{os.getpid()}-" not in lock.name:
            alive = fasteners.InterProcessLock(lock)
            if not alive.acquire(blocking=False):
                alive.lockfile.close()  # fasteners leaves it open
                continue
            if not _is_in_use(lock.with_suffix("")):
                shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                lock.unlink(missing_ok=True)
            alive.release()


def _is_in_use(folder: Path) -> bool:
    """A Java process outlives the Python that was killed while it started; without the folder it would not end."""
    import psutil

    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if any(str(folder) in value for value in process.environ().values()):
                return True
    return False
