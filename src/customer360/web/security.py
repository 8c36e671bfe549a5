"""The checks between the network and the app: who is answered, what is accepted, what a browser may do."""

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
from dataclasses import replace
from typing import Final

from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from customer360.people.access_log import local_user
from customer360.web import replies
from customer360.web.credentials import NOBODY, Credentials, User

Check = Callable[[Scope], Awaitable[Response | None]]
"""Checks a request before the app: None to accept it, or the response that refuses it."""

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
_PEOPLE: Final = "/api/people"
_SEARCH: Final = f"{_PEOPLE}/search"
"""The only path that accepts a body, so that search texts never appear in a URL."""
_LONGEST_SEARCH: Final = 4096
_MOST_DIGITS: Final = 20
_UNSTORED: Final = (b"cache-control", b"no-store")
_LOG: Final = logging.getLogger(__name__)


def secured(
    app: ASGIApp, credentials: Credentials | None = None, loopback: bool = True, people: bool = False
) -> ASGIApp:
    """
    *app* behind all checks; the user of a request is in `request.state.user`.

    *loopback* means that only this machine can connect. A page of another site could still point its own name here
    (DNS rebinding), so without credentials only this machine's own names are answered. With *people*, single
    customers are shown to users who may see them; without credentials, to the user who runs the dashboard.
    """
    checks: list[Check] = [_check_request]
    if credentials is not None:
        checks.append(_CredentialsCheck(credentials))
    elif loopback:
        checks = [_check_host, *checks, _LocalUser()]
    return _Headers(_Errors(_Checked(app, [*checks, _PeopleCheck(is_on=people)])))


# -- middlewares ------------------------------------------------------------------------------------------


class _Headers:
    """Sets the security headers on every response, overriding the app; browsers cache no individual customers."""

    _ours: Final = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
    _not_kept: Final = {b"server", *(name for name, _ in _ours)}

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                dropped, ours = self._not_kept, self._ours
                if _is_about_people(scope):
                    dropped, ours = dropped | {_UNSTORED[0]}, [*ours, _UNSTORED]
                kept = [pair for pair in message.get("headers", []) if pair[0].lower() not in dropped]
                message = {**message, "headers": [*kept, *ours]}
            await send(message)

        await self._app(scope, receive, sent)


class _Errors:
    """Handles exceptions of the app: the reader gets one line, the log gets the traceback."""

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
                raise  # the server closes the connection, so that a partial response does not look complete
            await _refused(scope, 500, "internal_error", "internal error; see the log of the dashboard")(
                scope, receive, send
            )


class _Checked:
    """Passes a request to the app unless a check refuses it."""

    def __init__(self, app: ASGIApp, checks: Sequence[Check]) -> None:
        self._app = app
        self._checks = checks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            _sign_in(scope, NOBODY)
            for check in self._checks:
                if (refused := await check(scope)) is not None:
                    return await refused(scope, receive, send)
        return await self._app(scope, receive, send)


# -- checks -----------------------------------------------------------------------------------------------


