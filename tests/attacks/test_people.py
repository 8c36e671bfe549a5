"""Any request about individual customers, and any search, gets an answer or one line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer360.people.access_log import local_user
from customer360.postgres.connection import Database
from customer360.postgres.people import people_only
from customer360.web.app import make_app
from tests.attacks.asgi import Answer, Asked, started
from tests.attacks.inputs import HOSTILE, TEXTS, Tried, attack
from tests.attacks.test_addresses import HEADERS, MEMBERS, NAMES, RAW, encoded, require_an_answer_or_a_line
from tests.statements import fetch
from tests.web.published_people import publish_people

SEARCH = "/api/people/search"
VALUES = st.sampled_from(
    ["customers_by_status", "total_customers", "active_customers", "Gold", "-spent", "spent", "customer_id", "email", "added", "-",
     "-customer_id; DROP TABLE x", "bnVsbA==", "W10=", "WzEsMl0=", "eyJhIjogMX0="]
)  # fmt: skip
QUERIES = st.lists(
    st.tuples(
        st.sampled_from(["visual", "measure", "mark", "sort", "after", "audience"]) | NAMES,
        VALUES | MEMBERS | TEXTS,
    ),
    max_size=6,
)
PATHS = st.sampled_from(["/api/people", "/api/people.csv", "/api/people/7", "/customers", "/customers/7"])
IDS = st.sampled_from([quote(text, errors="surrogatepass") for text in HOSTILE]) | RAW | st.integers().map(str)
BODIES = (
    st.binary(max_size=200)
    | TEXTS.map(lambda text: json.dumps({"text": text}).encode())
    | st.recursive(st.none() | st.integers() | st.floats() | TEXTS, st.lists, max_leaves=5).map(
        lambda value: json.dumps({"text": value}).encode()
    )
    | st.just(b"[" * 2_000)
)


@pytest.fixture(scope="module")
def published(module_database: Database) -> Database:
    publish_people(module_database, 60)
    return module_database


@pytest.fixture(scope="module")
def ask(published: Database) -> Iterator[Asked]:
    with started(make_app(published, people=people_only(published))) as asked:
        yield asked


@pytest.fixture(scope="module")
def of_reader(published: Database) -> Iterator[Asked]:
    with started(make_app(published)) as asked:
        yield asked


@attack(150)
@given(path=PATHS, query=QUERIES)
def test_any_requested_list_is_returned_or_refused_in_a_line(
    ask: Asked, tried: Tried, path: str, query: list[tuple[str, str]]
) -> None:
    """Valid names with invalid values, invalid names, both, twice, and none."""
    answer = ask(path, encoded(query))

    require_an_answer_or_a_line(answer, path)
    tried(answer.status)


@attack(150)
@given(path=IDS)
def test_any_id_is_a_customer_or_refused_in_a_line(ask: Asked, tried: Tried, path: str) -> None:
    """Even if it is not a number, or not one that PostgreSQL accepts."""
    for where in (f"/api/people/{path}", f"/customers/{path}"):
        answer = ask(where)
        require_an_answer_or_a_line(answer, where)
        tried(answer.status)


def searched(ask: Asked, body: bytes, headers: list[tuple[bytes, bytes]]) -> Answer:
    sent = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), *headers]
    return ask(SEARCH, method="POST", headers=sent, body=body)


@attack(150)
@given(body=BODIES)
def test_any_search_is_answered_or_refused_in_a_line(ask: Asked, tried: Tried, body: bytes) -> None:
    """No JSON, other JSON, deep nesting, NUL, half a surrogate, special characters of LIKE and SQL."""
    answer = searched(ask, body, [])

    require_an_answer_or_a_line(answer, SEARCH)
    tried(answer.status)


@attack(150)
@given(headers=HEADERS, method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "post", ""]))
def test_any_headers_of_a_search_are_accepted(
    ask: Asked, tried: Tried, headers: list[tuple[bytes, bytes]], method: str
) -> None:
    """Invalid lengths, invalid types, and any origin."""
    answer = ask(SEARCH, method=method, headers=headers, body=b'{"text": "ana"}')

    require_an_answer_or_a_line(answer, SEARCH)
    assert answer.status >= 400 or method == "POST"
    tried(answer.status)


@attack(150)
@given(path=PATHS.filter(lambda path: path.startswith("/api/")), query=QUERIES, headers=HEADERS)
def test_no_query_or_header_shows_people_to_a_reader(
    of_reader: Asked, tried: Tried, path: str, query: list[tuple[str, str]], headers: list[tuple[bytes, bytes]]
) -> None:
    """Users who may not see them are refused before anything is read."""
    answer = of_reader(path, encoded(query), headers=headers)

    assert answer.status in {400, 403, 414}
    assert b"example.com" not in answer.body
    tried(answer.status)


def test_the_log_names_nobody_regardless_of_the_request(ask: Asked, published: Database) -> None:
    """Nor any other typed text: only conditions of the report."""
    for text in (*HOSTILE, "ana7@example.com", "Ana"):
        searched(ask, json.dumps({"text": text}).encode(), [])
        ask("/api/people", encoded([("country", text), ("ana", text), ("measure", text), ("audience", text)]))

    rows = fetch(published, "SELECT DISTINCT who, action, selection FROM analytics.people_access")
    assert rows
    assert {who for who, *_ in rows} == {local_user()}
    assert [row for row in rows if "@" in row[2] or "Ana" in row[2] or "script" in row[2]] == []
