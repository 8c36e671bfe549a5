"""The embedded PostgreSQL: installed from a wheel, started on demand, listening on this machine only."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import psutil
from psycopg import sql

from customer360 import settings
from customer360.errors import Refused, Unavailable
from customer360.postgres import catalog
from customer360.postgres.account import Account, completed, new_account, save_account
from customer360.postgres.connection import Database
from customer360.postgres.home import Home, private
from customer360.postgres.people import PEOPLE
from customer360.postgres.programs import Programs, complaint, require_version
from customer360.postgres.reader import READER

HOST: Final = "127.0.0.1"
DATABASE: Final = "customer360"
OWNER: Final = "customer360"
PREFERRED_PORT: Final = 54360
_START_SECONDS: Final = 120
_END_SECONDS: Final = 3
_PID_LINE: Final = 0
_PORT_LINE: Final = 3

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
    # No checkpoint while thirty million rows are filled: after one, the first reader of a page causes the whole
    # page to be written to the WAL again.
    "max_wal_size": "'10GB'",
    "checkpoint_timeout": "'15min'",
    "wal_level": "minimal",  # an embedded server has no replicas
    "max_wal_senders": "0",
}


# By default every role may connect to every database, create temporary tables there, and store large objects.
_ONLY_READING: Final = f"""
    REVOKE ALL ON DATABASE {DATABASE}, postgres, template1 FROM PUBLIC;
    GRANT CONNECT ON DATABASE {DATABASE} TO {READER};
    GRANT {READER} TO {PEOPLE};
    ALTER ROLE {READER} SET default_transaction_read_only = on;
    ALTER ROLE {PEOPLE} SET default_transaction_read_only = on;
"""
_NO_LARGE_OBJECTS: Final = """
    REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC;
