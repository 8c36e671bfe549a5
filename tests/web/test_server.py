"""Running the dashboard: the address, shutdown, and the messages when it cannot start."""

import asyncio
import http.client
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from customer360.errors import Customer360Error
from customer360.web.credentials import Credentials
from customer360.web.server import Address, check, next_free, running, serve

ROOT = Path(__file__).parents[2]
ANY = Address(port=0)


async def hello(_):
    return PlainTextResponse("hello")


async def events(_):
    async def body():
        yield "data: first\n\n"
        while True:
            await asyncio.sleep(3_600)
            yield ": alive\n\n"

    return StreamingResponse(body(), media_type="text/event-stream")


def app(*paths, lifespan=None):
    return Starlette(routes=[*(Route(path, hello) for path in paths), Route("/events", events)], lifespan=lifespan)


@asynccontextmanager
async def no_database(_):
    raise Customer360Error("cannot connect to the database: it is not there")
    yield  # type: ignore[unreachable]  # makes it a generator


@contextmanager
def getting(address, path="/", **headers):
    with closing(http.client.HTTPConnection(address.host, address.port, timeout=20)) as connection:
        connection.request("GET", path, headers=headers)
        with connection.getresponse() as answer:
            yield answer


@contextmanager
def taken(port=0):
    """A port of 127.0.0.1 that is in use."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        yield listener.getsockname()[1]


# --- the address ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "is_loopback", "url", "from_here"),
    [
        ("127.0.0.1", True, "http://127.0.0.1:8360", "http://127.0.0.1:8360"),
        ("127.0.0.2", True, "http://127.0.0.2:8360", "http://127.0.0.2:8360"),
        ("localhost", True, "http://localhost:8360", "http://localhost:8360"),
        ("::1", True, "http://[::1]:8360", "http://[::1]:8360"),
        ("0.0.0.0", False, "http://0.0.0.0:8360", "http://127.0.0.1:8360"),
        ("::", False, "http://[::]:8360", "http://[::1]:8360"),
        ("192.0.2.1", False, "http://192.0.2.1:8360", "http://192.0.2.1:8360"),
        ("db.example", False, "http://db.example:8360", "http://db.example:8360"),
    ],
)
def test_an_address_is_local_or_open_to_others(host, is_loopback, url, from_here):
    """A name that is not known to be local counts as reachable by others."""
    address = Address(host)

    assert address.is_loopback is is_loopback
    assert address.url == url
    assert address.from_here().url == from_here


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_others_are_served_only_with_credentials(host):
    """The message names every way to provide them."""
    with pytest.raises(Customer360Error, match=r"--token-file FILE, CUSTOMER360_DASHBOARD_TOKEN or --users FILE"):
        Address(host).require(None)
    Address(host).require(Credentials(token="a-token-of-some-length"))
    Address("127.0.0.1").require(None)


def test_a_port_in_use_is_refused_with_the_next_free_one():
    """The suggested port is really free."""

    def named(port):
        line = rf"port {port} on 127.0.0.1 is in use; use the next free port: customer360 dashboard --port (\d+)"
        with pytest.raises(Customer360Error) as refused:
            serve(app(), Address(port=port))
        found = re.fullmatch(line, str(refused.value))
        assert found
        return int(found[1])

    with taken() as port:
        free = named(port)
        with taken(free):
            assert port < free < named(port)
        assert next_free(Address(port=port)) == Address(port=free)


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("192.0.2.1", "192.0.2.1 is not an address of this machine; try --host 127.0.0.1"),
        ("host.invalid", "unknown host 'host.invalid'; try --host 127.0.0.1"),
    ],
)
def test_a_host_that_is_not_this_machine_is_refused(host, said):
    """The message suggests one that is."""
    with pytest.raises(Customer360Error, match=said):
        serve(app(), Address(host, 0))


def test_an_ipv6_address_is_served():
    """Some networks have no other."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")

    with running(app("/"), Address("::1", 0)) as address, getting(address) as answer:
        assert answer.status == 200
        assert address.url.startswith("http://[::1]:")


# --- starting and answering -------------------------------------------------------------------------------------


def test_the_check_passes_when_page_and_report_answer():
    """Nothing keeps running."""
    check(app("/overview", "/api/report"), ANY)


def test_the_check_names_what_does_not_answer():
    """With the answer it got instead."""
    with pytest.raises(Customer360Error, match="the dashboard answers /api/report with 404: Not Found"):
        check(app("/overview"), ANY)


@pytest.mark.parametrize("start", [serve, check])
def test_an_app_that_does_not_start_says_why_in_one_line(start, capfd):
    """Nothing else is printed."""
    with pytest.raises(Customer360Error, match="cannot connect to the database: it is not there"):
        start(app(lifespan=no_database), ANY)

    assert capfd.readouterr() == ("", "")


def test_an_internal_error_at_startup_keeps_its_traceback():
    """It is not a user's mistake."""

    @asynccontextmanager
    async def broken(_):
        raise ZeroDivisionError
        yield  # type: ignore[unreachable]  # makes it a generator

    with pytest.raises(ZeroDivisionError):
        serve(app(lifespan=broken), ANY)


def test_the_server_does_not_identify_itself():
    """No client needs to know."""
    with running(app("/"), ANY) as address, getting(address) as answer:
        assert answer.getheader("server") is None


def test_a_request_without_end_is_cut_off():
    """Headers are kept in memory until they are complete."""
    with running(app("/"), ANY) as address:
        with socket.create_connection((address.host, address.port)) as client:
            client.settimeout(20)
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"a" * 70_000)
            assert client.recv(100).startswith(b"HTTP/1.1 400 ")
        with getting(address, Cookie="a" * 8_000) as answer:
            assert answer.status == 200


# --- shutdown ---------------------------------------------------------------------------------------------------


def test_an_open_stream_does_not_delay_shutdown():
    """Every page keeps one open; it ends properly, so that the page waits for the next server."""
    with running(app(), ANY) as address:
        connection = http.client.HTTPConnection(address.host, address.port, timeout=20)
        connection.request("GET", "/events")
        stream = connection.getresponse()
        assert stream.readline() == b"data: first\n"
        started = time.monotonic()

    assert time.monotonic() - started < 1.5
    assert stream.read() == b"\n"
    connection.close()


SERVING = """
import signal, sys
from customer360.web.server import Address, serve
from tests.web.test_server import app

signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
serve(app("/"), Address(port=0), opened=lambda address: print(address.url, flush=True))
print("stopped")
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_stop_it_cleanly(number):
    """This is the normal way to stop it, regardless of other signal handlers in the commands."""
    command = [sys.executable, "-c", SERVING]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.send_signal(number)

        assert process.communicate(timeout=20)[0] == "stopped\n"
    assert process.returncode == 0
