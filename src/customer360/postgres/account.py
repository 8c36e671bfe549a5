"""The file that keeps the port and the passwords of the embedded PostgreSQL across restarts."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from customer360.errors import Unavailable

NEW_PASSWORDS: Final = "customer360 db stop, then customer360 db start --new-passwords"
"""How to regain access to a server whose passwords are lost; its data stays."""

_SECRETS: Final = ("owner_password", "reader_password")
_PEOPLE: Final = "people_password"


@dataclass(frozen=True)
class Account:
    """
    The port and the passwords; *others* are entries of a newer version, which are kept unchanged.

    The password of customer360_people is "" in an account from a version without that role.
    """

    port: int
    owner_password: str = field(repr=False)
    reader_password: str = field(repr=False)
    people_password: str = field(default="", repr=False)
    others: dict[str, Any] = field(default_factory=dict, repr=False)


def new_account(port: int) -> Account:
    return completed(Account(port, secrets.token_urlsafe(24), secrets.token_urlsafe(24)))


def completed(account: Account) -> Account:
    """*account* with the password that an account of an older version lacks."""
    return account if account.people_password else replace(account, people_password=secrets.token_urlsafe(24))


def read_account(file: Path) -> Account:
    """
    The account in *file*.

    Raises: Customer360Error when it is truncated or malformed; OSError when it cannot be read.
    """
    try:
        entries = json.loads(file.read_bytes())
        port, owner, reader = (entries.pop(name) for name in ("port", *_SECRETS))
        account = Account(port, owner, reader, entries.pop(_PEOPLE, ""), entries)
    except (ValueError, AttributeError, TypeError, KeyError):
        raise _unreadable(file) from None
    texts = (account.owner_password, account.reader_password)
    is_port = type(account.port) is int and 0 < account.port < 65_536
    if not is_port or not all(map(_is_password, texts)) or not isinstance(account.people_password, str):
        raise _unreadable(file)
    return account


def save_account(file: Path, account: Account) -> None:
    """Writes next to *file* and renames, so that a kill leaves either the old file or the new one; mode 0600."""
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    passwords = {name: getattr(account, name) for name in (*_SECRETS, _PEOPLE) if getattr(account, name)}
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as opened:
        json.dump({"port": account.port, **passwords, **account.others}, opened)
        opened.flush()
        os.fsync(opened.fileno())
    draft.replace(file)


def _is_password(entry: object) -> bool:
    return isinstance(entry, str) and bool(entry)


def _unreadable(file: Path) -> Unavailable:
    return Unavailable(
        f"{file} is damaged: it must contain a port and two passwords as JSON; restore it from a backup, or set "
        f"new passwords, which keeps the data: {NEW_PASSWORDS}"
    )
