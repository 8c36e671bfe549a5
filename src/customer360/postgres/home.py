"""The folder of the embedded PostgreSQL: which of its parts exist, and how they are created."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from customer360 import settings
from customer360.errors import Invalid, Refused, Unavailable
from customer360.postgres.account import NEW_PASSWORDS, Account, read_account

_DRAFT_FILES: Final = {"data", "account.json", "account.draft", "password"}


@dataclass(frozen=True)
class Home:
    """
    The folder *path* with its two parts: `data`, PostgreSQL's own folder, and `account.json`.

    A first start creates both in `first-start.draft`, then moves them to their final places: first `data`, and
    `account.json` once the server has started and is set up. A killed first start leaves its draft, and the next
    start continues from it. Only such a draft is ever removed.
    """

    path: Path

    @property
    def data(self) -> Path:
        return self.path / "data"

    @property
    def account_file(self) -> Path:
        return self.path / "account.json"

    @property
    def draft(self) -> Path:
        return self.path / "first-start.draft"

    def is_made(self) -> bool:
        """
        Whether both parts exist.

        Raises: Customer360Error when only one of them exists, or when they belong to another user.
        """
        has_data, has_account = self._holds(self.data), self._holds(self.account_file)
        if has_data and has_account:
            self.require_data()
        elif has_account:
            raise Unavailable(
                f"the data of the embedded database is missing: {self.path} contains account.json, but no folder "
                "data; connect its disk or restore the folder from a backup. To start with an empty database, "
                "move account.json elsewhere"
            )
        elif has_data and not self.is_begun():
            raise Unavailable(
                f"the passwords of the embedded database are missing: {self.path} contains the folder data, but "
                "no account.json; restore that file from a backup, or set new passwords, which keeps the data: "
                f"{NEW_PASSWORDS}"
            )
        return has_data and has_account

    def is_begun(self) -> bool:
        """Whether a first start was killed after it had moved `data` to its final place."""
        has_account, has_data = (self._holds(self.draft / name) for name in ("account.json", "data"))
        return self._holds(self.data) and has_account and not has_data

    def require_data(self) -> None:
        """Raises: Customer360Error when `data` is missing or is not a PostgreSQL data folder."""
        if not self._holds(self.data):
            raise self._not_made()
        try:
            (self.data / "PG_VERSION").stat()
        except PermissionError:
            raise self.of_another_user() from None
        except OSError:
            raise Unavailable(
                f"{self.data} is not a PostgreSQL data folder: it has no file PG_VERSION; connect its disk or "
                "restore the folder from a backup"
            ) from None

    def account(self) -> Account:
        """Raises: Customer360Error when the embedded database, or a part of it, is missing."""
        if not self.is_made():
            raise self._not_made()
        return self._account(self.account_file)

    def account_of_draft(self) -> Account:
        return self._account(self.draft / "account.json")

    def make(self) -> None:
        if len(str(self.path).splitlines()) > 1:  # PostgreSQL writes it as one line of a file
            raise Invalid(
                f"cannot use the folder {str(self.path)!r}: its name contains a line break; "
                f"set {settings.HOME} to another folder"
            )
        try:
            # Root's server runs as another user, who must be able to enter.
            self.path.mkdir(parents=True, exist_ok=True, mode=0o755 if settings.running_as_root() else 0o700)
        except OSError as error:
            raise Unavailable(
                f"cannot create the folder {self.path} ({error.strerror}); set {settings.HOME} to another"
            ) from None
        if not os.access(self.path, os.W_OK):
            raise Unavailable(f"cannot write to {self.path}; set {settings.HOME} to a folder of your own")

    def make_draft(self) -> None:
        """Creates an empty draft that the server's user can enter."""
        self.draft.mkdir(mode=0o711 if settings.running_as_root() else 0o700)

    def remove_draft(self) -> None:
        """Removes the unused rest of a first start. Raises: Customer360Error when it contains other files."""
        if not self._holds(self.draft):
            return
        if self.draft.is_symlink() or not {path.name for path in self.draft.iterdir()} <= _DRAFT_FILES:
            raise Refused(f"{self.draft} contains files that customer360 did not create; move it elsewhere")
        shutil.rmtree(self.draft)

    @contextmanager
    def exclusively(self) -> Iterator[None]:
        """Prevents other processes from starting or stopping the server meanwhile."""
        import fasteners

        try:
            with fasteners.InterProcessLock(private(self.path / ".lock")):
                yield
        except OSError as error:
            raise self._unusable(error) from None

    def of_another_user(self) -> Unavailable:
        return Unavailable(
            f"the embedded database in {self.path} belongs to another user; "
            f"set {settings.HOME} to a folder of your own"
        )

    def _holds(self, path: Path) -> bool:
        """Whether something has this name, even a broken link."""
        try:
            path.lstat()
        except PermissionError:
            raise self.of_another_user() from None
        except OSError:
            return False
        return True

    def _account(self, file: Path) -> Account:
        try:
            return read_account(file)
        except PermissionError:
            raise self.of_another_user() from None
        except OSError as error:
            raise self._unusable(error) from None

    def _unusable(self, error: OSError) -> Unavailable:
        return Unavailable(
            f"cannot use the folder {self.path} ({error.strerror or error}); set {settings.HOME} to another"
        )

    def _not_made(self) -> Unavailable:
        return Unavailable(
            f"there is no embedded database in {self.path} yet; create one with: customer360 db start"
        )


def private(path: Path) -> Path:
    """*path*, created when missing, readable by its owner only."""
    path.touch(mode=0o600)
    return path
