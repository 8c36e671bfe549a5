"""The file with the port and the two passwords of the embedded PostgreSQL, which a restart must find again."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from customer360.errors import Unavailable

NEW_PASSWORDS: Final = "customer360 db stop, then customer360 db start --new-passwords"
"""How to get into a server whose passwords are lost; its data stays."""

_SECRETS: Final = ("owner_password", "reader_password")


@dataclass(frozen=True)
class Account:
    """The port and the passwords; *others* are entries of a newer version, which are kept as they are."""

    port: int
    owner_password: str = field(repr=False)
    reader_password: str = field(repr=False)
    others: dict[str, Any] = field(default_factory=dict, repr=False)


def new_account(port: int) -> Account:
    return Account(port, secrets.token_urlsafe(24), secrets.token_urlsafe(24))


def read_account(file: Path) -> Account:
    """
    The account in *file*.

    Raises: Customer360Error when it is cut short or was edited wrongly; OSError when it cannot be read.
    """
    try:
        entries = json.loads(file.read_bytes())
        port, owner, reader = (entries.pop(name) for name in ("port", *_SECRETS))
        account = Account(port, owner, reader, entries)
    except (ValueError, AttributeError, TypeError, KeyError):
        raise _unreadable(file) from None
    texts = (account.owner_password, account.reader_password)
    if type(account.port) is not int or not 0 < account.port < 65_536 or not all(map(_is_password, texts)):
        raise _unreadable(file)
    return account


def save_account(file: Path, account: Account) -> None:
    """Written next to *file* and renamed, so that a kill leaves the old file or the new one; mode 0600."""
    draft = file.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    passwords = {name: getattr(account, name) for name in _SECRETS}
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as opened:
        json.dump({"port": account.port, **passwords, **account.others}, opened)
        opened.flush()
        os.fsync(opened.fileno())
    draft.replace(file)


def _is_password(entry: object) -> bool:
    return isinstance(entry, str) and bool(entry)


def _unreadable(file: Path) -> Unavailable:
    return Unavailable(
        f"{file} is damaged: it must hold a port and two passwords as JSON; restore it from a backup, or give the "
        f"server new passwords, which keeps the data: {NEW_PASSWORDS}"
    )
