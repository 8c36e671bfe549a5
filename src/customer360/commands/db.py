"""The commands of `customer360 db`: starting, stopping and reaching the embedded PostgreSQL."""

from __future__ import annotations

import subprocess
import sys

import click

from customer360.commands.options import Commands


@click.group(cls=Commands)
def db() -> None:
    """
    Start, stop and reach the embedded PostgreSQL.

    \b
    Example:
      customer360 db start
      customer360 db psql -- -c 'TABLE analytics.refreshes'
    """


@db.command()
@click.option(
    "--new-passwords", is_flag=True, help="Replace the passwords of the database, lost or not; the data stays."
)
def start(new_passwords: bool) -> None:
    """
    Start the embedded PostgreSQL; it keeps running.

    When account.json is lost, --new-passwords gives the server new ones, after `customer360 db stop`.

    \b
    Example:
      customer360 db start
    """
    from customer360.postgres.embedded import EmbeddedPostgres

    click.echo(f"running at {EmbeddedPostgres().start(new_passwords=new_passwords).where}")


@db.command()
def stop() -> None:
    """
    Stop the embedded PostgreSQL; the data stays.

    \b
    Example:
      customer360 db stop
    """
    from customer360.postgres.embedded import EmbeddedPostgres

    click.echo("stopped" if EmbeddedPostgres().stop() else "it was not running")


@db.command()
@click.option(
    "--reader", "role", flag_value="reader", help="Of the role that may only read the results, as Power BI should."
)
@click.option(
    "--people",
    "role",
    flag_value="people",
    help="Of the role that may also read who the customers are, for audiences.",
)
def url(role: str | None) -> None:
    """
    Print the embedded database's URL, password included.

    It demands SCRAM, which libpq knows from version 16 on; for older clients leave out what follows the ?.

    \b
    Example:
      customer360 db url --reader
    """
    from customer360.postgres.embedded import EmbeddedPostgres

    server = EmbeddedPostgres()
    databases = {"reader": server.reader_database, "people": server.people_database}
    click.echo(databases.get(role or "", server.database)().url)


@db.command(context_settings={"ignore_unknown_options": True})
@click.option("--database", metavar="URL", help="Another database than the embedded one.")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql(database: str | None, arguments: tuple[str, ...]) -> None:
    """
    Open psql on the database; the arguments are psql's own.

    \b
    Example:
      customer360 db psql -- -c 'TABLE analytics.refreshes'
    """
    from customer360.postgres.embedded import open_database
    from customer360.postgres.programs import psql_command

    command, environment = psql_command(open_database(database))
    sys.exit(subprocess.run([*command, *arguments], env=environment, check=False).returncode)  # noqa: S603
