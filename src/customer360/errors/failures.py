"""
One line for each failure outside of this software: PostgreSQL, Spark, Arrow, files, memory, threads.

`explained` is the only place that distinguishes such a failure from a bug of ours, which keeps its traceback. The
class of an error says where it comes from; SQLSTATE or errno selects the advice. No library is imported for this:
an error exists only if its library is loaded already.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from customer360.errors import KINDS, Customer360Error, Invalid, Unavailable, files, machine, postgresql, spark

THE_DATABASE: Final = "the database"


def explained(error: BaseException, where: str = THE_DATABASE) -> Customer360Error | None:
    """
    The error to raise, with the original words and how to fix it; None for a bug of ours.

    *where* is the database that was used, as `Database.where` shows it.
    """
    if isinstance(error, Customer360Error):
        return error
    if postgresql.is_one(error):
        return postgresql.failure(where, postgresql.said(error))
    if spark.is_one(error):
        return _of_spark(str(error), where)
    if line := machine.line(error):
        return Unavailable(line)
    return Invalid(line) if (line := files.line(error)) else None


def _of_spark(text: str, where: str) -> Customer360Error | None:
    """An error of Spark may come from one of its Python workers and have any cause that is handled here."""
    raised = spark.raised_by_worker(text)
    if raised is None:
        return _of_the_engine(text)
    if kind := KINDS.get(raised.name):
        return kind(raised.text)
    if postgresql.has_class(raised):
        return postgresql.failure(where, postgresql.said_in_text(raised))
    if spark.is_known(text):
        return _of_the_engine(text)
    line = machine.line_of_text(raised)
    return Unavailable(line) if line else None


def _of_the_engine(text: str) -> Customer360Error:
    """A known failure of an engine is due to the machine; any other is due to the query."""
    return (Unavailable if spark.is_known(text) else Invalid)(spark.line(text))


@contextmanager
def plain(where: str = THE_DATABASE) -> Iterator[None]:
    """Raises: Customer360Error with the one line for an outside failure in the body; other errors pass."""
    try:
        yield
    except Customer360Error:
        raise
    except Exception as error:
        if known := explained(error, where):
            raise known from None
        raise


def was_interrupted(error: BaseException) -> bool:
    """Whether *error* happened while cleaning up after Ctrl-C, which breaks the connection to Java."""
    return any(isinstance(before, KeyboardInterrupt) for before in history(error))


def history(error: BaseException) -> Iterator[BaseException]:
    """*error*, then its causes one by one, including suppressed ones."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def has_cause(error: BaseException) -> bool:
    """Whether something failed behind *error*, so that a traceback says more than its line."""
    return any(not isinstance(step, (Customer360Error, KeyboardInterrupt)) for step in history(error))


def traceback_of(error: BaseException) -> str:
    """
    The traceback of *error*, root cause first, without passwords and without rows that PostgreSQL quotes.

    It ends with a line break.
    """
    steps = [traceback.format_exception(type(e), e, e.__traceback__, chain=False) for e in history(error)]
    text = "\n".join("".join(step) for step in reversed(steps))
    for pattern, instead in _SECRETS.items():
        text = re.sub(pattern, instead, text)
    return text


_SECRETS: Final = {
    r"(?<=://)([^\s:/@]*):[^\s/]*@": r"\1:****@",
    r"(?i)(password\s*[=:]\s*)\S+": r"\1****",
    r"(?m)^(DETAIL:\s+Failing row contains).*|^(CONTEXT:\s+COPY [^:]*):.*": r"\1\2 ****",
}
