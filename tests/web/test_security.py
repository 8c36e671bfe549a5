"""Who is answered, which requests are accepted, and what a browser may do: over real sockets."""

import http.client
import json
import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from customer360.web.credentials import Credentials, User, configured, users_line
from customer360.web.security import Failures, Remembered, secured
from customer360.web.server import Address, running
from tests.web.test_credentials import PASSWORD, QUICK, SLOW, TOKEN, basic, seconds_of

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


async def hello(_):
    return PlainTextResponse("hello", headers={"server": "secret/1.0", "x-content-type-options": "sniff"})


async def broken(_):
    raise ZeroDivisionError("what a stranger must not read")


async def half(_):
    async def body():
        yield "half of "
        raise ZeroDivisionError("what a stranger must not read")

    return StreamingResponse(body())


async def who(request):
    user = request.state.user
    return PlainTextResponse(f"{user.name} {user.sees_people}", headers={"cache-control": "max-age=60"})


async def search(request):
    return PlainTextResponse((await request.body()).decode())


PATHS = {
    "/": hello, "/healthz": who, "/api/x": hello, "/broken": broken, "/api/broken": broken, "/half": half, "/who": who,
    "/api/people": who, "/api/people/7": who, "/api/people.csv": who,
}  # fmt: skip
SEARCH = "/api/people/search"


class Asking:
    """Sends requests to a running server."""

    def __init__(self, address):
        self.address = address

    def __call__(self, path="/", method="GET", body=None, **headers):
        with closing(http.client.HTTPConnection(self.address.host, self.address.port, timeout=20)) as connection:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            answer: Any = connection.getresponse()
            with answer:
                answer.text = answer.read().decode()
                return answer

    def status(self, *arguments, **headers):
        return self(*arguments, **headers).status


@contextmanager
def serving(**options):
    """Sends requests to the app behind `secured(**options)`."""
    routes = [
        Route(SEARCH, search, methods=["POST"]),
        *(Route(path, endpoint) for path, endpoint in PATHS.items()),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(secured, **options)])
    with running(app, Address(port=0)) as address:
        yield Asking(address)


@pytest.fixture(scope="module")
def ask():
    """On a local machine, without credentials."""
    with serving() as asking:
        yield asking


@pytest.fixture
def guarded():
    """With a token and a user."""
    with serving(credentials=Credentials(TOKEN, {"ada": QUICK})) as asking:
        yield asking


# --- headers and errors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/unknown", "/broken", "/api/broken"])
def test_every_response_allows_only_our_own_scripts_and_files(ask, path):
    """The browser does not run injected code, and no other site can frame or read the page."""
    headers = ask(path).headers

    assert headers.get_all("content-security-policy") == [POLICY]
    assert headers.get_all("x-content-type-options") == ["nosniff"]
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "server" not in headers


def test_refusals_have_the_headers_too(guarded):
    """They are responses like any other."""
    for refused in (guarded(), guarded(method="POST"), guarded("/?" + "a" * 9_000)):
        assert refused.status >= 400
        assert refused.headers["content-security-policy"] == POLICY
        assert refused.headers["cache-control"] == "no-store"


def test_an_error_is_json_for_scripts_and_a_line_for_people_and_never_a_traceback(ask, caplog):
    """The traceback is in the log."""
    with caplog.at_level(logging.ERROR):
        script, person = ask("/api/broken"), ask("/broken")

    assert script.status == person.status == 500
    assert json.loads(script.text) == {
        "error": {"code": "internal_error", "message": "internal error; see the log of the dashboard"}
    }
    assert person.text == "internal error; see the log of the dashboard\n"
    assert caplog.text.count("ZeroDivisionError: what a stranger must not read") == 2


def test_a_partial_response_does_not_look_complete(ask, caplog):
    """The connection is closed, so the browser reports an error instead of showing half of it."""
    with pytest.raises(http.client.IncompleteRead):
        ask("/half")


# --- hosts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:8360", "[::1]", "[::1]:8360"]
)
def test_this_machines_own_names_are_served(ask, host):
    """With any port, because a tunnel may have another one."""
    assert ask.status(Host=host) == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "evil.example:127.0.0.1", "", "::1"],
)
def test_another_name_for_this_machine_is_not_served(ask, host):
    """Otherwise evil.example could point its name to 127.0.0.1 and read the customers."""
    refused = ask("/api/x", Host=host)

    assert refused.status == 400
    assert json.loads(refused.text)["error"]["code"] == "unknown_host"


