"""What stands between the network and the app: who is answered, what may be asked, and what a browser may do."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import logging
import math
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from customer360.web import replies
from customer360.web.credentials import Credentials

Check = Callable[[Scope], Awaitable[Response | None]]
"""Looks at a request before the app does: None, or why it is refused."""

HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

_THIS_MACHINE: Final = re.compile(rb"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?", re.IGNORECASE)
_LONGEST_ADDRESS: Final = 8192
_MOST_PARAMETERS: Final = 200
_MOST_FAILURES: Final = 10
_FAILURE_SECONDS: Final = 60
_REMEMBERED: Final = 1024
_OPEN_TO_ALL: Final = "/healthz"
_LOG: Final = logging.getLogger(__name__)


def secured(app: ASGIApp, credentials: Credentials | None = None, loopback: bool = True) -> ASGIApp:
    """
    *app* behind every check.

    *loopback* says that only this machine can connect. A page of another site could then still have its own name
    point here (DNS rebinding), so without credentials only this machine's own names are answered.
    """
    checks: list[Check] = [_check_request]
    if credentials is not None:
        checks.append(_CredentialsCheck(credentials))
    elif loopback:
        checks.insert(0, _check_host)
    return _Headers(_Errors(_Checked(app, checks)))


# -- middlewares ------------------------------------------------------------------------------------------


class _Headers:
    """Puts the security headers on every response, whatever the app has set."""

    _ours: Final = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
    _not_kept: Final = {b"server", *(name for name, _ in _ours)}

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message.get("headers", []) if pair[0].lower() not in self._not_kept]
                message = {**message, "headers": [*kept, *self._ours]}
            await send(message)

        await self._app(scope, receive, sent)


class _Errors:
    """Answers for an app that raised: the reader gets a line, the log the traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def sent(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception:
            if scope["type"] != "http":
                raise
            _LOG.exception("no answer to %s", scope["path"])
            if started:
                raise  # the server breaks the connection off, so that half an answer does not look whole
            await _refused(scope, 500, "internal_error", "something went wrong here; the log says what")(
                scope, receive, send
            )


class _Checked:
    """Lets a request through to the app when no check refuses it."""

    def __init__(self, app: ASGIApp, checks: Sequence[Check]) -> None:
        self._app = app
        self._checks = checks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for check in self._checks:
                if (refused := await check(scope)) is not None:
                    return await refused(scope, receive, send)
        return await self._app(scope, receive, send)


# -- checks -----------------------------------------------------------------------------------------------


def _refused(scope: Scope, status: int, code: str, message: str, **headers: str) -> Response:
    """An error as the reader expects it: JSON under /api/, else text."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if scope["path"].startswith("/api/"):
        return replies.refused(status, code, message, **named)
    return PlainTextResponse(f"{message}\n", status, {"cache-control": "no-store", **named})


async def _check_host(scope: Scope) -> Response | None:
    if _THIS_MACHINE.fullmatch(_header(scope, b"host") or b""):
        return None
    return _refused(scope, 400, "unknown_host", "only localhost is answered here")


async def _check_request(scope: Scope) -> Response | None:
    query = scope["query_string"]
    if scope["method"] not in {"GET", "HEAD"}:
        return _refused(scope, 405, "method_not_allowed", "this can only be read: use GET", allow="GET, HEAD")
    if len(scope.get("raw_path") or scope["path"]) + len(query) > _LONGEST_ADDRESS:
        return _refused(scope, 414, "address_too_long", f"the address exceeds {_LONGEST_ADDRESS:,} bytes")
    if query.count(b"&") >= _MOST_PARAMETERS:
        return _refused(scope, 400, "too_many_parameters", f"there are more than {_MOST_PARAMETERS} parameters")
    return None


class _CredentialsCheck:
    """
    Asks for credentials, and remembers those that were right: Argon2 runs once for each, and one at a time.

    An address that was wrong too often has to wait; those already remembered go on from there unhindered.
    When a file of the credentials is changed, everyone is asked again.
    """

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._remembered = Remembered()
        self._failures = Failures()
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self, scope: Scope) -> Response | None:
        self._renew()
        given = _header(scope, b"authorization")
        if scope["path"] == _OPEN_TO_ALL or (given is not None and given in self._remembered):
            return None
        if given is None:
            return _unauthorized(scope, "credentials_needed", "sign in with a user's password or the token")
        async with self._one_at_a_time:
            return await self._verified(scope, given)

    def _renew(self) -> None:
        renewed = self._credentials.renewed()
        if renewed is not self._credentials:
            self._credentials, self._remembered = renewed, Remembered()

    async def _verified(self, scope: Scope, given: bytes) -> Response | None:
        if given in self._remembered:  # by now: a page asks for several things at once
            return None
        address = _network(scope)
        if seconds := self._failures.seconds_left(address):
            line = f"too many wrong sign-ins; wait {seconds} seconds"
            return _refused(scope, 429, "too_many_failures", line, retry_after=str(seconds))
        credentials = self._credentials
        if await asyncio.to_thread(credentials.accept, given):
            if credentials is self._credentials:  # else they were changed meanwhile
                self._remembered.add(given)
            return None
        self._failures.add(address)
        return _unauthorized(scope, "credentials_wrong", "the name, the password or the token is wrong")


class Remembered:
    """Headers that were right, as keyed digests; the one unused for longest makes room."""

    def __init__(self, most: int = _REMEMBERED) -> None:
        self._key = secrets.token_bytes(32)
        self._digests: OrderedDict[bytes, None] = OrderedDict()
        self._most = most

    def __contains__(self, header: bytes) -> bool:
        digest = self._digest(header)
        if digest not in self._digests:
            return False
        self._digests.move_to_end(digest)
        return True

    def add(self, header: bytes) -> None:
        self._digests[self._digest(header)] = None
        if len(self._digests) > self._most:
            self._digests.popitem(last=False)

    def _digest(self, header: bytes) -> bytes:
        return hmac.digest(self._key, header, "sha256")


class Failures:
    """How often each address was wrong in the minute since it first was; the oldest addresses make room."""

    def __init__(self, most: int = _REMEMBERED, clock: Callable[[], float] = time.monotonic) -> None:
        self._since: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._most = most
        self._clock = clock

    def seconds_left(self, address: str) -> int:
        """How long *address* has to wait: 0 unless it was wrong too often."""
        first, count = self._since.get(address, (0.0, 0))
        left = first + _FAILURE_SECONDS - self._clock()
        return math.ceil(left) if count >= _MOST_FAILURES and left > 0 else 0

    def add(self, address: str) -> None:
        now = self._clock()
        first, count = self._since.get(address, (now, 0))
        self._since[address] = (first, count + 1) if now < first + _FAILURE_SECONDS else (now, 1)
        if len(self._since) > self._most:
            self._since.popitem(last=False)


def _unauthorized(scope: Scope, code: str, message: str) -> Response:
    return _refused(scope, 401, code, message, www_authenticate='Basic realm="Customer 360"')


def _header(scope: Scope, name: bytes) -> bytes | None:
    return next((value for key, value in scope["headers"] if key == name), None)


def _network(scope: Scope) -> str:
    """The client's address; of IPv6 the /64, all of which is one client's."""
    host = (scope.get("client") or ("",))[0].partition("%")[0]
    return str(ipaddress.ip_network(f"{host}/64", strict=False)) if ":" in host else host
