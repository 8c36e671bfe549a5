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
"""The byte order mark, by which spreadsheets recognize UTF-8; programs do not need it."""

_EMAIL: Final = next(column for column in CONTACTS if column.name == "email")
_COMPUTED: Final = r"""["'\s]*[=+@＝＋－＠-]"""
"""Characters that start a formula in a spreadsheet."""
_INSIDE: Final = rf"([,;\t\r\n])(?={_COMPUTED})"
"""A formula after a character that a spreadsheet may read as the end of a cell."""
_WIDE: Final = 0xFEFF
"""The full-width forms of the same characters come after this code point."""
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
    The file without its byte order mark: a header line, then one line per customer; dates as 2026-06-30.

    Text that a spreadsheet would evaluate as a formula gets a leading apostrophe. *hashed* replaces the e-mail
    address by the SHA-256 of the trimmed, lower-case address and omits customers without one.
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
    """Joins lines into blocks, because PostgreSQL sends line by line."""
    block = bytearray()
    for line in lines:
        block += line
        if len(block) >= _BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    yield bytes(block)


def _suspected(value: str) -> str:
    """
    Whether a spreadsheet might evaluate *value*: a cheap test before the exact patterns.

    Hardly any text contains a separator or starts with a sign.
    """
    separated = rf"translate({value}, E',;\t\r\n', '') <> {value}"
    first = f"ascii({value})"
    return (
        f"({separated} OR {first} < {ord('0')} OR {first} BETWEEN {ord(':')} AND {ord('@')} OR {first} > {_WIDE})"
    )


def name_of(column: Column, *, hashed: bool = False) -> str:
    """The name of the column in the file."""
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
