"""The database of a session, which the workers of its engine can reach."""

from __future__ import annotations

from customer360 import spark
from customer360.errors import Unavailable
from customer360.postgres import embedded
from customer360.postgres.connection import Database
from customer360.settings import DATABASE_URL, database_url


def open_database(url: str | None, *, master: str | None = None, remote: str | None = None) -> Database:
    """The database at *url*, which answers; see `embedded.open_database` for the default."""
    is_external = url is not None or database_url() is not None
    if (cluster := spark.cluster(master, remote)) and not is_external:
        raise Unavailable(
            f"the embedded PostgreSQL listens on this machine only, so the workers of {cluster} cannot reach "
            f"it; set {DATABASE_URL} or --database to a PostgreSQL that they can reach"
        )
    database = embedded.open_database(url)
    if is_external:
        database.connect().close()  # fails now, not after Spark has started
    return database
