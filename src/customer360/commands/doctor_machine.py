"""What the doctor checks on this machine. It changes nothing and starts nothing."""

from __future__ import annotations

import http.client
import json
import os
import platform
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil

from customer360 import settings
from customer360.commands.context import Context
from customer360.commands.doctor import Finding
from customer360.errors import Customer360Error
from customer360.postgres.embedded import HOST, free_port
from customer360.spark import accounts, embedded, installed, java, machine

OLDEST_PYTHON: Final = (3, 10)
DASHBOARD_PORT: Final = 8360
_ANSWER_SECONDS: Final = 1
_GB: Final = 1e9

# -- programs ---------------------------------------------------------------------------------------------


def python(_: Context) -> Iterator[Finding]:
    oldest = ".".join(map(str, OLDEST_PYTHON))
    if sys.version_info >= OLDEST_PYTHON:
        yield Finding("Python", "ok", platform.python_version())
    else:
        yield Finding("Python", "failed", platform.python_version(), f"install Python {oldest} or newer")


def engine(_: Context) -> Iterator[Finding]:
    """The default engine, and for Spark the Java that it would start with."""
    try:
        is_embedded = installed.default_engine() == "embedded"
    except Customer360Error as error:  # its message says what to do
        yield Finding("engine", "failed", str(error))
        return
    if is_embedded:
        yield _embedded_engine(embedded.LOCKS, accounts.others())
    else:
        yield Finding("engine", "ok", installed.description())
        yield _java()


def _embedded_engine(is_locked: bool, has_others: bool) -> Finding:
    """Whether other accounts can run code as this user through the engine's port."""
    found = installed.description()
    if is_locked:
        return Finding("engine", "ok", f"{found}; its port is locked to other accounts")
    if not has_others:
        return Finding("engine", "ok", f"{found}; its port cannot be locked here, but there are no other accounts")
    fix = "if you do not trust them, use --master 'local[*]' (pip install 'customer360[spark]')"
    return Finding("engine", "warning", f"{found}; its port is open to other accounts of this machine", fix)


def _java() -> Finding:
    if own := java.machine_java():
        return Finding("Java", "ok", f"{own.version} of this machine, {own.path}")
    packaged = java.packaged_java()
    if packaged and (number := java.java_version(packaged)):
        return Finding("Java", "ok", f"{number}, installed with this package")
    found = f"none that Spark can use; {packaged} does not run here" if packaged else "none that Spark can use"
    return Finding("Java", "failed", found, f"install Java {java.OLDEST_JAVA} or newer and set JAVA_HOME")


# -- room -------------------------------------------------------------------------------------------------


def room(context: Context) -> Iterator[Finding]:
    """For the data of the embedded database, and for the temporary files of Spark."""
    if not context.is_external:
        home = _existing(settings.home())
        yield disk("disk", home, shutil.disk_usage(home).free, f"set {settings.HOME} to a folder with more space")
    temporary = Path(tempfile.gettempdir())
    yield disk(
        "temporary files", temporary, shutil.disk_usage(temporary).free, "set TMPDIR to a folder with more space"
    )


def disk(check: str, folder: Path, free: int, fix: str) -> Finding:
    """100,000 customers take 0.2 GB in total, 10 million 10 GB."""
    return _amount(check, free, 1, 5, f"{free / _GB:,.1f} GB free in {folder}", fix)


def memory(_: Context) -> Iterator[Finding]:
    total = machine.memory()
    yield free_memory(min(psutil.virtual_memory().available, total), total)


def free_memory(free: int, total: int) -> Finding:
    """The embedded engine takes half a GB for 1 million customers, Spark's JVM 1 to 3 GB, PostgreSQL the rest."""
    found = f"{free / _GB:,.1f} of {total / _GB:,.1f} GB free"
    return _amount("memory", free, 1, 2, found, "close other programs, or use a machine with more memory")


def _amount(check: str, have: int, needed: float, enough: float, found: str, fix: str) -> Finding:
    """Fails below *needed* GB, warns below *enough*."""
    if have >= enough * _GB:
        return Finding(check, "ok", found)
    return Finding(check, "warning" if have >= needed * _GB else "failed", found, fix)


# -- the dashboard's port --------------------------------------------------------------------------------


def dashboard_port(_: Context, port: int = DASHBOARD_PORT) -> Iterator[Finding]:
    if free_port(port) == port:
        yield Finding("dashboard port", "ok", f"{port} is free")
    elif _is_dashboard(port):
        yield Finding("dashboard port", "ok", f"{port}, where a dashboard is served")
    else:
        fix = "customer360 dashboard --port 0"
        yield Finding("dashboard port", "warning", f"{port} is in use by another program", fix)


def _is_dashboard(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=_ANSWER_SECONDS)
    try:
        connection.request("GET", "/healthz")
        health = json.loads(connection.getresponse().read(10_000))
        return isinstance(health, dict) and {"status", "refresh", "database"} <= health.keys()
    except (OSError, ValueError, http.client.HTTPException):
        return False
    finally:
        connection.close()


# -- the folder -------------------------------------------------------------------------------------------


def permissions(context: Context) -> Iterator[Finding]:
    """Nobody else may read or replace the passwords or the data."""
    home = settings.home()
    if context.is_external or sys.platform == "win32":
        return
    if not _is_there(home):
        yield _can_be_made(home)
        return
    forbidden = {home: 0o022, home / "account.json": 0o077, home / "data": 0o077}
    open_to_others = {
        path: mode & ~rights
        for path, rights in forbidden.items()
        if _is_there(path) and (mode := stat.S_IMODE(path.stat().st_mode)) & rights
    }
    if open_to_others:
        found = ", ".join(f"{path} is open to other users" for path in open_to_others)
        fix = "; ".join(f"chmod {mode:o} {path}" for path, mode in open_to_others.items())
        yield Finding("permissions", "failed", found, fix)
    elif not os.access(home, os.W_OK):
        fix = f"set {settings.HOME} to a folder of your own"
        yield Finding("permissions", "failed", f"{home} belongs to another user", fix)
    else:
        yield Finding("permissions", "ok", f"other users cannot read the passwords and data in {home}")


def _can_be_made(home: Path) -> Finding:
    parent = _existing(home)
    if os.access(parent, os.W_OK):
        return Finding("permissions", "ok", f"{home} does not exist yet and can be created")
    fix = f"set {settings.HOME} to a folder of your own"
    return Finding("permissions", "failed", f"{home} cannot be created: you may not write to {parent}", fix)


def _existing(folder: Path) -> Path:
    """*folder*, or its nearest existing parent."""
    return next(path for path in (folder, *folder.parents) if _is_there(path))


def _is_there(path: Path) -> bool:
    """Whether it exists, as far as this user can see."""
    return os.access(path, os.F_OK)
