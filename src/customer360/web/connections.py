"""
Connections: a client that never completes a request, or opens too many connections, cannot block others.

A connection is quiet while no request on it is being answered: nothing was sent yet, a request is incomplete, or
the last response is finished. When there are too many connections, the one that has been quiet longest is closed,
so that readers are served no matter how many idle connections others keep open.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Collection
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_SECONDS: Final = 10
"""The time limit for a request to arrive completely."""

MOST: Final = 2_000
BACKLOG: Final = 250
"""The connections that can be accepted before any of them can be closed."""

_OTHER_FILES: Final = 100
_QUIET_SECONDS: Final = 60
_OF_ONE_ADDRESS: Final = 0.5
_UNFINISHED: Final = (h11.IDLE, h11.SEND_BODY)
_LOG: Final = logging.getLogger(__name__)


def most_connections() -> int:
    """
    The maximum number of connections: `MOST`, or fewer if this process may not open that many files.

    Raises the limit of open files as far as needed and allowed.
    """
    if sys.platform == "win32":
        return MOST
    import resource

    needed = MOST + BACKLOG + _OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if _is_less(soft, needed):
        soft = hard if _is_less(hard, needed) else needed
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        except (OSError, ValueError):  # macOS has a lower limit that it does not report
            soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(2, soft - BACKLOG - _OTHER_FILES) if _is_less(soft, needed) else MOST


def _is_less(limit: int, number: int) -> bool:
    """Whether *limit* is below *number*; -1 means unlimited."""
    return 0 <= limit < number


class Connection(H11Protocol):
    """A connection that is closed if it does not complete a request in time, or to make room while it is quiet."""

    _quiet_since: float | None = None
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._quiet_since = time.monotonic()
        self._start_deadline()
        self._make_room()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_deadline()

    @property
    def address(self) -> str | None:
        return self.client[0] if self.client else None

    def _look(self) -> None:
        """Updates whether a request is awaited, and whether a part of it has arrived."""
        quiet = self.conn.their_state in _UNFINISHED
        if not quiet:
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = time.monotonic()
        if quiet and (self.conn.their_state is h11.SEND_BODY or self.conn.trailing_data[0]):
            self._start_deadline()
        else:
            self._stop_deadline()

    def _start_deadline(self) -> None:
        """Counted from the first byte: more bytes do not extend it."""
        if self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_SECONDS, self._close)

    def _stop_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _make_room(self) -> None:
        assert self.limit_concurrency is not None  # noqa: S101 - set where the server is configured
        most = self.limit_concurrency - 1  # at the limit itself every request would be refused
        same = [one for one in self.connections if isinstance(one, Connection) and one.address == self.address]
        if len(same) > most * _OF_ONE_ADDRESS:
            self._close_one(same)
        if len(self.connections) > most:
            self._close_one(self.connections)

    def _close_one(self, crowd: Collection[Any]) -> None:
        """Closes the connection that has been quiet longest, or this one if all others are being answered."""
        quiet = [(one._quiet_since, id(one), one) for one in crowd if one is not self and one._quiet_since]
        (min(quiet)[-1] if quiet else self)._close()
        _crowded()

    def _close(self) -> None:
        self._quiet_since = None
        self.connections.discard(self)  # no longer counted, although the loop reports its end later
        self.transport.abort()


class _Seldom:
    """Logs one line a minute, no matter how often it is called."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._said = float("-inf")
        self._since = 0

    def __call__(self) -> None:
        self._since += 1
        if time.monotonic() - self._said >= _QUIET_SECONDS:
            _LOG.warning(self._text, self._since)
            self._said, self._since = time.monotonic(), 0


_crowded = _Seldom("too many connections: closed %d that were idle or had not sent a complete request")
_out_of_files = _Seldom("cannot accept connections: too many open files (%d times); raise `ulimit -n`")


def handle_exception(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Like asyncio, but connections that cannot be accepted log one line a minute instead of a traceback each."""
    if str(context.get("message", "")).startswith("socket.accept()"):
        _out_of_files()
    else:
        loop.default_exception_handler(context)
