"""What a person sets from outside, read when asked for, never at import; and what holds when they do not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from customer360.errors import Invalid

DATABASE_URL: Final = "CUSTOMER360_DATABASE_URL"
HOME: Final = "CUSTOMER360_HOME"
DASHBOARD_TOKEN: Final = "CUSTOMER360_DASHBOARD_TOKEN"  # noqa: S105  the name of the variable
LOG_FORMAT: Final = "CUSTOMER360_LOG_FORMAT"
TRACEBACK: Final = "CUSTOMER360_TRACEBACK"

MAX_REJECTED: Final = 0.05
"""The share of the rows of one's own data that may be rejected, unless a person says otherwise."""

SETTINGS: Final = {
    DATABASE_URL: "The PostgreSQL (14 or newer) to use instead of the embedded one, as a postgresql:// URL.",
    HOME: "The folder of the embedded PostgreSQL; default: the user's data folder (root: /var/lib/customer360).",
    DASHBOARD_TOKEN: "A secret of 16 or more characters that the dashboard asks for; --token-file goes before it.",
    LOG_FORMAT: "text or json: how progress and errors are written to stderr; --log-format goes before it.",
    TRACEBACK: "1 shows above the line of an error how it came about, as --traceback does.",
}
"""Every environment variable that is read, and what it does."""


def database_url() -> str | None:
    """The external database's URL, or None: use the embedded one."""
    return _given(DATABASE_URL)


def dashboard_token() -> str | None:
    """The secret that the dashboard asks for, or None."""
    return _given(DASHBOARD_TOKEN)


def home() -> Path:
    """
    The folder that holds the embedded database.

    PostgreSQL refuses to run as root, so root's server runs as another user, who cannot reach root's
    own folders: hence the system-wide place.
    """
    if configured := _given(HOME):
        # Not Path's own: that one fails for ~ with a name that is no user's.
        return resolved(Path(os.path.expanduser(configured)))  # noqa: PTH111
    if running_as_root():
        return Path("/var/lib/customer360")
    import platformdirs

    return resolved(platformdirs.user_data_path("customer360", appauthor=False))


def resolved(folder: Path) -> Path:
    """
    The one spelling of *folder*, without links and dots.

    Below a link that leads nowhere, such as to a disk that is not connected, it stays as it is: so nothing can be
    made in the place of that disk.
    """
    nearest = next(path for path in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(path))
    return Path(os.path.realpath(folder)) if os.path.exists(nearest) else folder.absolute()  # noqa: PTH110


def _given(name: str) -> str | None:
    """The value of a variable. Raises: Customer360Error when it is empty, as one made of an unset variable is."""
    value = os.environ.get(name)
    if value is not None and not value.strip():
        raise Invalid(f"{name} is empty; give it a value, or unset it")
    return value


def running_as_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
