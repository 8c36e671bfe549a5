"""Shows progress: a bar on a terminal, lines or log records elsewhere, or nothing."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Final, Protocol

_LOG: Final = logging.getLogger(__name__)
_POLL_SECONDS: Final = 0.25


class Progress(Protocol):
    """
    Shows a step while its body runs: `with progress("Copying", total=1000, done=rows_so_far): ...`.

    *done* is called repeatedly, from another thread. Without *total*, only the time is shown.
    """

    def __call__(
        self, label: str, *, total: int | None = None, done: Callable[[], int] | None = None
    ) -> AbstractContextManager[None]: ...


@contextmanager
def silent(label: str, *, total: int | None = None, done: Callable[[], int] | None = None) -> Iterator[None]:
    """Shows nothing: for notebooks, tests and `--json`."""
    del label, total, done
    yield


@contextmanager
def lines(label: str, *, total: int | None = None, done: Callable[[], int] | None = None) -> Iterator[None]:
    """Writes one line to stderr at the end of a step: for logs and pipes."""
    del done
    started = time.monotonic()
    yield
    seconds = time.monotonic() - started
    rows = f"{total:,} rows, {total / max(seconds, 1e-9):,.0f} rows/s, " if total else ""
    sys.stderr.write(f"{label}: {rows}{seconds:.1f} s\n")


@contextmanager
def events(label: str, *, total: int | None = None, done: Callable[[], int] | None = None) -> Iterator[None]:
    """Writes two log records, at the start and at the end of a step: for programs."""
    started = time.monotonic()

    def log(level: int, event: str, **more: object) -> None:
        _LOG.log(level, event, extra={"fields": {"step": label, **more}})

    log(logging.INFO, "step started")
    try:
        yield
    except BaseException:
        log(logging.ERROR, "step failed", seconds=round(time.monotonic() - started, 3))
        raise
    seconds = round(time.monotonic() - started, 3)
    rows = done() if total is None and done else total
    log(logging.INFO, "step ended", seconds=seconds, **({} if rows is None else {"rows": rows}))


@contextmanager
def bar(label: str, *, total: int | None = None, done: Callable[[], int] | None = None) -> Iterator[None]:
    """Draws a bar with rows, rows per second and time on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    counted = [BarColumn(bar_width=30), TextColumn("{task.completed:,.0f} rows, {task.fields[speed]:,.0f} rows/s")]
    columns = [SpinnerColumn(finished_text="✓"), TextColumn("{task.description}"), *(counted if total else [])]
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task(label, total=total, speed=0.0)
        started = time.monotonic()

        def update(rows: int) -> None:
            progress.update(task, completed=rows, speed=rows / max(time.monotonic() - started, 1e-9))

        with _polling(done, update):
            yield
        progress.update(task, total=total or 1)
        update(total or 1)


@contextmanager
def _polling(done: Callable[[], int] | None, update: Callable[[int], None]) -> Iterator[None]:
    """Calls `update(done())` repeatedly from a separate thread."""
    if done is None:
        yield
        return
    over = threading.Event()

    def poll() -> None:
        # If this fails, the step fails too and says why.
        with suppress(Exception):
            while not over.wait(_POLL_SECONDS):
                update(done())

    thread = threading.Thread(target=poll, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def for_person() -> Progress:
    """Bars on a terminal, else lines."""
    return bar if sys.stderr.isatty() else lines


def chosen(progress: bool | Progress) -> Progress:
    """How to show *progress*: not at all for False, and for a person for True."""
    if isinstance(progress, bool):
        return for_person() if progress else silent
    return progress
