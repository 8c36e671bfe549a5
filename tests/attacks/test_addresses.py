"""Any request to the dashboard gets an answer, or one line that says what is wrong."""

from __future__ import annotations

import json
import socket
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer360.report.pages import REPORT
from customer360.web.app import make_app
from customer360.web.assets import assets
from customer360.web.server import Address, running
from tests.attacks.asgi import started
from tests.attacks.inputs import HOSTILE, TEXTS, attack
from tests.web.published import miniature_results, publish

SHIPPED = assets()
CONTENTS = {asset.content for asset in SHIPPED.files.values()}
PAGES = [page.name for page in REPORT.pages]
VISUALS = [visual.name for page in REPORT.pages for visual in page.visuals]
NAMES = st.sampled_from(
    [
        *REPORT.slicers,
        "join_month",
        "balance_threshold",
        "refresh",
        "max_age",
        *(f"pick.{name}" for name in VISUALS),
    ]
)
MEMBERS = st.sampled_from(
    ["Gold", "Kenya", "active", "Unknown", "2024-01..2025-12", "2020-01..", "..2020-01", "2020-01", "0000-00..9999-99",
     "-001-01..", "1e5", "-0", "0E-9", "NaN", "sNaN", "1e999999999", "Gold,Kenya", "1,2", ",", "%2C", "%00", "%ff"]
)  # fmt: skip
QUERIES = st.lists(st.tuples(NAMES | TEXTS, MEMBERS | TEXTS), max_size=6)
PATHS = st.sampled_from(
    ["/", "/healthz", "/api/report", "/api/events", *(f"/{page}" for page in PAGES),
     *(f"/api/pages/{page}" for page in PAGES), "/api/pages/", "/api/cubes/overview/customer_segments", "/api/cubes/a/b"]
)  # fmt: skip
RAW = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="?#"), max_size=60)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from([
            b"accept", b"accept-encoding", b"authorization", b"cookie", b"if-none-match", b"range", b"content-length",
            b"transfer-encoding", b"x-forwarded-for", b"x-http-method-override", b"upgrade", b"origin", b"content-type",
        ]),
        st.binary(max_size=60),
    ),
    max_size=4,
)  # fmt: skip
METHODS = st.sampled_from(
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW", "get", ""]
)


@pytest.fixture(scope="module")
def ask(module_database):
    publish(module_database, miniature_results())
    with started(make_app(module_database)) as asked:
        yield asked


@pytest.fixture(scope="module")
def guarded(module_database):
    """The same behind a token."""
    from customer360.web.credentials import Credentials

    with started(make_app(module_database, credentials=Credentials(token="a-token-of-some-length"))) as asked:
        yield asked


def encoded(pairs):
    return urlencode([tuple(text.encode("utf-8", "surrogatepass") for text in pair) for pair in pairs]).encode()


def require_an_answer_or_a_line(answer, path):
    assert answer.status < 500, (answer.status, answer.body)
    if answer.status >= 400 and path.startswith("/api/"):
        error = json.loads(answer.body)["error"]
        assert set(error) == {"code", "message"}
        assert len(error["message"].splitlines()) == 1
        assert error["message"].isprintable()
        assert len(error["message"]) < 1_500
    elif answer.status >= 400:
        assert len(answer.body.decode().splitlines()) == 1
    elif path.startswith("/api/pages") or path == "/api/report":
        json.loads(answer.body, parse_constant=pytest.fail)


@attack(3_000)
@given(path=PATHS, query=QUERIES)
def test_any_names_and_values_are_answered_or_refused_in_a_line(ask, tried, path, query):
    """Right names with wrong values, wrong names, both, twice, and none."""
    answer = ask(path, encoded(query))

    require_an_answer_or_a_line(answer, path)
    tried(answer.status)


@attack(1_000)
@given(path=PATHS, query=st.binary(max_size=80) | RAW.map(str.encode), method=METHODS, headers=HEADERS)
def test_any_bytes_in_queries_and_headers_are_accepted(ask, tried, path, query, method, headers):
    """Even invalid UTF-8 and invalid queries; methods other than reading are refused."""
    answer = ask(path, query, method, headers)

    require_an_answer_or_a_line(answer, path)
    assert method in {"GET", "HEAD"} or answer.status == 405
    tried(answer.status)


@attack(800)
@given(path=RAW | st.sampled_from(HOSTILE).map(lambda text: quote(text, errors="surrogatepass")), prefix=PATHS)
def test_any_path_is_answered(ask, tried, path, prefix):
    """The answer lists valid paths."""
    answer = ask(f"/{path}"), ask(f"{prefix}/{path}")

    for one, where in zip(answer, ("/" + path, f"{prefix}/{path}"), strict=True):
        require_an_answer_or_a_line(one, where)
        tried(one.status)


UP = st.sampled_from(
    [
        "..",
        "%2e%2e",
        ".%2e",
        "%252e%252e",
        "..%5c",
        "..\\",
        "%00",
        "%c0%ae%c0%ae",
        "....",
        ".",
        "",
        "%2f",
        "//",
        "C:",
        "%5c%5cserver",
    ]
)
TARGETS = st.sampled_from(
    [
        "app.py",
        "credentials.py",
        "index.html",
        "app.js",
        "etc/passwd",
        "account.json",
        "vendor",
        "early.js%00.png",
        "~root",
    ]
)


@attack(800)
@given(
    up=st.lists(UP, max_size=6), target=TARGETS, digest=st.sampled_from([SHIPPED.digest, "0", "..", "%2e%2e", "*"])
)
def test_no_path_leaves_the_pages_own_files(ask, tried, up, target, digest):
    """Dots, encoded dots, doubly encoded, backslashes, NUL, absolute paths, drives."""
    answer = ask("/".join(["/static", digest, *up, target]))

    assert answer.status in {200, 404}
    assert answer.status == 404 or answer.body in CONTENTS
    tried(answer.status)


@attack(600)
@given(
    path=PATHS.filter(lambda path: path != "/healthz"),
    value=st.binary(max_size=80) | TEXTS.map(lambda text: b"Basic " + text.encode("utf-8", "replace"))
    | TEXTS.map(lambda text: b"Bearer " + text.encode("utf-8", "replace")),
    number=st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_only_the_right_credentials_are_accepted(guarded, tried, path, value, number):
    """From many addresses, because a single one would soon be throttled."""
    answer = guarded(
        path,
        headers=[(b"authorization", value)],
        client=f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
    )

    assert answer.status in {401, 429}
    tried(answer.status)


@attack(200)
@given(request=st.binary(max_size=200) | st.tuples(RAW, RAW, st.binary(max_size=60)).map(
    lambda parts: f"{parts[0]} {parts[1]} HTTP/1.1\r\nHost: localhost\r\n".encode() + parts[2] + b"\r\n\r\n"
))  # fmt: skip
def test_a_malformed_request_affects_no_other(address, tried, request):
    """Over a real socket: a malformed request is disconnected, and the next one is answered."""
    with socket.create_connection((address.host, address.port), timeout=10) as client:
        client.sendall(request)
        client.shutdown(socket.SHUT_WR)
        begin = client.recv(100)
    assert not begin.startswith(b"HTTP/1.1 5"), begin
    tried(begin[:12])


@pytest.fixture(scope="module")
def address(module_database):
    with running(make_app(module_database), Address(port=0)) as bound:
        yield bound
