"""Batches that a task takes from its engine before it can use them, stored on disk."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import IO, Final

import pyarrow as pa

_MOMENT: Final = 0.1


class Backlog:
    """
    Yields *batches* in order, each once; `take` fetches some of them early.

    Sail hands rows to its tasks through small queues. When a task waits without taking rows, its queue fills up
    and blocks all other tasks, including the one that it waits for.
    """

    def __init__(self, batches: Iterable[pa.RecordBatch]) -> None:
        self._batches = iter(batches)
        self._file: IO[bytes] | None = None
        self._kept: pa.RecordBatchStreamWriter | None = None

    def take(self) -> None:
        """Takes batches for a moment; waits that long even when none are left."""
        end = time.monotonic() + _MOMENT
        while (left := end - time.monotonic()) > 0:
            batch = next(self._batches, None)
            if batch is None:
                time.sleep(left)
            else:
                self._keep(batch)

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        if self._file and self._kept:
            self._kept.close()
            self._file.seek(0)
            with closing(self._file), pa.ipc.open_stream(self._file) as kept:
                yield from kept
        yield from self._batches

    def _keep(self, batch: pa.RecordBatch) -> None:
        if self._kept is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115  `__iter__` closes it, or the task's end
            self._kept = pa.ipc.new_stream(self._file, batch.schema)
        self._kept.write_batch(batch)
