"""A selection of customers as a CSV file, streamed from PostgreSQL: memory does not grow with the selection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import psycopg
from psycopg import sql

from customer360.people.lists import CONTACTS, WITH_CONTACTS, Order, expression, sorted_by
from customer360.people.sql import selected
from customer360.report.people import Selection
from customer360.tables import Column

MARK: Final = b"\xef\xbb\xbf"
"""What tells spreadsheets that a file is UTF-8; programs do without."""

_EMAIL: Final = next(column for column in CONTACTS if column.name == "email")
_COMPUTED: Final = r"""["'\s]*[=+@＝＋－＠-]"""
"""What a spreadsheet computes."""
_INSIDE: Final = rf"([,;\t\r\n])(?={_COMPUTED})"
"""Behind what a spreadsheet may take for the end of a cell."""
_WIDE: Final = 0xFEFF
"""Beyond it the same signs stand in full width."""
_BLOCK_BYTES: Final = 2**16
_AT_THE_START: Final = rf"^(?={_COMPUTED}|[\t\r\n])"


def csv(
    connection: psycopg.Connection[Any],
    selection: Selection,
    columns: Sequence[Column],
    order: Order,
    *,
    hashed: bool = False,
) -> Iterator[bytes]:
    """
    The file, without the mark of UTF-8: a line of column names, then one for each customer; dates as 2026-06-30.

    A text that a spreadsheet would compute gets an apostrophe before it. *hashed* puts the SHA-256 of the e-mail
    address, trimmed and in lower case, in place of the address, and leaves out whoever has none.
    """
    shown = ", ".join(f"{_written(column, connection, hashed=hashed)}" for column in columns)
    more = [f"{expression(_EMAIL)} <> ''"] if hashed else []

    def literal(value: object) -> str:
        return sql.Literal(value).as_string(connection)

    rows = selected(selection, literal, *more, joined=WITH_CONTACTS)
    copy = f"COPY (SELECT {shown} {rows} ORDER BY {sorted_by(selection, order)}) TO STDOUT (FORMAT csv, HEADER)"
    with connection.cursor() as cursor, cursor.copy(copy.encode()) as lines:
        yield from _in_blocks(map(bytes, lines))


def _in_blocks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """PostgreSQL sends line by line."""
    block = bytearray()
    for line in lines:
        block += line
        if len(block) >= _BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    yield bytes(block)


def _suspected(value: str) -> str:
    """
    Whether a spreadsheet might compute *value*; cheaper than the patterns, which tell.

    Nearly no text has a separator in it, or begins with a sign.
    """
    separated = rf"translate({value}, E',;\t\r\n', '') <> {value}"
    first = f"ascii({value})"
    return (
        f"({separated} OR {first} < {ord('0')} OR {first} BETWEEN {ord(':')} AND {ord('@')} OR {first} > {_WIDE})"
    )


def name_of(column: Column, *, hashed: bool = False) -> str:
    """What the column of the file is called."""
    return f"{column.name}_sha256" if hashed and column is _EMAIL else column.name


def _written(column: Column, connection: psycopg.Connection[Any], *, hashed: bool) -> str:
    value = expression(column)
    if hashed and column is _EMAIL:
        value = rf"encode(sha256(convert_to(lower(btrim({value}, E' \t\r\n')), 'UTF8')), 'hex')"
    elif column.is_text and not column.allowed:
        inside, start = (sql.Literal(one).as_string(connection) for one in (_INSIDE, _AT_THE_START))
        replaced = rf"regexp_replace(regexp_replace({value}, {inside}, '\1''', 'g'), {start}, '''')"
        value = f"CASE WHEN {_suspected(value)} THEN {replaced} ELSE {value} END"
    return f"{value} AS {name_of(column, hashed=hashed)}"
