"""Runs the dashboard on an address, and checks that it answers."""

from __future__ import annotations

import asyncio
import errno
import http.client
import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.server import HANDLED_SIGNALS

from customer360 import settings
from customer360.errors import Refused, Unavailable
from customer360.web.connections import BACKLOG, Connection, handle_exception, most_connections
from customer360.web.credentials import Credentials

HOST: Final = "127.0.0.1"
PORT: Final = 8360
_PORTS_TRIED: Final = 100
_ANSWER_SECONDS: Final = 30
_ASKED: Final = ("/overview", "/api/report")
_EVERYWHERE: Final = {"0.0.0.0": HOST, "::": "::1"}  # noqa: S104  "every address", and one of them


@dataclass(frozen=True)
class Address:
    """The address on which the dashboard listens; port 0 means any free port."""

    host: str = HOST
    port: int = PORT

    @property
    def url(self) -> str:
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def from_here(self) -> Address:
        """The address for this machine's own browser."""
        return replace(self, host=_EVERYWHERE.get(self.host, self.host))

    def require(self, credentials: Credentials | None) -> None:
        """Raises: Customer360Error when others could see the dashboard without credentials."""
        if credentials is None and not self.is_loopback:
            raise Refused(
                f"other machines can reach the dashboard on {self.host}, so it requires credentials; "
                f"use --token-file FILE, {settings.DASHBOARD_TOKEN} or --users FILE"
            )


def serve(app: ASGIApp, address: Address, *, opened: Callable[[Address], None] | None = None) -> None:
    """
    Serves *app* until Ctrl-C or SIGTERM; calls *opened* with the address once it listens.

    Raises: Customer360Error when the address is unavailable or *app* does not start.
    """
    with _listen(address) as listener:
        _Server(app, lambda: opened and opened(_bound(address, listener))).run([listener])


@contextmanager
def running(app: ASGIApp, address: Address) -> Iterator[Address]:
    """Serves *app* from a thread while the context is open; yields the address."""
    ready = threading.Event()
    server = _Server(app, ready.set)
    with _listen(address) as listener, ThreadPoolExecutor(1) as thread:
        end = thread.submit(server.run, [listener])
        end.add_done_callback(lambda _: ready.set())
        ready.wait()
        try:
            if not end.done():
                yield _bound(address, listener)
        finally:
            server.should_exit = True
            end.result()


def check(app: ASGIApp, address: Address) -> None:
    """Starts *app*, requests a page and the report, and stops it. Raises: Customer360Error if a request fails."""
    with running(app, address) as bound:
        for path in _ASKED:
            _get(bound.from_here(), path)


def next_free(address: Address) -> Address | None:
    """*address* with its port or the next free one; None if there is none."""
    ports = range(address.port, min(address.port + _PORTS_TRIED, 65_536))
    return next((free for port in ports if _is_free(free := replace(address, port=port))), None)


def _get(address: Address, path: str) -> None:
    connection = http.client.HTTPConnection(address.host, address.port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        if answer.status != http.client.OK:
            said = answer.read(500).decode(errors="replace").strip()
            raise Unavailable(f"the dashboard answers {path} with {answer.status}: {said}")
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"the dashboard does not answer {path}: {error}") from None
    finally:
        connection.close()


# -- the address ------------------------------------------------------------------------------------------


def _listen(address: Address) -> socket.socket:
    """A listening socket, so that no other program can take the port between the check and the start."""
    try:
        return _socket(address)
    except socket.gaierror:
        raise Unavailable(f"unknown host '{address.host}'; try --host {HOST}") from None
    except OSError as error:
        raise Unavailable(_refusal(address, error)) from None


def _socket(address: Address) -> socket.socket:
    family, *_, where = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
    listener = socket.create_server(where[:2], family=family)
    # Connections inherit it. Without it, a small response would wait 40 ms for the ACK of the previous one.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _bound(address: Address, listener: socket.socket) -> Address:
    return replace(address, port=listener.getsockname()[1])


def _is_free(address: Address) -> bool:
    try:
        _socket(address).close()
    except OSError:
        return False
    return True


def _refusal(address: Address, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        free = next_free(replace(address, port=address.port + 1))
        way = f"the next free port: customer360 dashboard --port {free.port}" if free else "another --port"
        return f"port {address.port} on {address.host} is in use; use {way}"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{address.host} is not an address of this machine; try --host {HOST}"
    return f"cannot listen on port {address.port} of {address.host} ({error.strerror}); use another --port"


# -- the server -------------------------------------------------------------------------------------------


class _Server(uvicorn.Server):
    """A uvicorn server that reports when it listens, ends open streams on shutdown, and raises startup errors."""

    def __init__(self, app: ASGIApp, opened: Callable[[], object]) -> None:
        self._app = _Stoppable(app)
        self._opened = opened
        super().__init__(_config(self._app))

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().set_exception_handler(handle_exception)
        try:
            await super().startup(sockets)
        except SystemExit:
            if self._app.failure is None:
                raise
            raise self._app.failure from None
        self._opened()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.stopping.set()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Makes Ctrl-C and SIGTERM only end the server; uvicorn would raise them again afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in HANDLED_SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=Connection,
        interface="asgi3",
        lifespan="on",
        ws="none",
        access_log=False,
        log_config=None,
        log_level="critical",  # its messages are replaced by our own, or are about a stranger's broken request
        proxy_headers=False,  # a client could forge the address under which its failures are counted
        server_header=False,
        limit_concurrency=most_connections() + 1,
        backlog=BACKLOG,
        timeout_keep_alive=65,  # longer than in proxies, so that they never write to a closed connection
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=32 * 1024,  # all servers on localhost share their cookies
    )


class _Stoppable:
    """An app that sees the end of the server as a disconnect, and that keeps the error of a failed startup."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.stopping = asyncio.Event()
        self.failure: BaseException | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._live if scope["type"] == "lifespan" else self._answer)(scope, receive, send)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except BaseException as error:
            self.failure = error
            raise

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        unfinished = False

        async def sent(message: Message) -> None:
            nonlocal unfinished
            unfinished = message["type"] == "http.response.start" or message.get("more_body", False)
            await send(message)

        await self._app(scope, lambda: self._message(receive), sent)
        if unfinished and self.stopping.is_set():
            await send({"type": "http.response.body"})  # end the stream properly

    async def _message(self, receive: Receive) -> Message:
        """The next message, or a disconnect if the server stops first."""
        message = asyncio.ensure_future(receive())
        stopping = asyncio.ensure_future(self.stopping.wait())
        try:
            await asyncio.wait({message, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return message.result() if message.done() else {"type": "http.disconnect"}
        finally:
            message.cancel()
            stopping.cancel()
