"""Who else has an account on this machine."""

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
    Whether people other than this user may log in here, as far as the list of accounts tells.

    Windows is not asked and counts as yes. A directory service (LDAP) may know more people than it lists.
    """
    if sys.platform == "win32":
        return True
    import pwd

    return bool(persons(pwd.getpwall(), os.getuid()))


def persons(accounts: Iterable[struct_passwd], own: int) -> list[str]:
    """Those who may log in, but for *own* and root, who can do everything in any case."""
    return [
        account.pw_name
        for account in accounts
        if account.pw_uid >= _FIRST_PERSON
        and account.pw_uid not in (own, _NOBODY)
        and not account.pw_shell.endswith(_NO_LOGIN)
    ]