@pytest.mark.parametrize("loopback", [True, False])
def test_with_credentials_every_name_is_served(loopback):
    """A browser sends them only to the host for which they were entered."""
    with serving(credentials=Credentials(token=TOKEN), loopback=loopback) as asking:
        assert asking.status(Host="dashboard.example.com", Authorization=f"Bearer {TOKEN}") == 200


# --- requests ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
def test_nothing_can_be_sent_or_changed(ask, method):
    """The dashboard is read-only."""
    refused = ask(method=method)

    assert refused.status == 405
    assert refused.headers["allow"] == "GET, HEAD"


def test_head_is_get_without_the_body(ask):
    """Monitors use it."""
    answer = ask(method="HEAD")

    assert (answer.status, answer.text) == (200, "")


@pytest.mark.parametrize(("address", "status"), [("/?" + "a" * 8_191, 200), ("/?" + "a" * 8_192, 414)])
def test_an_address_has_at_most_8_kb(ask, address, status):
    """Any choice of slicers fits; longer ones are abuse."""
    assert ask.status(address) == status


@pytest.mark.parametrize(("parameters", "status"), [(200, 200), (201, 400)])
def test_an_address_has_at_most_200_parameters(ask, parameters, status):
    """Each parameter costs a lookup."""
    assert ask.status("/?" + "&".join(["a=1"] * parameters)) == status


# --- credentials ------------------------------------------------------------------------------------------------


def test_without_credentials_only_the_health_check_answers(guarded):
    """A health check has no password."""
    refused = guarded("/api/x")

    assert refused.status == 401
    assert refused.headers["www-authenticate"] == 'Basic realm="Customer 360"'
    assert json.loads(refused.text)["error"]["code"] == "credentials_needed"
    assert guarded.status("/healthz") == 200


def test_the_token_and_a_users_password_are_accepted(guarded):
    """The token is also accepted as a password, because a browser's prompt asks for name and password."""
    token = [f"Bearer {TOKEN}", f"bearer {TOKEN}", basic("", TOKEN), basic("anyone", TOKEN)]

    for authorization in [*token, basic("ada", PASSWORD)]:
        assert guarded.status(Authorization=authorization) == 200


def test_a_user_removed_from_the_files_loses_access_immediately(tmp_path, caplog):
    """Users who have left must lose access without a restart of the dashboard."""
    users, token = tmp_path / "users.txt", tmp_path / "token"
    for path, text in ((users, f"ada:{QUICK}\nbob:{QUICK}\n"), (token, TOKEN)):
        path.touch(mode=0o600)
        path.write_text(text)
    ada, bob, bearer = basic("ada", PASSWORD), basic("bob", PASSWORD), f"Bearer {TOKEN}"
    with serving(credentials=configured(token, users)) as asking:

        def statuses():
            return [asking.status(Authorization=given) for given in (ada, bob, bearer)]

        assert statuses() == [200, 200, 200]
        users.write_text(f"ada:{QUICK}\n")
        assert statuses() == [200, 401, 200]
        token.write_text(TOKEN[::-1])
        assert statuses() == [200, 401, 401]
        users.write_text(f"ada:{QUICK}\nnonsense\n")
        assert statuses() == [401, 401, 401]
        assert "nobody can sign in: line 2 of" in caplog.text
        users.write_text(f"bob:{QUICK}\n")
        assert asking.status(Authorization=bob) == 200
        users.unlink()
        assert asking.status(Authorization=bob) == 401


def test_a_wrong_password_is_refused(guarded):
    """The response does not reveal which part is wrong."""
    refused = guarded(Authorization=basic("ada", "wrong"))

    assert refused.status == 401
    assert refused.text == "wrong user name, password or token\n"


def test_a_password_is_verified_once_and_not_at_each_request():
    """A page sends many requests at the same time, and Argon2 is slow on purpose."""
    with serving(credentials=Credentials(users={"ada": SLOW})) as asking, ThreadPoolExecutor(8) as readers:
        right = {"Authorization": basic("ada", PASSWORD)}
        once = seconds_of(lambda: asking.status(Authorization=basic("ada", "wrong")))

        started = time.perf_counter()
        statuses = list(readers.map(lambda _: asking.status(**right), range(24)))
        seconds = time.perf_counter() - started

    assert statuses == [200] * 24
    assert seconds < 8 * once


