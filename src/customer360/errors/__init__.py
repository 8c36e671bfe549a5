"""
The errors that a person sees: each is one line that says what is wrong and the way out.

    Customer360Error     a person can fix it: one line, no traceback, exit code 1
    ├── Unavailable      something cannot be reached or is missing: a server, table, file, engine, package, memory
    │   └── ServerFull   a PostgreSQL server has no free connection
    ├── Refused          the work would destroy or publish something that it must not
    └── Invalid          what a person gave is wrong: an option, a name, a mapping, the content of a file or table

Callers catch a class; they do not read a message.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

EXIT_CODES: Final = {
    0: "Done, or nothing to complain of; the dashboard was stopped by Ctrl-C or SIGTERM.",
    1: "Something failed or is wrong, told in one line with the way out; also what `doctor` and `--max-age` find.",
    2: "A command or an option was mistyped; nothing was started.",
    130: "Stopped by Ctrl-C.",
    143: "Stopped by SIGTERM.",
}
"""What the exit code of every command means; `db psql` hands on psql's own."""


class Customer360Error(Exception):
    """
    What a person can fix: shown as one line, without a traceback, with exit code 1. Raised as a subclass.

    The message says who uses what where, what is wrong, and the nearest valid name or the way out. What fails
    outside of this software becomes one too (`customer360.errors.failures`). Anything else that escapes is our
    own fault and keeps its traceback.
    """


class Unavailable(Customer360Error):
    """Something that the work needs cannot be reached or is missing."""


class ServerFull(Unavailable):
    """A PostgreSQL server has no free connection; one may become free."""


class Refused(Customer360Error):
    """The work would destroy or publish something that it must not; nothing was changed."""


class Invalid(Customer360Error):
    """What a person gave is wrong: an option, a name, a mapping, the content of a file or table."""


KINDS: Final = {kind.__name__: kind for kind in (Customer360Error, Unavailable, ServerFull, Refused, Invalid)}
"""By name, for an error that arrives as text, from a worker of Spark or another process."""


def nearest(name: str, valid: Iterable[str]) -> str:
    """`" Did you mean 'x'?"` for the closest of *valid*, else `" Valid: a, b, c."`."""
    names = list(valid)
    close = difflib.get_close_matches(name, names, n=1)
    return f" Did you mean '{close[0]}'?" if close else f" Valid: {', '.join(names)}."


def one_line(text: str) -> str:
    """*text* for a terminal, without line breaks."""
    return printable(" ".join(text.split()))


def printable(text: str) -> str:
    """*text* with ? for what would steer a terminal rather than be read: it may come from somebody's file."""
    return "".join(sign if sign.isprintable() else " " if sign.isspace() else "?" for sign in text)
