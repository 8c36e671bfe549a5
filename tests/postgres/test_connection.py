"""Whatever keeps a person from the database is one line, and the password is in none of them."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from customer360.errors import Customer360Error
from customer360.postgres.connection import Database


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dbname": "nowhere"}, 'database "nowhere" does not exist. Create it first'),
        ({"user": "nobody_here"}, "Check user and password"),
        ({"host": "no.such.host.invalid"}, "Check host and port"),
    ],
)
def test_a_refused_connection_says_what_where_and_the_way_out(
    server: Database, change: dict[str, str], said: str
) -> None:
    """The three commonest mistakes in a URL."""
    from psycopg.conninfo import make_conninfo

    wrong = Database(make_conninfo(server.url, **change))

    with pytest.raises(Customer360Error) as error:
        wrong.connect()
    message = str(error.value)
    assert wrong.where in message
    assert said in message
    assert "\n" not in message
    assert server.parts["password"] not in message


def test_a_server_that_is_down_is_said_so() -> None:
    """A port where nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"postgresql://ann:s3cret@127.0.0.1:{unused.getsockname()[1]}/shop"

    with pytest.raises(
        Customer360Error, match=r"cannot connect to ann@127.0.0.1:\d+/shop: .*Is the server running"
    ):
        Database(url).connect()


@pytest.mark.parametrize("url", ["postgres:/ann:s3cret@host", "host=x s3cret"])
def test_an_unreadable_url_is_refused_without_repeating_it(url: str) -> None:
    """What could not be read may well be the password."""
    with pytest.raises(Customer360Error, match="write it as postgresql://") as error:
        Database(url).connect()
    assert "s3cret" not in str(error.value)


def test_the_password_is_in_no_representation() -> None:
    """A repr ends up in logs and tracebacks."""
    database = Database("postgresql://ann:s3cret@db.example:5433/shop")

    assert "s3cret" not in repr(database)
    assert database.where == "ann@db.example:5433/shop"


def test_a_snapshot_shows_every_reader_the_same_rows(database: Database) -> None:
    """A parallel read has to be one consistent picture, whatever is written meanwhile."""
    with database.connect() as writing:
        writing.execute("CREATE TABLE numbers AS SELECT 1 AS n")
        with database.snapshot() as snapshot:
            writing.execute("INSERT INTO numbers VALUES (2)")
            with database.connect() as reading, reading.transaction():
                reading.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                reading.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
                assert reading.execute("SELECT count(*) FROM numbers").fetchone() == (1,)


def test_a_snapshot_whose_connection_has_ended_is_said_so(database: Database) -> None:
    """As when the server was lost and is back before the next task reads."""
    with database.snapshot() as snapshot:
        pass

    with closing(database.connect_arrow()) as reading, pytest.raises(Customer360Error, match="has ended; what is"):
        reading.share_snapshot(snapshot)
