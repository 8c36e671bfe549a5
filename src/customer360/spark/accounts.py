"""Other accounts on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pwd import struct_passwd

_FIRST_PERSON: Final = 500 if sys.platform == "darwin" else 1000
_NOBODY: Final = 65534
_NO_LOGIN: Final = ("nologin", "false", "sync")


def others() -> bool:
    """
    Whether people other than this user can log in here, according to the list of accounts.

    On Windows, always true. A directory service (LDAP) may have more accounts than it lists.
    """
    if sys.platform == "win32":
        return True
    import pwd

    return bool(persons(pwd.getpwall(), os.getuid()))


def persons(accounts: Iterable[struct_passwd], own: int) -> list[str]:
    """The accounts that can log in, except *own* and root, which can do everything anyway."""
    return [
        account.pw_name
        for account in accounts
        if account.pw_uid >= _FIRST_PERSON
        and account.pw_uid not in (own, _NOBODY)
        and not account.pw_shell.endswith(_NO_LOGIN)
    ]
