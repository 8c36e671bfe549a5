"""Settings from environment variables, and their defaults; read when needed, never at import."""

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
"""The default share of the rows of your own data that may be rejected."""

SETTINGS: Final = {
    DATABASE_URL: "PostgreSQL to use instead of the embedded one, 14 or newer, as a postgresql:// URL.",
    HOME: "Folder of the embedded PostgreSQL. Default: the user's data folder (root: /var/lib/customer360).",
    DASHBOARD_TOKEN: "Secret of the dashboard, at least 16 characters; --token-file takes precedence.",
    LOG_FORMAT: "Format of progress and errors on stderr, text or json; --log-format takes precedence.",
    TRACEBACK: "1 prints the traceback above the line of an error, as --traceback does.",
}
"""Every environment variable that is read, and what it does."""


def database_url() -> str | None:
    """The URL of the external database, or None for the embedded one."""
    return _given(DATABASE_URL)


def dashboard_token() -> str | None:
    """The secret that the dashboard requires, or None."""
    return _given(DASHBOARD_TOKEN)


def home() -> Path:
    """
    The folder of the embedded database.

    PostgreSQL refuses to run as root, so root's server runs as another user, who cannot access root's own folders:
    hence the system-wide folder.
    """
    if configured := _given(HOME):
        # Path.expanduser raises for ~ with an unknown user name.
        return resolved(Path(os.path.expanduser(configured)))  # noqa: PTH111
    if running_as_root():
        return Path("/var/lib/customer360")
    import platformdirs

    return resolved(platformdirs.user_data_path("customer360", appauthor=False))


def resolved(folder: Path) -> Path:
    """
    The canonical path of *folder*, without links and dots.

    Below a dangling link, such as to a disk that is not mounted, the path is not resolved, so that nothing is
    created in place of that disk.
    """
    nearest = next(path for path in (folder.absolute(), *folder.absolute().parents) if os.path.lexists(path))
    return Path(os.path.realpath(folder)) if os.path.exists(nearest) else folder.absolute()  # noqa: PTH110


def _given(name: str) -> str | None:
    """The value of a variable. Raises: Customer360Error when it is empty, as when set from an unset variable."""
    value = os.environ.get(name)
    if value is not None and not value.strip():
        raise Invalid(f"{name} is empty; give it a value, or unset it")
    return value


def running_as_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
