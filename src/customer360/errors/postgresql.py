"""Failures of PostgreSQL: its own words, and how to fix them by SQLSTATE."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from customer360.errors import Customer360Error, Invalid, Refused, ServerFull, Unavailable

if TYPE_CHECKING:
    from customer360.errors.spark import Raised

LOST_SNAPSHOT: Final = ("42704", "22023")
"""What PostgreSQL reports for a snapshot that is no longer held: version 18, and earlier versions."""

_CLIENTS: Final = ("psycopg", "adbc_driver_manager")
_SHOWS_THE_ROW: Final = frozenset({"23502", "23514", "44000"})
"""The detail is the whole row, which may contain a name and an address."""

_AGAIN: Final = "Run the same command again."
_REACH: Final = "Check that the server runs and can be reached, then run the same command again."
_RIGHTS: Final = (
    "Ask its owner for the missing privilege, or for ownership if the table is to be changed; "
    "'customer360 doctor' checks the rights"
)
_WAYS: Final[Mapping[str, str]] = {
    "08": _REACH,
    "0A": "PostgreSQL does not support it here: use another table, query or server version.",
    "21": "Correct the query.",
    "22": "Correct the value, or the type of its column.",
    "23": "Correct the rows, or change the constraint.",
    "23503": "Drop the foreign key, or keep the rows that it refers to.",
    "23505": "Remove the duplicate, or drop the unique constraint.",
    "25006": (
        "The server accepts no changes here: connect to the primary if this is a standby, or set "
        "default_transaction_read_only to off for this user and database."
    ),
    "25P02": _AGAIN,
    "25P03": "Set idle_in_transaction_session_timeout to 0 for this user, then run the same command again.",
    "25P04": "Set transaction_timeout to 0 for this user, then run the same command again.",
    "28": "Check user and password in the URL, and pg_hba.conf on the server.",
    "2BP01": "Drop what depends on it, or detach it, then run the same command again.",
    "3D000": "Create the database, or correct its name in the URL.",
    "3F000": "Create the schema, or correct its name.",
    "40": _AGAIN,
    "42": "Correct the name or the query.",
    "42501": f"{_RIGHTS}.",
    "42P01": "Correct the name, schema included, or create the table.",
    "42P07": "Rename or drop what has that name.",
    "53": "Give the server more of it, or use less at the same time.",
    "53100": "Free space on the server's disk, then run the same command again.",
    "53200": "Give the server more memory, or run fewer tasks at the same time.",
    "53300": "Close some connections, or raise max_connections.",
    "54": "It is a fixed limit of PostgreSQL: use fewer columns or shorter values.",
    "55": "Wait until the other session has ended, or end it, then run the same command again.",
    "57014": (
        "Run the same command again; if a timeout ended it, set statement_timeout to 0 for this user and database."
    ),
    "57P04": "The database was dropped: correct its name in the URL.",
    "57P05": "Set idle_session_timeout to 0 for this user, then run the same command again.",
    "57": f"The server or an administrator ended the connection. {_REACH}",
    "58": "Check the server's disk and its log.",
    "F0": "Check the server's configuration and its log.",
    "P0": "Correct what the function or trigger complains about.",
    "XX": "Check the server's log: the data or an index may be damaged.",
}
_OTHERWISE: Final = "Check the server's log."


@dataclass(frozen=True)
class Said:
    """The server's report of one failure; without a *sqlstate*, the connection failed or the client refused."""

    sqlstate: str | None
    primary: str
    detail: str | None = None
    hint: str | None = None

    @property
    def words(self) -> str:
        detail = None if self.sqlstate in _SHOWS_THE_ROW else self.detail
        more = "; ".join(part.strip().rstrip(".") for part in (detail, self.hint) if part)
        return self.primary.strip().rstrip(".:") + (f" ({more})" if more else "")


def failure(where: str, said: Said) -> Customer360Error:
    """What *where* said, that the data is intact, and how to fix it."""
    return kind(said.sqlstate)(f"{where}: {said.words}; published data is intact. {_way_out(said.sqlstate)}")


def kind(sqlstate: str | None) -> type[Customer360Error]:
    """Whether PostgreSQL lacks something, refuses to lose something, or got invalid input."""
    return _KINDS.get(sqlstate or "") or _KINDS.get((sqlstate or "")[:2], Unavailable)


