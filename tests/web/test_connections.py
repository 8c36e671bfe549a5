"""Clients that keep connections open without requests do not block readers."""

import asyncio
import http.client
import resource
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from customer360.web import connections
from customer360.web.server import Address, running

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
HALF_A_REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: a"
MANY = 2_000
FEW_FILES = 1_024


async def well(_):
    return PlainTextResponse("well")


async def stream(_):
    async def body():
        yield "first\n"
        await asyncio.sleep(3_600)

    return StreamingResponse(body())


APP = Starlette(routes=[Route("/healthz", well), Route("/events", stream), Route("/post", well, methods=["POST"])])

SERVING = f"""
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (256, {FEW_FILES}))
from customer360.web.server import Address, serve
from tests.web.test_connections import APP

serve(APP, Address(port=0), opened=lambda address: print(address.port, flush=True))
"""


@contextmanager
def server_with_few_files():
    """The port and log of a server in a process that may open `FEW_FILES` files."""
    command = [sys.executable, "-c", SERVING]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield int(process.stdout.readline()), process
        finally:
            process.terminate()


@contextmanager
def files_enough():
    """Raises the limit of open files to what the test itself needs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard not in (-1, resource.RLIM_INFINITY) and hard < MANY + 500:
        pytest.skip("this machine allows too few open files to be a crowd")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, MANY + 500), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def ask(port, host="127.0.0.1"):
    with closing(http.client.HTTPConnection(host, port, timeout=5)) as connection:
        connection.request("GET", "/healthz")
        return connection.getresponse().read()


def connect(stack, port, source="127.0.0.1", send=HALF_A_REQUEST):
    client = stack.enter_context(socket.create_connection(("127.0.0.1", port), 5, (source, 0)))
    client.sendall(send)
    return client


def is_closed(client, within):
    client.settimeout(within)
    try:
        return client.recv(1_000) == b""
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True


def test_two_thousand_half_sent_requests_leave_the_health_check_answered():
    """Even with fewer open files than that, and with one log line instead of tracebacks."""
    with files_enough(), server_with_few_files() as (port, process), ExitStack() as stack:
        for number in range(MANY):
            connect(stack, port)
            if number % 200 == 0:
                assert ask(port) == b"well"
        started = time.monotonic()
        assert [ask(port) for _ in range(10)] == [b"well"] * 10
        assert time.monotonic() - started < 5
        process.terminate()
        said = process.communicate(timeout=20)[1]

    assert len(said.splitlines()) <= 2
    assert "too many connections: closed" in said


@pytest.mark.parametrize(
    "sent", [b"", HALF_A_REQUEST, b"POST /post HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf"]
)
def test_a_request_that_is_not_complete_in_time_is_closed(monkeypatch, sent):
    """Nothing at all, half of the headers, half of the body."""
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.3)
    with running(APP, Address(port=0)) as address, ExitStack() as stack:
        client = connect(stack, address.port, send=sent)
        client.settimeout(5)
        while client.recv(1_000):
            pass


def test_sending_single_bytes_does_not_extend_the_deadline(monkeypatch):
    """The deadline starts at the first byte, not at the last."""
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.5)
    with running(APP, Address(port=0)) as address, ExitStack() as stack:
        client = connect(stack, address.port)
        started = time.monotonic()
        with suppress(OSError):
            while not is_closed(client, 0.1) and time.monotonic() - started < 5:
                client.sendall(b"a")

    assert time.monotonic() - started < 3


def test_open_streams_and_kept_connections_outlive_the_deadline_of_requests(monkeypatch):
    """The request is complete, so there is no deadline for the response."""
    monkeypatch.setattr(connections, "REQUEST_SECONDS", 0.2)
    with running(APP, Address(port=0)) as address, ExitStack() as stack:
        events = connect(stack, address.port, send=b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        kept = stack.enter_context(closing(http.client.HTTPConnection("127.0.0.1", address.port, timeout=5)))
        kept.request("GET", "/healthz")
        kept.getresponse().read()
        same = kept.sock
        assert events.recv(1_000).startswith(b"HTTP/1.1 200")
        time.sleep(0.5)

        events.settimeout(0.1)
        with pytest.raises(TimeoutError):
            while events.recv(1_000):
                pass
        kept.request("GET", "/healthz")
        assert kept.getresponse().read() == b"well"
        assert kept.sock is same


def test_one_address_has_at_most_half_of_the_connections(monkeypatch):
    """Its own quiet connections are closed first; those of others stay."""
    monkeypatch.setattr("customer360.web.server.most_connections", lambda: 20)
    with running(APP, Address(port=0)) as address, ExitStack() as stack:
        other = connect(stack, address.port, source="127.0.0.2")
        mine = [connect(stack, address.port) for _ in range(30)]
        assert ask(address.port) == b"well"

        assert not is_closed(other, 0.1)
        assert sum(not is_closed(client, 0.02) for client in mine) <= 10


def test_readers_who_are_being_answered_are_never_closed_for_others(monkeypatch):
    """If all connections are in use, the new one is refused."""
    monkeypatch.setattr("customer360.web.server.most_connections", lambda: 8)
    whole = b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with running(APP, Address(port=0)) as address, ExitStack() as stack:
        readers = [connect(stack, address.port, send=whole) for _ in range(4)]
        assert all(reader.recv(1_000).startswith(b"HTTP/1.1 200") for reader in readers)
        newcomer = connect(stack, address.port)

        assert is_closed(newcomer, 3)
        for reader in readers:
            reader.settimeout(0.05)
            with pytest.raises(TimeoutError):
                while reader.recv(1_000):
                    pass


def test_the_number_of_connections_fits_the_limit_of_files(monkeypatch):
    """The soft limit is raised as needed; with a low hard limit, some files are reserved for other uses."""
    now = {"limits": (256, 1_000_000)}
    monkeypatch.setattr(resource, "getrlimit", lambda _: now["limits"])
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: now.update(limits=limits))

    assert connections.most_connections() == 2_000
    assert now["limits"] == (2_350, 1_000_000)

    now["limits"] = (256, 1_024)
    assert connections.most_connections() == 674
    assert now["limits"] == (1_024, 1_024)

    now["limits"] = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    assert connections.most_connections() == 2_000


def test_refused_connections_are_logged_once_a_minute(caplog):
    """asyncio's own handler writes a traceback for each."""
    context = {
        "message": "socket.accept() out of system resource",
        "exception": OSError(24, "Too many open files"),
    }
    with closing(asyncio.new_event_loop()) as loop:
        for _ in range(1_000):
            connections.handle_exception(loop, context)

    assert len(caplog.records) <= 1
