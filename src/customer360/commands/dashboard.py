"""`customer360 dashboard`: the report in the browser."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import click

from customer360.commands.context import Context
from customer360.commands.options import DATABASE, FILE, ValuedCommand, options

if TYPE_CHECKING:
    from customer360.web.credentials import Credentials
    from customer360.web.server import Address


@click.command(cls=ValuedCommand)
@click.option(
    "--port",
    default=8360,
    show_default=True,
    type=click.IntRange(0, 65_535),
    help="Port to listen on; 0 picks a free one.",
)
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on; any but this machine's own requires credentials, which are sent unencrypted.",
)
@click.option(
    "--token-file", metavar="FILE", type=FILE, help="Require the secret in FILE, at least 16 characters long."
)
@click.option(
    "--users",
    metavar="FILE",
    type=FILE,
    help="Require a user and password listed in FILE; `customer360 password` prints its lines.",
)
@click.option("--hide-names", is_flag=True, help="Show customers by customer_id only, not by name or your own id.")
@click.option(
    "--people",
    is_flag=True,
    help="Show individual customers, to users who may see them or to you; every access is logged.",
)
@click.option(
    "--smallest-cell",
    metavar="N",
    type=click.IntRange(min=0),
    help="Hide numbers about fewer than N customers from readers who may not see people; N is 3 or more, or 0 to "
    "hide nothing. Default: 5, or 0 if only this machine is served.",
)
@click.option(
    "--open/--no-open", "open_browser", default=None, help="Open a browser. Default: --open on a desktop."
)
@options((DATABASE,))
def dashboard(
    context: Context, port: int, host: str, token_file: Path | None, users: Path | None, **shown: Any
) -> None:
    """
    Serve the report to browsers until you press Ctrl-C.

    After each run, open pages show the new results.

    \b
    Example:
      customer360 dashboard
      customer360 dashboard --people
      customer360 dashboard --host 0.0.0.0 --users users.txt --hide-names
    """
    from customer360.web.credentials import configured
    from customer360.web.server import Address

    serve_dashboard(context, Address(host, port), credentials=configured(token_file, users), **shown)


@dataclass(frozen=True)
class DashboardOutcome:
    """The start of `dashboard`: its address, and how fresh the results are."""

    url: str
    refresh: Mapping[str, Any] | None

    def lines(self) -> Iterator[str]:
        yield f"serving {self.url} {self._state()}; press Ctrl-C to stop"

    def _state(self) -> str:
        if self.refresh is None:
            return "without results (make them with: customer360 run)"
        return f"as of {self.refresh['as_of_date']} (refresh {self.refresh['refresh_id']})"

    def as_json(self) -> Mapping[str, Any]:
        return asdict(self)


def serve_dashboard(
    context: Context,
    address: Address,
    *,
    credentials: Credentials | None = None,
    hide_names: bool = False,
    people: bool = False,
    smallest_cell: int | None = None,
    open_browser: bool | None = None,
) -> None:
    """
    Serves the dashboard until it is stopped; with *people*, it shows individual customers too.

    *smallest_cell* None is the default of `make_app`; *open_browser* None opens one for a person at a desktop.
    """
    from customer360.postgres.reader import require_readable
    from customer360.postgres.status import last_refresh
    from customer360.web.app import make_app
    from customer360.web.server import serve

    address.require(credentials)
    if people and credentials:
        credentials.require_people()
    reader = context.open_reader()
    app = make_app(
        reader, hide_names=hide_names, credentials=credentials, loopback=address.is_loopback,
        people=context.open_people() if people else None, smallest_cell=smallest_cell,
    )  # fmt: skip
    with reader.connect() as connection:
        require_readable(connection)
        refresh = last_refresh(connection)

    def opened(bound: Address) -> None:
        context.show(DashboardOutcome(bound.url, refresh))
        if open_browser or (open_browser is None and context.at_terminal and _has_desktop()):
            _open_browser(bound.from_here().url)

    serve(app, address, opened=opened)
    sys.stdout.write("stopped\n")


def _open_browser(url: str) -> None:
    import webbrowser

    Thread(target=webbrowser.open, args=[url], daemon=True).start()


def _has_desktop() -> bool:
    return sys.platform in {"darwin", "win32"} or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())