def test_after_ten_wrong_passwords_an_address_has_to_wait(guarded):
    """Also for concurrent requests and for the right password; users who are signed in are not affected."""
    assert guarded.status(Authorization=f"Bearer {TOKEN}") == 200

    with ThreadPoolExecutor(8) as guessers:
        statuses = list(guessers.map(lambda n: guarded.status(Authorization=basic("ada", f"{n}")), range(14)))
    locked = guarded("/api/x", Authorization=basic("ada", PASSWORD))

    assert sorted(statuses) == [401] * 10 + [429] * 4
    assert locked.status == 429
    assert 0 < int(locked.headers["retry-after"]) <= 60
    assert json.loads(locked.text)["error"]["code"] == "too_many_failures"
    assert guarded.status(Authorization=f"Bearer {TOKEN}") == 200


def test_the_wait_ends_with_the_minute():
    """Counted from the first failure, separately for each address."""
    now = 1_000.0
    failures = Failures(clock=lambda: now)
    for _ in range(10):
        failures.add("10.0.0.1")

    assert failures.seconds_left("10.0.0.1") == 60
    assert failures.seconds_left("10.0.0.2") == 0
    now += 59.5
    assert failures.seconds_left("10.0.0.1") == 1
    now += 0.5
    assert failures.seconds_left("10.0.0.1") == 0
    failures.add("10.0.0.1")
    assert failures.seconds_left("10.0.0.1") == 0


def test_many_addresses_and_many_headers_take_bounded_memory():
    """The oldest are dropped."""
    failures, remembered = Failures(most=3), Remembered(most=3)

    for number in range(10):
        failures.add(f"10.0.0.{number}")
        remembered.add(b"%d" % number, User("ada"))
        assert remembered.user(b"7") or number != 9

    assert len(failures._since) == 3
    assert [number for number in range(10) if remembered.user(b"%d" % number)] == [7, 8, 9]


# --- individual customers -------------------------------------------------------------------------------------------

OF_PEOPLE = ["/api/people", "/api/people/7", "/api/people.csv"]
JSON = {"Content_Type": "application/json"}


@pytest.fixture(scope="module")
def people():
    """On a local machine, started with --people."""
    with serving(people=True) as asking:
        yield asking


@pytest.fixture
def users(tmp_path):
    """A token, ada, who may see people, and bob, who may not."""
    path = tmp_path / "users.txt"
    path.touch(mode=0o600)
    path.write_text(f"ada:{QUICK}:people\nbob:{QUICK}\n")
    token = tmp_path / "token"
    token.touch(mode=0o600)
    token.write_text(TOKEN)
    return configured(token, path)


def code(answer):
    return answer.status, json.loads(answer.text)["error"]["code"]


@pytest.mark.parametrize("path", [*OF_PEOPLE, SEARCH])
def test_single_customers_are_shown_only_with_people(ask, people, path):
    """Regardless of the app's answer."""
    method = "POST" if path == SEARCH else "GET"

    assert code(ask(path, method, body="{}", **JSON)) == (403, "no_people")
    assert people(path, method, body="{}", **JSON).status == 200


def test_without_credentials_the_user_is_the_one_who_runs_the_dashboard(ask, people):
    """From the operating system, not from the environment."""
    import pwd

    name = pwd.getpwuid(os.getuid()).pw_name
    assert ask("/who").text == f"{name} False"
    assert people("/who").text == f"{name} True"


def test_only_users_who_may_see_people_do(users):
    """Others, and the token, get one line that says so; the log gets the name of the signed-in user."""
    with serving(credentials=users, loopback=False, people=True) as asking:

        def asked(path, authorization):
            return asking(path, Authorization=authorization)

        assert asked("/api/people", basic("ada", PASSWORD)).text == "ada True"
        assert asked("/api/people", basic("ada", PASSWORD)).text == "ada True"  # remembered
        for given in (basic("bob", PASSWORD), basic("ada", TOKEN), f"Bearer {TOKEN}"):
            assert asked("/who", given).text.endswith(" False")
            assert code(asked("/api/people", given)) == (403, "not_permitted")
        assert code(asking("/api/people")) == (401, "credentials_needed")
        assert asking("/healthz").text == " False"


