"""Every connection problem is reported in one line, without the password."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from customer360.errors import Customer360Error
from customer360.postgres import catalog
from customer360.postgres.connection import Database, libpq_variables
from customer360.postgres.copy import INTERNAL_SCHEMA, LEDGER, writer
from customer360.postgres.reader import read_only
from tests.attacks.test_client_encodings import copied_and_read


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dbname": "missing"}, 'database "missing" does not exist. Create it first'),
        ({"user": "nobody_here"}, "Check user and password"),
        ({"host": "no.such.host.invalid"}, "Check host and port"),
    ],
)
def test_a_refused_connection_says_what_failed_where_and_how_to_fix_it(
    server: Database, change: dict[str, str], said: str
) -> None:
    """The three most common mistakes in a URL."""
    wrong = Database(make_conninfo(server.url, **change))

    with pytest.raises(Customer360Error) as error:
        wrong.connect()
    message = str(error.value)
    assert wrong.where in message
    assert said in message
    assert "\n" not in message
    assert server.parts["password"] not in message


def test_a_server_that_is_down_is_reported() -> None:
    """A port where no server listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"postgresql://ann:s3cret@127.0.0.1:{unused.getsockname()[1]}/shop"

    with pytest.raises(
        Customer360Error, match=r"cannot connect to ann@127.0.0.1:\d+/shop: .*Is the server running"
    ):
        Database(url).connect()


@pytest.mark.parametrize("url", ["postgres:/ann:s3cret@host", "host=x s3cret"])
def test_an_unreadable_url_is_refused_without_repeating_it(url: str) -> None:
    """The part that could not be parsed may be the password."""
    with pytest.raises(Customer360Error, match="write it as postgresql://") as error:
        Database(url).connect()
    assert "s3cret" not in str(error.value)


def test_no_representation_contains_the_password() -> None:
    """A repr ends up in logs and tracebacks."""
    database = Database("postgresql://ann:s3cret@db.example:5433/shop")

    assert "s3cret" not in repr(database)
    assert database.where == "ann@db.example:5433/shop"


def test_a_snapshot_shows_every_reader_the_same_rows(database: Database) -> None:
    """A parallel read must be consistent, regardless of concurrent writes."""
    with database.connect() as writing:
        writing.execute("CREATE TABLE numbers AS SELECT 1 AS n")
        with database.snapshot() as snapshot:
            writing.execute("INSERT INTO numbers VALUES (2)")
            with database.connect() as reading, reading.transaction():
                reading.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                reading.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
                assert reading.execute("SELECT count(*) FROM numbers").fetchone() == (1,)


