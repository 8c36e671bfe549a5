"""Requests to an application without a network, including requests that no client would send."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[bytes, bytes]
    body: bytes


class Asked:
    """An application that has been started; every call is one request."""

    def __init__(self, app: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._app, self._loop = app, loop

    def __call__(
        self,
        path: str,
        query: bytes = b"",
        method: str = "GET",
        headers: list[tuple[bytes, bytes]] | None = None,
        client: str = "127.0.0.1",
        body: bytes = b"",
    ) -> Answer:
        return self._loop.run_until_complete(self._request(path, query, method, headers or [], client, body))

    async def _request(
        self, path: str, query: bytes, method: str, headers: list[tuple[bytes, bytes]], client: str, body: bytes
    ) -> Answer:
        raw = path.encode("ascii")
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": method,
            "scheme": "http", "path": unquote(path), "raw_path": raw, "query_string": query, "root_path": "",
            "headers": [(b"host", b"localhost"), *headers], "client": (client, 50_000), "server": ("127.0.0.1", 8360),
        }  # fmt: skip
        messages: list[Any] = []
        begun = asyncio.Event()
        sent = iter([{"type": "http.request", "body": body, "more_body": False}] if method == "POST" else [])

        async def receive() -> dict[str, Any]:
            if message := next(sent, None):
                return message
            # A stream has no end: the client disconnects after the first bytes.
            await begun.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            messages.append(message)
            if message.get("body"):
                begun.set()

        await self._app(scope, receive, send)
        start = messages[0]
        return Answer(
            start["status"], dict(start["headers"]), b"".join(message.get("body", b"") for message in messages[1:])
        )


@contextmanager
def started(app: Any) -> Iterator[Asked]:
    """*app* between its start and shutdown."""
    loop = asyncio.new_event_loop()
    lifespan = app.router.lifespan_context(app)
    loop.run_until_complete(lifespan.__aenter__())
    try:
        yield Asked(app, loop)
    finally:
        loop.run_until_complete(lifespan.__aexit__(None, None, None))
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()
