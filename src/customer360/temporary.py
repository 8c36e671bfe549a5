"""Temporary folders that end with their process: the next process removes what a killed one leaves."""

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

_SECONDS: Final = 5
_TRIES: Final = 50


@contextmanager
def folder(purpose: str) -> Iterator[Path]:
    """
    A folder of this process, inside one that all processes of this user share; removed at the end.

    A lock, which the system releases when the process ends, shows whether the folder is in use. Raises:
    Customer360Error when there is no space left.
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
            f"no space is left in {root}; free some, or set TMPDIR to a folder that has more; nothing was changed"
        ) from None
    finally:
        if os.getpid() == owner:  # a fork of this process ends first and must not remove the folder
            is_removed = _remove(path)
            alive.release()
            if is_removed:  # otherwise, the next process finds the folder by its lock, and removes it
                path.with_suffix(".lock").unlink(missing_ok=True)


def _remove(path: Path) -> bool:
    """Whether *path* is removed. Retries for seconds: a program that is being stopped may still write to it."""
    for _ in range(_TRIES):
        shutil.rmtree(path, ignore_errors=True)
        if not path.exists():
            return True
        time.sleep(_SECONDS / _TRIES)
    return False


def private_root() -> Path:
    """A folder that another user created is refused: that user could read and replace its contents."""
    own = f"-{os.getuid()}" if hasattr(os, "getuid") else ""
    root = Path(tempfile.gettempdir()) / f"customer360{own}"
    root.mkdir(mode=0o700, exist_ok=True)
    if root.is_symlink() or (own and root.stat().st_uid != os.getuid()):
        raise Unavailable(f"{root} belongs to someone else; set TMPDIR to another folder")
    return root


def _remove_dead(root: Path) -> None:
    import fasteners

    for lock in root.glob("*-*.lock"):
        # A process can acquire its own locks again, so folders with its number are skipped.
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
    """A Java process outlives a Python killed while starting it, and would not end without the folder."""
    import psutil

    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if any(str(folder) in value for value in process.environ().values()):
                return True
    return False