_KINDS: Final[Mapping[str, type[Customer360Error]]] = {
    "2BP01": Refused,
    "42501": Unavailable,
    "42P01": Unavailable,
    **dict.fromkeys(("0A", "21", "22", "23", "42", "54", "P0"), Invalid),
}


def lost_snapshot(where: str) -> Unavailable:
    """The error for when the holder of a snapshot at *where* has ended."""
    return Unavailable(
        f"the connection to {where} that held the snapshot to read from has ended; published data is intact: run "
        "the same command again, or load() the DataFrame again"
    )


def _way_out(sqlstate: str | None) -> str:
    if sqlstate is None:
        return _REACH
    return _WAYS.get(sqlstate) or _WAYS.get(sqlstate[:2]) or _OTHERWISE


def is_one(error: BaseException) -> bool:
    """Whether PostgreSQL or the connection to it failed; a call that the client rejects is a bug of ours."""
    classes = [kind for kind in type(error).__mro__ if kind.__module__.partition(".")[0] in _CLIENTS]
    if not classes:
        return False
    return bool(getattr(error, "sqlstate", None)) or type(error).__name__ != "ProgrammingError"


def said(error: BaseException) -> Said:
    """The server's words, from an error of psycopg or ADBC."""
    sqlstate = getattr(error, "sqlstate", None)
    if diagnosis := getattr(error, "diag", None):
        if diagnosis.message_primary:
            return Said(sqlstate, diagnosis.message_primary, diagnosis.message_detail, diagnosis.message_hint)
    elif primary := _field(error, "PRIMARY"):
        return Said(sqlstate, primary, _field(error, "DETAIL"), _field(error, "HINT"))
    return Said(sqlstate, _first_line(str(error)) or type(error).__name__)


def _field(error: BaseException, name: str) -> str | None:
    """One of the fields that ADBC provides, such as PG_DIAG_MESSAGE_PRIMARY."""
    fields = dict(getattr(error, "details", None) or [])
    value = next((fields[key] for key in fields if f"MESSAGE_{name}" in str(key)), None)
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _first_line(text: str) -> str:
    """Without the name of the library, and without its advice on later lines."""
    return next((part.strip() for part in text.rpartition("[libpq]")[2].splitlines() if part.strip()), "")


def has_class(raised: Raised) -> bool:
    """Whether a Python worker raised an error of psycopg or ADBC."""
    return raised.module.partition(".")[0] in _CLIENTS


def said_in_text(raised: Raised) -> Said:
    """The same for an error that arrived as text: psycopg has a class for each SQLSTATE."""
    from psycopg import errors

    sqlstate = getattr(getattr(errors, raised.name, None), "sqlstate", None)
    if match := re.search(r"SQLSTATE: (\w{5})", raised.text):
        sqlstate = match[1]
    primary = re.sub(r"^\w+: (?:\[libpq\] )?.*?(?:ERROR|FATAL): +", "", _first_line(raised.text))
    return Said(sqlstate, primary, _labelled(raised.text, "DETAIL"), _labelled(raised.text, "HINT"))


def _labelled(text: str, label: str) -> str | None:
    match = re.search(rf"^{label}: +(.+)", text, re.MULTILINE)
    return match[1] if match else None


# -- connecting -------------------------------------------------------------------------------------------


def refusal(where: str, message: str, password: str) -> Unavailable:
    """The error for libpq's *message* about a failed connection, without the *password*."""
    reason = _reason(message)
    if len(password) > 1:
        reason = reason.replace(password, "****")
    is_full = "too many clients" in reason or "connection slots" in reason
    return (ServerFull if is_full else Unavailable)(f"cannot connect to {where}: {reason}. {_connecting(reason)}")


def _reason(message: str) -> str:
    """The last failure: libpq puts host and port before it, and its own advice after it."""
    lines = [line.strip() for line in message.splitlines() if line.strip()] or ["no reason given"]
    failed = [line for line in lines if re.search("FATAL:|failed:", line)] or lines
    return re.split("FATAL:|failed:", failed[-1])[-1].strip().rstrip(".")


def _connecting(reason: str) -> str:
    """The advice, by libpq's words: it has no SQLSTATE for a failed connection."""
    ways = {
        "server requested": "Either another program listens there, or the server does not use SCRAM.",
        "did not complete authentication": "Another program may be listening there.",
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
