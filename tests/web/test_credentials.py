"""Credentials and their files: a token, users with passwords, or both."""

import base64
import os
import time
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from customer360.errors import Customer360Error
from customer360.web.credentials import Credentials, User, configured, users_line

TOKEN = "a-token-of-some-length"
PASSWORD = "correct horse battery"
SALT = b"the same always."  # all processes of a parallel run must generate the same test names
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD, salt=SALT)
SLOW = PasswordHasher(time_cost=6, memory_cost=65_536, parallelism=1).hash(PASSWORD, salt=SALT)


def basic(name, password):
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


def seconds_of(action):
    """Processor time, which other processes do not affect."""
    started = time.process_time()
    action()
    return time.process_time() - started


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        f"Bearer {TOKEN}x",
        f"Bearer {PASSWORD}",
        f"Digest {TOKEN}",
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode(),
        basic("ada", ""),
        basic("ada", PASSWORD + "x"),
        basic("Ada", PASSWORD),
        basic("eve", PASSWORD),
        basic("ada", QUICK),
    ],
)
def test_anything_but_the_token_and_a_password_is_wrong(authorization):
    """Including headers that no browser sends."""
    assert not Credentials(TOKEN, {"ada": QUICK}).accept(authorization.encode())


def test_unconfigured_credentials_are_refused():
    """Neither an empty token nor an unknown user."""
    assert not Credentials(users={"ada": QUICK}).accept(b"Bearer ")
    assert not Credentials(users={"ada": QUICK}).accept(basic("", "").encode())
    assert not Credentials(token=TOKEN).accept(basic("ada", PASSWORD).encode())


def test_an_unknown_name_takes_as_long_as_a_known_one():
    """Otherwise the time would reveal which names exist."""
    credentials = Credentials(users={"ada": SLOW})

    known = seconds_of(lambda: credentials.accept(basic("ada", "wrong").encode()))
    unknown = seconds_of(lambda: credentials.accept(basic("eve", "wrong").encode()))

    assert unknown > known / 2


# --- files and environment --------------------------------------------------------------------------------------


@pytest.fixture
def private(tmp_path):
    def write(text, mode=0o600):
        path = tmp_path / "file"
        path.write_text(text)
        path.chmod(mode)
        return path

    return write


def test_without_file_and_variable_no_credentials_are_needed():
    """On a local machine there is nothing to guard against."""
    assert configured(None, None) is None


def accepts(token_file: Path | None, users_file: Path | None, header: bytes) -> bool:
    credentials = configured(token_file, users_file)
    assert credentials
    return credentials.accept(header) is not None


def test_the_token_file_takes_precedence_over_the_variable(private, monkeypatch):
    """The line break is not part of the token."""
    monkeypatch.setenv("CUSTOMER360_DASHBOARD_TOKEN", "of the environment")

    assert accepts(None, None, b"Bearer of the environment")
    assert accepts(private(f"{TOKEN}\n"), None, f"Bearer {TOKEN}".encode())
    assert not accepts(private(f"{TOKEN}\n"), None, b"Bearer of the environment")


def test_a_line_of_the_password_command_lets_the_user_in(private):
    """Between comments and empty lines, with accents in name and password."""
    users = private(f"# readers\n\n{users_line('zoë', 'pässword of zoë')}\n")

    assert accepts(None, users, basic("zoë", "pässword of zoë").encode())
    assert not accepts(None, users, basic("zoë", "password of zoe").encode())


@pytest.mark.parametrize("name", ["0\x1e", "ada\neve", "a\u2028b", "a\x00", "a:b", "#a", "a ", ""])
def test_a_name_that_would_break_its_line_is_refused(name):
    """The file is split into lines at every character that ends one, and into fields at colons."""
    with pytest.raises(Customer360Error, match="invalid user name"):
        users_line(name, PASSWORD)


