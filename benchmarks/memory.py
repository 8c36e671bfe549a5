"""The peak memory of processes and everything that they started."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator

import psutil

_EVERY_SECONDS = 0.25
_OWN_SHARE = 1 / 20
"""The largest share of time spent measuring, which walks all pages of every process, gigabytes for Java."""


class Peak:
    """
    Watches the process trees of `roots()` inside a `with`; `bytes` is the highest sum, measured every 0.25 s, or
    less often if that takes long.

    Measures PSS: a page shared by n processes counts 1/n in each, so that PostgreSQL's shared buffers and the
    Python workers' common pages count once in the sum. The page cache is not counted. On systems without PSS it
    measures USS, which excludes shared pages.
    """

    def __init__(self, roots: Callable[[], Iterable[int]]) -> None:
        self.bytes = 0
        self._roots = roots
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        pause = _EVERY_SECONDS
        while not self._over.wait(pause):
            began = time.perf_counter()
            processes = {process for root in self._roots() for process in _tree(root)}
            self.bytes = max(self.bytes, sum(map(_held, processes)))
            pause = max(_EVERY_SECONDS, (time.perf_counter() - began) / _OWN_SHARE)


def _tree(root: int) -> Iterator[psutil.Process]:
    try:
        process = psutil.Process(root)
        yield from (process, *process.children(recursive=True))
    except psutil.Error:  # not started yet, or already gone
        return


def _held(process: psutil.Process) -> int:
    try:
        memory = process.memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(memory, "pss", memory.uss))