def test_a_snapshot_whose_connection_has_ended_is_reported(database: Database) -> None:
    """For example, when the server has restarted before the next task reads."""
    with database.snapshot() as snapshot:
        pass

    with (
        closing(database.connect_arrow()) as reading,
        pytest.raises(Customer360Error, match="has ended; published data"),
    ):
        reading.share_snapshot(snapshot)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PGHOSTADDR", "10.255.255.1"), ("PGSSLMODE", "require"), ("PGSERVICE", "missing"), ("PGREQUIREAUTH", "none"),
        ("PGCHANNELBINDING", "require"), ("PGGSSENCMODE", "require"), ("PGTARGETSESSIONATTRS", "standby"),
        ("PGOPTIONS", "-c default_transaction_read_only=on"), ("PGSSLNEGOTIATION", "direct"), ("PGTZ", "nonsense"),
        ("PGDATESTYLE", "nonsense"), ("PGMINPROTOCOLVERSION", "nonsense"), ("PGREQUIRESSL", "1"),
        ("PGUSER", "nobody"), ("PGDATABASE", "missing"), ("PGPORT", "1"), ("PGHOST", "missing"), ("PGGEQO", "nonsense"),
    ],
)  # fmt: skip
def test_the_embedded_server_is_reached_regardless_of_the_environment(
    server: Database, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    """People set these variables for a database at work."""
    monkeypatch.setenv(variable, value)

    with server.connect() as connection, closing(server.connect_arrow()) as arrow:
        assert catalog.value(connection, "SHOW default_transaction_read_only") == "off"
        assert arrow.value(sql.SQL("SELECT current_database()::text")) == server.parts["dbname"]
    assert variable in libpq_variables()
    assert os.environ[variable] == value


@pytest.mark.parametrize("is_asked", [False, True])
def test_messages_name_the_server_that_the_environment_selects(
    server: Database, monkeypatch: pytest.MonkeyPatch, is_asked: bool
) -> None:
    """PGHOSTADDR takes precedence over the host of the URL, so another server answers than the URL names."""
    parts = server.parts
    monkeypatch.setenv("PGHOSTADDR", parts["host"])
    monkeypatch.setenv("PGPORT", parts["port"])
    monkeypatch.setenv("PGPASSWORD", parts["password"])
    database = Database(
        f"postgresql://{parts['user']}@db.example.com/{parts['dbname']}?fallback_application_name={is_asked}"
    )
    if is_asked:
        database.connect().close()

    assert database.where == server.where


def test_messages_name_the_host_that_answered(server: Database) -> None:
    """The first host may be down."""
    parts = server.parts
    database = Database(
        make_conninfo(server.url, host=f"{parts['host']},{parts['host']}", port=f"1,{parts['port']}")
    )

    database.connect().close()

    assert database.where == server.where


def test_an_empty_url_is_refused() -> None:
    """libpq would use the database of the environment."""
    with pytest.raises(Customer360Error, match="the database URL is empty"):
        Database(" ")


LIMITS = (
    "statement_timeout",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "transaction_timeout",
)


def test_timeouts_of_a_role_do_not_end_a_copy_but_those_of_the_url_apply(database: Database) -> None:
    """Roles set them against forgotten sessions; a copy takes long, and its snapshot waits for it."""
    with database.connect() as connection:
        for limit in LIMITS:
            connection.execute(
                sql.SQL("ALTER DATABASE {} SET {} = '9s'").format(
                    sql.Identifier(database.parts["dbname"]), sql.Identifier(limit)
                )
            )

    with database.connect() as connection, closing(database.connect_arrow()) as arrow:
        for limit in LIMITS:
            assert catalog.value(connection, f"SELECT current_setting('{limit}')") == "0"
            assert arrow.value(sql.SQL("SELECT current_setting({})").format(limit)) == "0"
    with read_only(database).connect() as connection:
        assert catalog.value(connection, "SHOW statement_timeout") == "2min"


def test_only_copied_parts_may_be_lost_in_a_crash(database: Database) -> None:
    """Their commits need not be durable; a session setting would also apply to later commits."""
    with database.connect() as connection:
        connection.execute(f"CREATE SCHEMA {INTERNAL_SCHEMA}; CREATE TABLE {INTERNAL_SCHEMA}.names_0 (name text)")
        connection.execute(sql.SQL("CREATE TABLE {} (staging text, part int, rows bigint)").format(LEDGER))
    with writer(database) as copier:
        copier.copy_once("names_0", 0, [pa.record_batch({"name": ["Ada"]})])

        assert catalog.value(copier._connection, "SHOW synchronous_commit") == "on"


@contextmanager
def pooled(database: Database, folder: Path, mode: str, more: str) -> Iterator[str]:
    """The URL of a PgBouncer in front of *database*."""
    parts = database.parts
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    (folder / "users.txt").write_text(f'"{parts["user"]}" "{parts["password"]}"\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = host={parts['host']} port={parts['port']}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nauth_type = scram-sha-256\nauth_file = {folder}/users.txt\npool_mode = {mode}\n"
        f"unix_socket_dir =\n{more}\n"
    )
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    for path in (folder, *folder.parents[:2]):
        path.chmod(0o755)
    command = ["pgbouncer", *user, str(folder / "pgbouncer.ini")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as bouncer:
        try:
            wait_for(port)
            yield f"postgresql://{parts['user']}:{parts['password']}@127.0.0.1:{port}/{parts['dbname']}"
        finally:
            bouncer.send_signal(signal.SIGINT)


def wait_for(port: int) -> None:
    give_up = time.monotonic() + 10
    while not is_open(port):
        assert time.monotonic() < give_up
        time.sleep(0.02)


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


needs_pgbouncer = pytest.mark.skipif(shutil.which("pgbouncer") is None, reason="pgbouncer is not installed")


@needs_pgbouncer
@pytest.mark.parametrize(
    ("mode", "more"),
    [
        ("transaction", ""), ("statement", ""), ("transaction", "default_pool_size = 1"),
        ("transaction", "server_round_robin = 1\nmin_pool_size = 2"),
    ],
)  # fmt: skip
def test_a_pooler_that_shares_sessions_is_refused_and_unchanged(
    database: Database, tmp_path: Path, mode: str, more: str
) -> None:
    """Locks and settings would remain in a session that another application gets next."""
    before = settings_of(database.url)
    with pooled(database, tmp_path, mode, more) as url:
        with pytest.raises(
            Customer360Error, match="is a connection pooler in transaction mode.*the server's own port"
        ):
            Database(url).connect()

        assert [settings_of(url) for _ in range(3)] == [before] * 3


@needs_pgbouncer
def test_a_pooler_in_session_mode_is_as_good_as_the_server(database: Database, tmp_path: Path) -> None:
    """Every connection has its own session."""
    with pooled(database, tmp_path, "session", "") as url:
        assert copied_and_read(Database(url), "Łukasz") == ["Łukasz"]


def settings_of(url: str) -> list[tuple[str, str]]:
    """The settings in a session of other applications, without those that every driver sends at its start."""
    own = ("application_name", "client_encoding")
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(
            "SELECT name, setting FROM pg_settings WHERE source IN ('session', 'client') AND name <> ALL (%s)",
            (list(own),), prepare=False,
        ).fetchall()  # fmt: skip