def test_a_line_says_whether_its_user_sees_people(private):
    """Users in lines of older versions see no people."""
    lines = [users_line("ada", PASSWORD, sees_people=True), users_line("bob", PASSWORD)]
    credentials = configured(None, private("\n".join(lines)))

    assert credentials is not None
    assert credentials.accept(basic("ada", PASSWORD).encode()) == User("ada", sees_people=True)
    assert credentials.accept(basic("bob", PASSWORD).encode()) == User("bob", sees_people=False)


def test_the_token_never_sees_people():
    """Anyone may have it; the same holds when it is the password of a user who sees people."""
    credentials = Credentials(TOKEN, {"ada": QUICK}, see_people=frozenset({"ada"}))

    for given in (f"Bearer {TOKEN}", basic("ada", TOKEN), basic("", TOKEN)):
        assert credentials.accept(given.encode()) == User("token", sees_people=False)


def test_a_dashboard_for_people_needs_a_user_who_may_see_them():
    """Otherwise it would start without showing anybody, and the reason would be hard to find."""
    Credentials(users={"ada": QUICK}, see_people=frozenset({"ada"})).require_people()
    for credentials in (Credentials(TOKEN), Credentials(users={"ada": QUICK})):
        with pytest.raises(Customer360Error, match="and no user may; .*password NAME --people"):
            credentials.require_people()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"ada:{QUICK}:admin\n", "line 1 of FILE is not NAME:HASH or NAME:HASH:people"),
        (f"ada:{QUICK}:people:people\n", "line 1 of FILE is not NAME:HASH or NAME:HASH:people"),
        (f"ada:{QUICK}:\n", "line 1 of FILE is not NAME:HASH or NAME:HASH:people"),
        (f"ada:{QUICK}:People\n", "line 1 of FILE is not NAME:HASH or NAME:HASH:people"),
        ("", "contains no users; create a line for one with: customer360 password NAME"),
        (
            "ada\n",
            "line 1 of FILE is not NAME:HASH or NAME:HASH:people; create each line with: customer360 password NAME",
        ),
        (f"ada:{QUICK}\n\neve:hunter2\n", "line 3 of FILE is not NAME:HASH"),
        (f":{QUICK}\n", "line 1 of FILE is not NAME:HASH"),
        (f"ada:{QUICK[:-30]}$\n", "line 1 of FILE is not NAME:HASH"),
        (f"ada:{QUICK}\nada:{QUICK}\n", "line 2 of FILE repeats the user 'ada'"),
    ],
)
def test_a_malformed_users_file_is_refused_with_its_line(private, text, said):
    """Without repeating text that may be a password."""
    path = private(text)

    with pytest.raises(Customer360Error) as refused:
        configured(None, path)

    assert said.replace("FILE", str(path)) in str(refused.value)
    assert "hunter2" not in str(refused.value)
    assert "$argon2" not in str(refused.value)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_may_read_is_refused_with_the_fix(private, mode):
    """Others could read the secrets."""
    path = private(f"{TOKEN}\n", mode)

    with pytest.raises(Customer360Error, match=f"chmod 600 {path}"):
        configured(path, None)
    with pytest.raises(Customer360Error, match=f"chmod 600 {path}"):
        configured(None, path)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    """The message includes the reason."""
    with pytest.raises(Customer360Error, match=r"cannot read .*nothing \(No such file or directory\)"):
        configured(None, tmp_path / "nothing")


def test_a_short_token_or_password_is_refused(private):
    """They can be guessed."""
    with pytest.raises(Customer360Error, match="token has 15 characters, but needs 16 or more"):
        configured(private("fifteen letters\n"), None)
    with pytest.raises(Customer360Error, match="password has 11 characters, but needs 12 or more"):
        users_line("ada", "eleven char")


def test_credentials_are_never_shown():
    """Not even in a traceback."""
    assert repr(Credentials(TOKEN, {"ada": QUICK})) == "Credentials()"
