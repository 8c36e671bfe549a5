"""The resources that this machine, or its container, provides to all processes together."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil

_ROOT: Final = Path("/")


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> int:
    """The bytes of memory of the machine, or fewer if a container has a limit."""
    total = psutil.virtual_memory().total
    return min(total, memory_limit() or total)


def memory_limit(root: Path = _ROOT) -> int | None:
    """
    The smallest memory limit of the control groups that contain this process; None without any.

    Both versions of Linux's control groups are read below *root*. In version 1, a number near 2^63 means no limit.
    """
    limits = [number for file in _limit_files(root) if (number := _number(file)) is not None]
    return min(limits, default=None)


def _limit_files(root: Path) -> Iterator[Path]:
    """The files of this process's group and of all enclosing groups, since each has a limit."""
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
    """In a container, the path may be the outside one, which is not visible: then the top group counts."""
    inner = top / path.lstrip("/")
    yield from (folder / name for folder in (inner, *inner.parents) if folder == top or top in folder.parents)


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):  # "max", or no such file
        return None