def test_without_people_no_user_sees_any(users):
    """The same users file works for both kinds of dashboard."""
    with serving(credentials=users) as asking:
        assert asking("/who", Authorization=basic("ada", PASSWORD)).text == "ada False"
        assert code(asking("/api/people", Authorization=basic("ada", PASSWORD))) == (403, "no_people")


def test_a_revoked_right_to_see_people_ends_with_the_next_request(tmp_path):
    """As for users removed from the file."""
    path = tmp_path / "users.txt"
    path.touch(mode=0o600)
    path.write_text(users_line("ada", PASSWORD, sees_people=True))
    right = {"Authorization": basic("ada", PASSWORD)}
    with serving(credentials=configured(None, path), people=True) as asking:
        assert asking("/api/people", **right).status == 200
        path.write_text(path.read_text().removesuffix(":people"))
        assert code(asking("/api/people", **right)) == (403, "not_permitted")


@pytest.mark.parametrize("path", OF_PEOPLE)
def test_no_browser_caches_single_customers(people, path):
    """Even if the app allows caching."""
    assert people(path).headers.get_all("cache-control") == ["no-store"]
    assert people("/who").headers.get_all("cache-control") == ["max-age=60"]


@pytest.mark.parametrize(
    ("method", "headers", "refused"),
    [
        ("GET", JSON, (405, "method_not_allowed")),
        ("PUT", JSON, (405, "method_not_allowed")),
        ("OPTIONS", JSON, (405, "method_not_allowed")),
        ("POST", {}, (415, "not_json")),
        ("POST", {"Content_Type": "text/plain"}, (415, "not_json")),
        ("POST", {"Content_Type": "application/x-www-form-urlencoded"}, (415, "not_json")),
        ("POST", {"Content_Type": "multipart/form-data; boundary=x"}, (415, "not_json")),
        ("POST", JSON | {"Transfer_Encoding": "chunked"}, (411, "length_needed")),
        ("POST", JSON | {"Sec_Fetch_Site": "cross-site"}, (403, "other_site")),
        ("POST", JSON | {"Sec_Fetch_Site": "same-site"}, (403, "other_site")),
        ("POST", JSON | {"Sec_Fetch_Site": "none"}, (403, "other_site")),
        ("POST", JSON | {"Origin": "https://evil.example"}, (403, "other_site")),
        ("POST", JSON | {"Origin": "http://localhost"}, (403, "other_site")),
        ("POST", JSON | {"Origin": "null"}, (403, "other_site")),
    ],
)
def test_a_search_is_a_post_of_json_from_our_own_page(people, method, headers, refused):
    """Nothing else is accepted: no form or page of another site."""
    body = [b"{}"] if "Transfer_Encoding" in headers else "{}"

    assert code(people(SEARCH, method, body=body, **headers)) == refused


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec_Fetch_Site": "same-origin"},
        {"Sec_Fetch_Site": "same-origin", "Origin": "https://dashboard.example.com"},
        {"Origin": "http://HOST"},
        {"Origin": "https://HOST"},
    ],
)
def test_our_own_page_and_scripts_may_search(people, headers):
    """Also behind a proxy, which may terminate TLS or change the host."""
    host = f"localhost:{people.address.port}"
    sent = {name: value.replace("HOST", host) for name, value in headers.items()}

    found = people(SEARCH, "POST", body='{"text": "ana"}', Host=host, **JSON, **sent)

    assert (found.status, found.text) == (200, '{"text": "ana"}')


@pytest.mark.parametrize(("length", "status"), [(4_096, 200), (4_097, 413)])
def test_a_search_has_at_most_4_kb(people, length, status):
    """It is a name, an e-mail address or an id."""
    assert (
        people(SEARCH, "POST", body="x" * length, Content_Type="application/json; charset=utf-8").status == status
    )


@pytest.mark.parametrize(
    ("site", "status"), [("same-origin", 200), ("none", 200), ("cross-site", 403), ("same-site", 403)]
)
def test_another_site_cannot_fill_the_access_log(people, site, status):
    """An image on its page could send requests in the reader's name, although it could not read the answers."""
    assert people("/api/people.csv", Sec_Fetch_Site=site).status == status