def _refused(scope: Scope, status: int, code: str, message: str, **headers: str) -> Response:
    """An error in the expected format: JSON under /api/, text elsewhere."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if scope["path"].startswith("/api/"):
        return replies.refused(status, code, message, **named)
    return PlainTextResponse(f"{message}\n", status, {"cache-control": "no-store", **named})


async def _check_host(scope: Scope) -> Response | None:
    if _THIS_MACHINE.fullmatch(_header(scope, b"host") or b""):
        return None
    return _refused(scope, 400, "unknown_host", "unknown host; use localhost")


async def _check_request(scope: Scope) -> Response | None:
    query = scope["query_string"]
    if refused := _search_refused(scope) if scope["path"] == _SEARCH else _read_refused(scope):
        return refused
    if len(scope.get("raw_path") or scope["path"]) + len(query) > _LONGEST_ADDRESS:
        return _refused(scope, 414, "address_too_long", f"the address exceeds {_LONGEST_ADDRESS:,} bytes")
    if query.count(b"&") >= _MOST_PARAMETERS:
        return _refused(scope, 400, "too_many_parameters", f"there are more than {_MOST_PARAMETERS} parameters")
    return None


def _read_refused(scope: Scope) -> Response | None:
    if scope["method"] not in {"GET", "HEAD"}:
        return _refused(scope, 405, "method_not_allowed", "read-only; use GET", allow="GET, HEAD")
    return None


def _search_refused(scope: Scope) -> Response | None:
    """Refuses invalid searches. Requiring JSON excludes forms of other sites, which cannot send it."""
    kind = (_header(scope, b"content-type") or b"").partition(b";")[0].strip().lower()
    length = _header(scope, b"content-length")
    if scope["method"] != "POST":
        return _refused(scope, 405, "method_not_allowed", "search with POST", allow="POST")
    if kind != b"application/json":
        return _refused(scope, 415, "not_json", "a search must be application/json")
    if length is None or not length.isdigit():
        return _refused(scope, 411, "length_needed", "a search must have a Content-Length")
    if len(length) > _MOST_DIGITS or int(length) > _LONGEST_SEARCH:
        return _refused(scope, 413, "too_long", f"a search must not exceed {_LONGEST_SEARCH:,} bytes")
    return None


def _is_about_people(scope: Scope) -> bool:
    return bool(scope["type"] == "http" and scope["path"].startswith(_PEOPLE))


def _is_of_another_site(scope: Scope) -> bool:
    """
    Whether a page of another site made the reader's browser send the request.

    Browsers send Sec-Fetch-Site on this machine and over TLS. Otherwise they send an Origin with a POST; its
    scheme is not compared, because a proxy may have terminated TLS.
    """
    site, origin = _header(scope, b"sec-fetch-site"), _header(scope, b"origin")
    if site is not None:
        return site not in ({b"same-origin"} if scope["method"] == "POST" else {b"same-origin", b"none"})
    return origin is not None and origin.partition(b"://")[2].lower() != (_header(scope, b"host") or b"").lower()


class _PeopleCheck:
    """
    Refuses individual customers to users who may not see them, regardless of the app's answer.

    Another site could not read the answer anyway, but it must not fill the access log in a reader's name either.
    """

    def __init__(self, *, is_on: bool) -> None:
        self._is_on = is_on

    async def __call__(self, scope: Scope) -> Response | None:
        user: User = scope["state"]["user"]
        if not self._is_on:
            _sign_in(scope, replace(user, sees_people=False))
        if not _is_about_people(scope):
            return None
        if not self._is_on:
            line = "this dashboard shows no individual customers; to show them: customer360 dashboard --people"
            return _refused(scope, 403, "no_people", line)
        if not user.sees_people:
            line = (
                "you may not see individual customers; to add a user who may: customer360 password NAME --people"
            )
            return _refused(scope, 403, "not_permitted", line)
        if _is_of_another_site(scope):
            return _refused(
                scope, 403, "other_site", "individual customers are shown only on the dashboard's own pages"
            )
        return None


class _LocalUser:
    """Without credentials, every request is attributed to the user who runs the dashboard."""

    def __init__(self) -> None:
        self._user = User(local_user(), sees_people=True)

    async def __call__(self, scope: Scope) -> Response | None:
        _sign_in(scope, self._user)
        return None


class _CredentialsCheck:
    """
    Requires credentials and remembers correct ones: Argon2 runs once for each, and only one at a time.

    An address with too many failures has to wait; remembered credentials keep working from there.
    When a credentials file changes, everyone has to sign in again.
    """

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._remembered = Remembered()
        self._failures = Failures()
        self._one_at_a_time = asyncio.Lock()

    async def __call__(self, scope: Scope) -> Response | None:
        self._renew()
        given = _header(scope, b"authorization")
        if scope["path"] == _OPEN_TO_ALL:
            return None
        if given is None:
            return _unauthorized(scope, "credentials_needed", "sign in with a user's password or the token")
        if user := self._remembered.user(given):
            _sign_in(scope, user)
            return None
        async with self._one_at_a_time:
            return await self._verified(scope, given)

    def _renew(self) -> None:
        renewed = self._credentials.renewed()
        if renewed is not self._credentials:
            self._credentials, self._remembered = renewed, Remembered()

    async def _verified(self, scope: Scope, given: bytes) -> Response | None:
        if user := self._remembered.user(given):  # meanwhile: a page sends several requests at the same time
            _sign_in(scope, user)
            return None
        address = _network(scope)
        if seconds := self._failures.seconds_left(address):
            line = f"too many failed sign-ins; wait {seconds} seconds"
            return _refused(scope, 429, "too_many_failures", line, retry_after=str(seconds))
        credentials = self._credentials
        if user := await asyncio.to_thread(credentials.accept, given):
            if credentials is self._credentials:  # otherwise they have changed meanwhile
                self._remembered.add(given, user)
            _sign_in(scope, user)
            return None
        self._failures.add(address)
        return _unauthorized(scope, "credentials_wrong", "wrong user name, password or token")


def _sign_in(scope: Scope, user: User) -> None:
    """Sets the user of the request, `request.state.user`, to *user*."""
    scope["state"] = {**scope.get("state", {}), "user": user}


class Remembered:
    """The users of correct headers, which are stored as keyed digests; the least recently used is dropped."""

    def __init__(self, most: int = _REMEMBERED) -> None:
        self._key = secrets.token_bytes(32)
        self._digests: OrderedDict[bytes, User] = OrderedDict()
        self._most = most

    def user(self, header: bytes) -> User | None:
        """The user who sent *header* before; None if it is unknown or was dropped."""
        digest = self._digest(header)
        if digest in self._digests:
            self._digests.move_to_end(digest)
        return self._digests.get(digest)

    def add(self, header: bytes, user: User) -> None:
        self._digests[self._digest(header)] = user
        if len(self._digests) > self._most:
            self._digests.popitem(last=False)

    def _digest(self, header: bytes) -> bytes:
        return hmac.digest(self._key, header, "sha256")


class Failures:
    """The failures of each address in the minute since its first; the oldest addresses are dropped."""

    def __init__(self, most: int = _REMEMBERED, clock: Callable[[], float] = time.monotonic) -> None:
        self._since: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._most = most
        self._clock = clock

    def seconds_left(self, address: str) -> int:
        """How long *address* has to wait: 0 unless it has too many failures."""
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
    """The client's address; for IPv6 its /64 network, which belongs to one client."""
    host = (scope.get("client") or ("",))[0].partition("%")[0]
    return str(ipaddress.ip_network(f"{host}/64", strict=False)) if ":" in host else host