"""


class EmbeddedPostgres:
    """
    The server in the folder *home*; any number of processes can use it at the same time.

    It keeps running when the command that started it ends, so that Power BI and other terminals can connect;
    `stop` ends it. If you are root, it runs as the system user `customer360`, which is created when missing.
    """

    def __init__(self, home: Path | None = None) -> None:
        self._home = Home(settings.resolved(home) if home else settings.home())
        self._programs = Programs(self.home)

    @property
    def home(self) -> Path:
        return self._home.path

    @property
    def data(self) -> Path:
        return self._home.data

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    def start(self, *, new_passwords: bool = False) -> Database:
        """
        The owner's database; starts the server and creates what is missing.

        *new_passwords* gives every role a new password, even when the old ones are lost; the data stays.
        Raises: Customer360Error when the folder cannot be used, when a part of it is missing, or when the
        server does not start.
        """
        self._home.make()
        with self._home.exclusively():
            if new_passwords:
                self._renew_passwords()
            is_made = self.is_made()
            if not is_made and not self._home.is_begun():
                self._initialise()
            kept = self._home.account() if is_made else self._home.account_of_draft()
            account = completed(kept)
            is_launched = not self.is_running() and self._launch(account)
            if is_launched or not is_made or account != kept:
                self._make_database(account)
            self._finish(account, is_kept=is_made and account == kept)
        return self.database()

    def stop(self) -> bool:
        """Stops the server and disconnects everyone; False when it was not running."""
        if not self.is_running():
            self._require_nobody_serves()
            return False
        with self._home.exclusively():
            try:
                self._programs.run("pg_ctl", "stop", "-D", "data", "-m", "fast", "-w", "-t", str(_START_SECONDS))
            except subprocess.CalledProcessError:
                if self.is_running():
                    raise Unavailable(
                        f"the embedded PostgreSQL did not stop within {_START_SECONDS} s: {complaint(self.log)}; "
                        f"its log: {self.log}"
                    ) from None
        return True

    def is_running(self) -> bool:
        """
        Whether this folder's server is running; a stale pid file of a killed server does not count.

        Raises: Customer360Error when the folder belongs to another user.
        """
        try:
            return _serves(psutil.Process(int(self._pid_file()[_PID_LINE])), self.data)
        except PermissionError:
            raise self._home.of_another_user() from None
        except (OSError, ValueError, IndexError, psutil.Error):
            return False

    def is_made(self) -> bool:
        """
        Whether there is an embedded database in this folder, running or not.

        Raises: Customer360Error when a part of it is missing, or when it belongs to another user.
        """
        return self._home.is_made()

    def require_version(self) -> None:
        """Raises: Customer360Error when the installed programs cannot open the data."""
        require_version(self.data)

    def database(self) -> Database:
        """The owner's database; does not start the server."""
        account = self._home.account()
        return self._database(account, OWNER, account.owner_password)

    def reader_database(self) -> Database:
        """The same database for users who may only read the results: Power BI and the browser."""
        account = self._home.account()
        return self._database(account, READER, account.reader_password)

    def people_database(self) -> Database:
        """The same database for users who may also see individual customers with their contact data."""
        account = self._home.account()
        if not account.people_password:
            raise Unavailable(
                "the embedded PostgreSQL has no role customer360_people yet; run: customer360 db start"
            )
        return self._database(account, PEOPLE, account.people_password)

    def _initialise(self) -> None:
        """Creates both parts in the draft, and moves `data` to its final place."""
        self._require_nobody_serves()
        self._home.remove_draft()
        self._home.make_draft()
        try:
            self._initdb()
        except (subprocess.CalledProcessError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else self._programs.complaint()
            self._home.remove_draft()
            raise Unavailable(
                f"the embedded PostgreSQL could not be created in {self.home}: {reason}; fix that, or set "
                f"{settings.HOME} to another folder or {settings.DATABASE_URL} to your own PostgreSQL"
            ) from None
        (self._home.draft / "data").rename(self.data)

    def _initdb(self) -> None:
        account = new_account(free_port(PREFERRED_PORT))
        folder = self._home.draft
        draft, password = folder / "data", folder / "password"
        draft.mkdir(mode=0o700)
        save_account(folder / "account.json", account)
        private(password).write_text(account.owner_password)
        self._programs.give_to_server(draft, password)
        self._programs.run(
            "initdb", "-D", f"{folder.name}/data", f"--pwfile={folder.name}/password",
            "-U", OWNER, "--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8", "--locale=C",
        )  # fmt: skip
        password.unlink()
        with (draft / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = {value}\n" for name, value in _SERVER_SETTINGS.items())

    def _launch(self, account: Account) -> bool:
        """Starts the server on the account's port, or on another when that one is taken."""
        self._require_nobody_serves()
        require_version(self.data)
        # pg_ctl passes the data folder on as given; `_servers` finds the process by its full path.
        known_by = "" if sys.platform == "win32" else f" -D {shlex.quote(str(self.data))}"
        port = free_port(account.port)
        try:
            self._programs.run(
                "pg_ctl", "start", "-D", "data", "-l", "data/server.log", "-w", "-t", str(_START_SECONDS),
                "-o", f"-p {port}{known_by}",
            )  # fmt: skip
        except subprocess.CalledProcessError:
            if free_port(port) != port:  # another program took the port after our check
                return self._launch(account)
            raise Unavailable(
                f"the embedded PostgreSQL did not start: {complaint(self.log)}; its log: {self.log}"
            ) from None
        return True

    def _require_nobody_serves(self) -> None:
        """Raises: Customer360Error when a server is still running on a data folder that is gone."""
        _, running = psutil.wait_procs(_servers(self.data), timeout=_END_SECONDS)
        if running:
            raise Unavailable(
                f"a PostgreSQL server (process {running[0].pid}) started in {self.data} is still running, but its "
                f"files are gone; stop it with: kill {running[0].pid}. Then connect the disk or restore the folder"
            )

    def _finish(self, account: Account, *, is_kept: bool) -> None:
        """Saves the account with the port that the server listens on, and completes a first start."""
        port = self._port(account)
        if not is_kept or port != account.port:
            save_account(self._home.account_file, replace(account, port=port))
        self._home.remove_draft()

    def _renew_passwords(self) -> None:
        """Uses PostgreSQL's single-user mode, which needs no password and changes nothing else."""
        if self.is_running():
            raise Refused("the embedded PostgreSQL is running; stop it first: customer360 db stop")
        self._home.require_data()
        self._require_nobody_serves()
        require_version(self.data)
        # The next step of the start sets the one of customer360_people: data of an older version lacks the role.
        account = replace(new_account(self._last_port()), people_password="")
        roles = ((OWNER, account.owner_password), (READER, account.reader_password))
        statements = "".join(f"ALTER ROLE {role} PASSWORD '{password}'\n" for role, password in roles)
        try:
            self._programs.run("postgres", "--single", "-D", "data", "postgres", typed=statements)
        except subprocess.CalledProcessError:
            raise Unavailable(
                f"cannot change the passwords of the embedded PostgreSQL: {self._programs.complaint()}"
            ) from None
        save_account(self._home.account_file, account)

    def _last_port(self) -> int:
        """The port that the server was last started with, even when the account is lost."""
        with suppress(OSError):
            if told := re.search(r'"-p" "(\d+)"', (self.data / "postmaster.opts").read_text()):
                return int(told[1])
        return PREFERRED_PORT

    def _make_database(self, account: Account) -> None:
        """Creates the database and the readers' roles, each only when missing."""
        with self._database(account, OWNER, account.owner_password, "postgres").connect() as connection:
            if not _exists(connection, "pg_database", "datname", DATABASE):
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
            for role, password in ((READER, account.reader_password), (PEOPLE, account.people_password)):
                verb = "ALTER" if _exists(connection, "pg_roles", "rolname", role) else "CREATE"
                connection.execute(
                    sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(
                        sql.SQL(verb), sql.Identifier(role), sql.Literal(password)
                    )
                )
            connection.execute(_ONLY_READING)
        with self._database(account, OWNER, account.owner_password).connect() as connection:
            connection.execute(_NO_LARGE_OBJECTS)

    def _database(self, account: Account, role: str, password: str, name: str = DATABASE) -> Database:
        """Requires SCRAM: another user's program on that port learns no password and cannot pose as the server."""
        return Database(
            f"postgresql://{role}:{password}@{HOST}:{self._port(account)}/{name}?require_auth=scram-sha-256"
        )

    def _port(self, account: Account) -> int:
        """The port that a running server reports; else the account's."""
        if not self.is_running():
            return account.port
        try:
            return int(self._pid_file()[_PORT_LINE])
        except (OSError, ValueError, IndexError):
            return account.port

    def _pid_file(self) -> list[str]:
        return (self.data / "postmaster.pid").read_text().splitlines()


def open_database(url: str | None = None) -> Database:
    """The database at *url*, else at CUSTOMER360_DATABASE_URL, else the embedded one, started if necessary."""
    external = settings.database_url() if url is None else url
    return EmbeddedPostgres().start() if external is None else Database(external)


def free_port(preferred: int) -> int:
    """*preferred* when it is free, else any free port."""
    for port in (preferred, 0):
        with socket.socket() as probe:
            # Like the server itself, so that a port in TIME_WAIT counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(sys.platform != "win32"))
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise Unavailable(f"there is no free port on {HOST}")


def _servers(data: Path) -> list[psutil.Process]:
    """Every server process that was started on the folder *data*."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if _serves(process, data):
                found.append(process)
    return found


def _serves(process: psutil.Process, data: Path) -> bool:
    """Whether *process* is a server on the folder *data*, regardless of the path it was started with."""
    if not process.name().startswith("postgres") or process.status() == psutil.STATUS_ZOMBIE:
        return False
    arguments = process.cmdline()
    if "-D" not in arguments:  # a child process of a server
        return False
    folders = [argument for argument in arguments if Path(argument).is_absolute()]
    with suppress(psutil.AccessDenied):  # in a container, even root may be denied
        folders.append(process.cwd())
    return any(_is_same(folder, data) for folder in folders)


def _is_same(folder: str, data: Path) -> bool:
    with suppress(OSError):
        return data.samefile(folder)
    return folder == str(data)


def _exists(connection: Any, relation: str, column: str, name: str) -> bool:
    query = sql.SQL("SELECT 1 FROM {} WHERE {} = %s").format(sql.Identifier(relation), sql.Identifier(column))
    return catalog.value(connection, query, name) is not None
