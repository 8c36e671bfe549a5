"""How much memory there is in total: the machine's, or that of a container."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from customer360.spark import machine
from customer360.spark.classic import heap_mb

GB = 1 << 30

LIMITS: list[tuple[str, dict[str, str], int | None]] = [
    ("0::/", {"memory.max": f"{2 * GB}"}, 2 * GB),
    ("0::/", {"memory.max": "max"}, None),
    ("0::/user/app", {"user/app/memory.max": "max", "user/memory.max": f"{GB}"}, GB),
    ("0::/user/app", {"user/app/memory.max": f"{3 * GB}", "user/memory.max": f"{4 * GB}"}, 3 * GB),
    ("0::/../outside", {"memory.max": f"{GB}"}, GB),
    ("4:memory:/docker/x\n0::/", {"memory/docker/x/memory.limit_in_bytes": f"{GB}"}, GB),
    ("4:memory:/docker/x\n0::/", {"memory/memory.limit_in_bytes": f"{GB}"}, GB),
    ("7:cpu,memory:/\n0::/", {"memory/memory.limit_in_bytes": f"{GB}", "memory.max": "max"}, GB),
    ("0::/", {}, None),
]


@pytest.mark.parametrize(("groups", "files", "limit"), LIMITS)
def test_the_smallest_limit_on_the_way_up_counts(
    tmp_path: Path, groups: str, files: dict[str, str], limit: int | None
) -> None:
    """In both versions of control groups; in a container the group's own path may not be visible."""
    for name, content in {
        "proc/self/cgroup": groups,
        **{f"sys/fs/cgroup/{name}": files[name] for name in files},
    }.items():
        tmp_path.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        tmp_path.joinpath(name).write_text(f"{content}\n")

    assert machine.memory_limit(tmp_path) == limit


def test_a_system_without_control_groups_has_no_limit(tmp_path: Path) -> None:
    """Such as macOS."""
    assert machine.memory_limit(tmp_path) is None
    assert 0 < machine.memory() <= psutil.virtual_memory().total


@pytest.mark.parametrize(
    ("gigabytes", "heap"),
    [(0.6, 512), (1.2, 512), (3, 768), (4, 1024), (8, 1024), (16, 2048), (25, 3072), (500, 3072)],
)
def test_java_leaves_most_of_the_memory_to_the_others(gigabytes: float, heap: int) -> None:
    """Python workers and PostgreSQL are as large; Spark does not start with less than the first value."""
    assert heap_mb(int(gigabytes * GB)) == heap
