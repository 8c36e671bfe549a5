"""HTTP responses: JSON with an ETag, compressed once, and cached until the results change."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Hashable
from datetime import date
from decimal import Decimal
from threading import Lock
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from customer360.errors import one_line
from customer360.web.assets import Asset

_MOST_REMEMBERED: Final = 500
_WORTH_COMPRESSING: Final = 1_000
_FAST: Final = 5


class Memory:
    """A cache of the latest replies about one refresh, by question."""

    def __init__(self) -> None:
        self._replies: OrderedDict[Hashable, Reply] = OrderedDict()
        self._lock = Lock()

    def get(self, question: Hashable) -> Reply | None:
        with self._lock:
            if question in self._replies:
                self._replies.move_to_end(question)
            return self._replies.get(question)

    def keep(self, question: Hashable, reply: Reply) -> Reply:
        with self._lock:
            self._replies[question] = reply
            if len(self._replies) > _MOST_REMEMBERED:
                self._replies.popitem(last=False)
        return reply


class Reply:
    """Bytes, or anything else as JSON, with an ETag, ready to be sent plain or compressed."""

    def __init__(self, content: Any) -> None:
        self.type = "application/octet-stream" if isinstance(content, bytes) else "application/json"
        self.body = content if isinstance(content, bytes) else encoded(content)
        self.tag = f'"{hashlib.blake2b(self.body, digest_size=12).hexdigest()}"'
        self.compressed = gzip.compress(self.body, _FAST, mtime=0) if len(self.body) > _WORTH_COMPRESSING else b""

    def response(self, request: Request, milliseconds: float) -> Response:
        headers = {
            "ETag": self.tag,
            "Cache-Control": "private, no-cache",
            "Vary": "Accept-Encoding",
            "Server-Timing": f"app;dur={milliseconds:.2f}",
        }
        if self.tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if self.compressed and accepts_gzip(request):
            return Response(self.compressed, headers={**headers, "Content-Encoding": "gzip"}, media_type=self.type)
        return Response(self.body, headers=headers, media_type=self.type)


def remembered(memory: Memory, question: Hashable, content: Callable[[], Any]) -> Reply:
    """The reply to *question*, from the cache or built from *content*."""
    return memory.get(question) or memory.keep(question, Reply(content()))


def file(asset: Asset, request: Request, cache_control: str) -> Response:
    headers = {"Cache-Control": cache_control, "Vary": "Accept-Encoding"}
    if accepts_gzip(request):
        headers["Content-Encoding"] = "gzip"
    content = asset.compressed if accepts_gzip(request) else asset.content
    return Response(content, headers=headers, media_type=asset.type)


def refused(status: int, code: str, message: str, **headers: str) -> JSONResponse:
    """An error as JSON, for the page and for scripts; *message* may quote any text of the request."""
    error = {"error": {"code": code, "message": one_line(message)}}
    return JSONResponse(error, status, {"cache-control": "no-store", **headers})


def accepts_gzip(request: Request) -> bool:
    return "gzip" in request.headers.get("accept-encoding", "")


def encoded(content: Any) -> bytes:
    """*content* as JSON."""
    return json.dumps(content, default=_plain, separators=(",", ":"), ensure_ascii=False).encode()


def _plain(value: object) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
