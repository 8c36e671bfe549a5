"""`customer360 password`: the line for a user of the dashboard."""

from __future__ import annotations

import click

from customer360.commands.options import ValuedCommand


@click.command(cls=ValuedCommand)
@click.argument("name")
@click.option(
    "--people", is_flag=True, help="Allow the user to see individual customers if the dashboard shows them."
)
def password(name: str, people: bool) -> None:
    """
    Ask for a password and print the user's line for `dashboard --users`.

    The line contains only a hash, from which the password cannot be recovered.

    \b
    Example:
      customer360 password ada >> users.txt
      customer360 password bob --people >> users.txt
      chmod 600 users.txt
    """
    from customer360.web.credentials import check_name, users_line

    check_name(name)
    given = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    click.echo(users_line(name, given, sees_people=people))
