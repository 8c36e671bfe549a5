"""Who may see the dashboard: users with passwords, anyone with the token, or both."""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from customer360 import settings
from customer360.errors import Customer360Error, Invalid, Refused, Unavailable

_LOG: Final = logging.getLogger(__name__)
SHORTEST_TOKEN: Final = 16
SHORTEST_PASSWORD: Final = 12
_HASH: Final = re.compile(r"\$argon2(id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+(\$[A-Za-z0-9+/]+){2}")
_SEES_PEOPLE: Final = "people"
"""The third field in the line of a user who may see individual customers."""
_NAME: Final = re.compile(r"[^:#\s]([^:]*\S)?", re.ASCII)
_HASHER: Final = PasswordHasher()


@dataclass(frozen=True)
class User:
    """The user of a request: the name in the access log, and whether the user may see individual customers."""

    name: str
    sees_people: bool = False


NOBODY: Final = User("")
"""A user who has not signed in."""

_TOKEN_HOLDER: Final = User("token")
"""A user with the token. It can be anyone, so this user never sees individual customers."""


@dataclass(frozen=True)
class Files:
    """The files with the credentials, and a stamp that changes when one of them changes."""

    token: Path | None = None
    users: Path | None = None

    def stamp(self) -> tuple[object, ...]:
        return tuple(_stamp(path) for path in (self.token, self.users) if path)


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


@dataclass(frozen=True)
class Credentials:
    """A token, users with the Argon2 hashes of their passwords, or both. They are never shown."""

    token: str | None = field(default=None, repr=False)
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: Files = field(default=Files(), repr=False)
    stamp: tuple[object, ...] = field(default=(), repr=False)
    """The stamp of the files when they were read."""
    see_people: frozenset[str] = field(default=frozenset(), repr=False)
    """The names of the *users* who may see individual customers."""

    def __post_init__(self) -> None:
        if self.token is not None and len(self.token) < SHORTEST_TOKEN:
            raise Invalid(
                f"the dashboard's token has {len(self.token)} characters, but needs {SHORTEST_TOKEN} or more; "
                "create one with: openssl rand -hex 24"
            )

    def renewed(self) -> Credentials:
        """
        These credentials, or those in the files if the files have changed.

        If a file cannot be used, nobody is let in, and the reason is logged.
        """
        stamp = self.files.stamp()
        if stamp == self.stamp:
            return self
        try:
            return configured(self.files.token, self.files.users) or Credentials(files=self.files, stamp=stamp)
        except Customer360Error as error:
            _LOG.warning("nobody can sign in: %s", error)
            return Credentials(files=self.files, stamp=stamp)

    def require_people(self) -> None:
        """Raises: Refused when no user may see individual customers."""
        if not self.see_people:
            raise Refused(
                "--people shows individual customers only to users who may see them, and no user may; create the "
                "line of such a user with: customer360 password NAME --people, and pass --users FILE"
            )

    def accept(self, authorization: bytes) -> User | None:
        """
        The user with this value of an Authorization header; None if it matches no credentials.

        A browser's prompt has only a name and a password, so the token is accepted as the password of any name.
        Checking a password takes the time of Argon2 whether or not the name exists.
        """
        scheme, _, value = authorization.partition(b" ")
        if scheme.lower() == b"bearer":
            return _TOKEN_HOLDER if self._is_token(value.strip()) else None
        if scheme.lower() != b"basic":
            return None
        name, password = _name_and_password(value)
        if self._is_token(password):
            return _TOKEN_HOLDER
        return User(name, name in self.see_people) if self._is_user(name, password) else None

    def _is_token(self, given: bytes) -> bool:
        return self.token is not None and hmac.compare_digest(given, self.token.encode(errors="surrogateescape"))

    def _is_user(self, name: str, password: bytes) -> bool:
        if not self.users:
            return False
        known = self.users.get(name)
        matches = _matches(known or next(iter(self.users.values())), password)
        return matches and known is not None


def _name_and_password(value: bytes) -> tuple[str, bytes]:
    try:
        name, _, password = base64.b64decode(value, validate=True).partition(b":")
    except binascii.Error:
        return "", b""
    return name.decode(errors="replace"), password


def _matches(hashed: str, password: bytes) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def configured(token_file: Path | None, users_file: Path | None) -> Credentials | None:
    """
    The credentials from the two files and the environment; None if there are none.

    The file takes precedence over the environment.
    """
    files = Files(token_file, users_file)
    stamp = files.stamp()  # before reading them: the next check sees a change in between
    token = _private_text(token_file).strip() if token_file else settings.dashboard_token()
    users, see_people = _users(users_file) if users_file else ({}, frozenset[str]())
    return None if token is None and not users else Credentials(token, users, files, stamp, see_people)


def check_name(name: str) -> None:
    """Raises: Customer360Error when *name* is not possible in a users file."""
    if not _is_name(name):
        raise Invalid(
            f"invalid user name {name!r}; it must not contain a colon or control characters, "
            "nor start or end with space or #"
        )


def _is_name(name: str) -> bool:
    """Whether *name* fits in a line of a users file."""
    return bool(_NAME.fullmatch(name)) and name.isprintable()


def users_line(name: str, password: str, *, sees_people: bool = False) -> str:
    """The line of a user in the users file."""
    check_name(name)
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(
            f"the password has {len(password)} characters, but needs {SHORTEST_PASSWORD} or more; "
            "a few words in a row work well"
        )
    return f"{name}:{_HASHER.hash(password)}" + (f":{_SEES_PEOPLE}" if sees_people else "")


def _users(path: Path) -> tuple[dict[str, str], frozenset[str]]:
    """
    The names and hashes in a users file, and the names of users who may see individual customers.

    Each line is `name:hash` or `name:hash:people`; empty lines and # comments are ignored.
    """
    users: dict[str, str] = {}
    see_people = set()
    for number, line in enumerate(_private_text(path).splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, rest = line.strip().partition(":")
        hashed, *rights = rest.split(":")
        is_right = _is_name(name) and _HASH.fullmatch(hashed) and rights in ([], [_SEES_PEOPLE])
        if name in users or not is_right:
            wrong = f"repeats the user '{name}'" if name in users else "is not NAME:HASH or NAME:HASH:people"
            raise Invalid(f"line {number} of {path} {wrong}; create each line with: customer360 password NAME")
        users[name] = hashed
        if rights:
            see_people.add(name)
    if not users:
        raise Invalid(f"{path} contains no users; create a line for one with: customer360 password NAME")
    return users, frozenset(see_people)


def _private_text(path: Path) -> str:
    """The text of a file that only its owner may read."""
    try:
        loose = os.name != "nt" and path.stat().st_mode & 0o077
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Invalid(f"{path} is not text in UTF-8") from None
    except OSError as error:
        raise Unavailable(f"cannot read {path} ({error.strerror}); check the path") from None
    if loose:
        quoted = shlex.quote(str(path))
        raise Refused(f"{path} is accessible to other users; restrict it with: chmod 600 {quoted}")
    return text
