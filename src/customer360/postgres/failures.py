"""Saying in one line why a database cannot be opened, or why it failed in the middle of the work."""

from __future__ import annotations

import re
from typing import Final

from customer360.errors import Customer360Error

LOST_SNAPSHOT: Final = ("42704", "22023")
"""What PostgreSQL says of a snapshot that nobody holds any more: 18, and the versions before it."""


def refusal(where: str, message: str, password: str) -> Customer360Error:
    """What to say when libpq's *message* tells why it could not connect; *password* is kept out of it."""
    reason = _reason(message)
    if len(password) > 1:
        reason = reason.replace(password, "****")
    return Customer360Error(f"cannot connect to {where}: {reason}. {_way_out(reason)}")


def failure(where: str, error: Exception) -> Customer360Error:
    """What to say when the server at *where*, or the way to it, failed in the middle of the work."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    reason = lines[0].rpartition("[libpq]")[2].strip().rstrip(":.") if lines else type(error).__name__
    is_full = "No space left" in str(error)
    way = "make room on the server's disk" if is_full else "see that the server runs and can be reached"
    return Customer360Error(
        f"{where} failed: {reason}; what is published is whole, as it was or as it was to be: {way}, "
        "then run the same command again"
    )


def unreadable(where: str, error: Exception) -> Customer360Error:
    """What to say when the server at *where* answers a query with an error of the query or of its data."""
    reason = str(error).rpartition("ERROR:")[2].strip().splitlines() or [type(error).__name__]
    return Customer360Error(f"cannot read from {where}: {reason[0].rstrip('.')}")


def lost_snapshot(where: str) -> Customer360Error:
    """What to say when whoever held a snapshot at *where* is gone."""
    return Customer360Error(
        f"the connection to {where} that held the snapshot to read from has ended; what is "
        "published is whole: run the same command again, or load() the DataFrame again"
    )


def _reason(message: str) -> str:
    """What went wrong at last: libpq puts host and port before it, and advice of its own after it."""
    lines = [line.strip() for line in message.splitlines() if line.strip()] or ["no reason given"]
    told = [line for line in lines if re.search("FATAL:|failed:", line)] or lines
    return re.split("FATAL:|failed:", told[-1])[-1].strip().rstrip(".")


def _way_out(reason: str) -> str:
    ways = {
        "server requested": "Either another program listens there, or the server does not use SCRAM.",
        "did not complete authentication": "Perhaps another program listens there.",
        "certificate": "Check sslmode and sslrootcert in the URL.",
        "password": "Check user and password in the URL.",
        "does not exist": "Create it first, or correct the name in the URL.",
        "refused": "Is the server running, and are host and port right?",
        "timeout": "Is the host reachable from here, and the port open?",
        "resolve host": "Check host and port in the URL.",
        "translate host name": "Check host and port in the URL.",
        "permission denied": "Ask the database's owner for the right to connect.",
        "SSL": "Check sslmode and sslrootcert in the URL.",
        "too many": "The server has no free connection; close some or raise max_connections.",
    }
    return next((way for word, way in ways.items() if word in reason), "Check the URL and the server's log.")
