"""What this machine, or the container on it, gives to all processes together."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil

_ROOT: Final = Path("/")


def cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> int:
    """Bytes: those of the machine, or fewer where a container has a limit."""
    total = psutil.virtual_memory().total
    return min(total, memory_limit() or total)


def memory_limit(root: Path = _ROOT) -> int | None:
    """
    The smallest limit on memory of the control groups that hold this process; None without any.

    Both versions of Linux's control groups are read below *root*. Version 1 writes no limit as a number near 2^63.
    """
    limits = [number for file in _limit_files(root) if (number := _number(file)) is not None]
    return min(limits, default=None)


def _limit_files(root: Path) -> Iterator[Path]:
    """Of the group of this process and of every group around it, since each of them limits."""
    try:
        groups = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for group in groups:
        _, controllers, path = group.split(":", 2)
        if not controllers:
            yield from _up_from(root / "sys/fs/cgroup", path, "memory.max")
        elif "memory" in controllers.split(","):
            yield from _up_from(root / "sys/fs/cgroup/memory", path, "memory.limit_in_bytes")


def _up_from(top: Path, path: str, name: str) -> Iterator[Path]:
    """In a container the path may be that outside of it, where nothing is to be seen: then the top counts."""
    inner = top / path.lstrip("/")
    yield from (folder / name for folder in (inner, *inner.parents) if folder == top or top in folder.parents)


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # "max", or no such file
        return None
