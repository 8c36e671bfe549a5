"""The commands of `customer360 db`: start, stop and connect to the embedded PostgreSQL."""

from __future__ import annotations

import subprocess
import sys

import click

from customer360.commands.options import Commands


@click.group(cls=Commands)
def db() -> None:
    """
    Start, stop and connect to the embedded PostgreSQL.

    \b
    Example:
      customer360 db start
      customer360 db psql -- -c 'TABLE analytics.refreshes'
    """


@db.command()
@click.option("--new-passwords", is_flag=True, help="Replace the database's passwords; the data stays.")
def start(new_passwords: bool) -> None:
    """
    Start the embedded PostgreSQL; it keeps running.

    If account.json is lost, run `customer360 db stop`, then start with --new-passwords.

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
    "--reader", "role", flag_value="reader", help="Connect as the role that may only read results, for Power BI."
)
@click.option(
    "--people",
    "role",
    flag_value="people",
    help="Connect as the role that may also read personal data, for audiences.",
)
def url(role: str | None) -> None:
    """
    Print the URL of the embedded database, including the password.

    The URL requires SCRAM, which libpq supports from version 16. For older clients, omit the ? and what follows.

    \b
    Example:
      customer360 db url --reader
    """
    from customer360.postgres.embedded import EmbeddedPostgres

    server = EmbeddedPostgres()
    databases = {"reader": server.reader_database, "people": server.people_database}
    click.echo(databases.get(role or "", server.database)().url)


@db.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--database",
    metavar="URL",
    help="PostgreSQL to connect to. Default: CUSTOMER360_DATABASE_URL, else the embedded one.",
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def psql(database: str | None, arguments: tuple[str, ...]) -> None:
    """
    Open psql on the database and pass it the arguments.

    \b
    Example:
      customer360 db psql -- -c 'TABLE analytics.refreshes'
    """
    from customer360.postgres.embedded import open_database
    from customer360.postgres.programs import psql_command

    command, environment = psql_command(open_database(database))
    sys.exit(subprocess.run([*command, *arguments], env=environment, check=False).returncode)  # noqa: S603
