"""PostgreSQL types and their Arrow equivalents, exact both ways."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql

from customer360.errors import Invalid, nearest, postgresql
from customer360.tables import Table
from customer360.tables.columns import arrow_types

if TYPE_CHECKING:
    import psycopg

_SYNONYMS: Final = {"timestamp without time zone": "timestamp", "timestamptz": "timestamp with time zone"}
_DECIMAL: Final = re.compile(r"numeric\((\d+),(-?\d+)\)")
INT64_DIGITS: Final = 18
_DECIMAL128_DIGITS: Final = 38
_UNBOUNDED: Final = (38, 18)
"""Precision and scale for a numeric without any: the same as in Spark's JDBC reader."""
_TOO_LARGE: Final = "!"
"""Prefix of a number that is too large; no decimal starts like this."""
_LAST_DAY: Final = "9999-12-31"
_LAST_MOMENT: Final = f"{_LAST_DAY} 23:59:59.999999"
_ENDS: Final = {
    "date": ("infinity", _LAST_DAY),
    "timestamp": ("294247-01-01", _LAST_MOMENT),
    "timestamp with time zone": ("294247-01-01 00:00+00", f"{_LAST_MOMENT}+00"),
}
"""
The first day and moment that Arrow cannot represent, and its replacement: the last one that Python supports, which
is after any other. '-infinity' becomes null.
"""


@dataclass(frozen=True)
class Field:
    """
    A column that is transferred between PostgreSQL, Arrow and Spark.

    A type without an equivalent (uuid, jsonb, enumerations, arrays, ...) is transferred as text.
    """

    name: str
    postgres_type: str

    @property
    def decimal(self) -> tuple[int, int] | None:
        """(precision, scale) of a numeric, else None."""
        if self.postgres_type == "numeric":
            return _UNBOUNDED
        match = _DECIMAL.fullmatch(self.postgres_type)
        if not match:
            return None
        precision, scale = int(match[1]), int(match[2])
        # numeric(3,5) goes up to 0.00999, numeric(3,-2) up to 99900; Spark has no such decimals.
        return max(precision, scale, precision - scale), max(scale, 0)

    @property
    def arrow_type(self) -> pa.DataType:
        if self.decimal is not None:
            precision, scale = self.decimal
            if precision > _DECIMAL128_DIGITS:
                raise Invalid(
                    f"column '{self.name}' is {self.postgres_type}, but Spark supports at most 38 digits; cast "
                    "it, for example to numeric(38,10)"
                )
            return pa.decimal128(precision, scale)
        return arrow_types().get(_SYNONYMS.get(self.postgres_type, self.postgres_type), pa.string())

    @property
    def _as_integer(self) -> bool:
        return self.decimal is not None and self.postgres_type != "numeric" and self.decimal[0] <= INT64_DIGITS

    @property
    def expression(self) -> sql.Composable:
        """
        What to select to get the exact value.

        ADBC returns numeric as text; a whole number of its smallest unit is exact and faster.
        NaN and infinite numbers have no decimal equivalent and become null.
        """
        column = sql.Identifier(self.name)
        if self.decimal is None:
            known = _SYNONYMS.get(self.postgres_type, self.postgres_type)
            if known in _ENDS:
                finite = "CASE WHEN {0} > '-infinity' THEN CASE WHEN {0} < {1} THEN {0} ELSE {2} END END"
                return sql.SQL(finite).format(column, *map(sql.Literal, _ENDS[known]))
            return column if known in arrow_types() else sql.SQL("{}::text").format(column)
        if self._as_integer:
            number = sql.SQL("nullif({}, 'NaN')").format(column)
            return sql.SQL("({} * {}::numeric)::bigint").format(number, sql.Literal(10 ** self.decimal[1]))
        if self.postgres_type != "numeric":
            return sql.SQL("nullif({}, 'NaN')::text").format(column)
        precision, scale = self.decimal
        return sql.SQL(
            "CASE WHEN abs(round({0}, {1})) < {2} THEN round({0}, {1})::text "
            "WHEN {0} NOT IN ('NaN', 'Infinity', '-Infinity') THEN {3} || {0} END"
        ).format(column, sql.Literal(scale), sql.Literal(10 ** (precision - scale)), sql.Literal(_TOO_LARGE))

    def decode(self, array: pa.Array) -> pa.Array:
        """
        The array returned for `expression`, in this field's Arrow type.

        Raises: Customer360Error with a number that the type cannot store.
        """
        if self.decimal is None:
            return array.cast(self.arrow_type)
        if self._as_integer:
            return decimals(array, self.arrow_type)
        try:
            return pc.cast(array, self.arrow_type)
        except pa.ArrowInvalid:
            value = next(text for text in array.to_pylist() if text and text.startswith(_TOO_LARGE))[1:]
            raise Invalid(
                f"column '{self.name}' contains {value[:60]}, but a decimal{self.decimal} has "
                f"{self.decimal[0] - self.decimal[1]} digits before the point; cast it to numeric(38,0) or "
                "double precision, for example in a view"
            ) from None


def buffer_of(array: pa.Array, kind: npt.DTypeLike, *, extra: int = 0) -> npt.NDArray[Any]:
    """The contents of the array's buffer, including under nulls; to_numpy() would import pandas."""
    return np.frombuffer(array.buffers()[1], kind)[array.offset : array.offset + len(array) + extra]


def decimals(units: pa.Array, kind: pa.Decimal128Type) -> pa.Array:
    """
    An int64 array of smallest units (cents) as a decimal array; nulls stay null.

    Built from the buffers without parsing: a decimal128 is the same integer in 16 bytes.
    """
    wide = np.empty((len(units), 2), dtype=np.int64)
    wide[:, 0] = buffer_of(units, np.int64)
    wide[:, 1] = wide[:, 0] >> 63  # the sign fills the upper half
    valid = units.is_valid().buffers()[1] if units.null_count else None
    return pa.Array.from_buffers(kind, len(units), [valid, pa.py_buffer(wide)], null_count=units.null_count)


def fields(connection: psycopg.Connection[Any], relation: sql.Composable) -> tuple[Field, ...]:
    """The columns that SELECT * from *relation* returns, in order."""
    import psycopg

    query = sql.SQL("SELECT * FROM {} LIMIT 0").format(relation)
    try:
        result = connection.execute(query).pgresult
    except UnicodeError:
        raise Invalid("the query contains bytes that are not text") from None
    except psycopg.Error as error:
        shown = relation.as_string(connection)
        raise postgresql.kind(error.sqlstate)(f"cannot read {shown}: {str(error).splitlines()[0]}") from None
    assert result is not None  # noqa: S101  set after a successful execute
    columns = range(result.nfields)
    names = [(result.fname(column) or b"").decode() for column in columns]
    _require_distinct(names, relation.as_string(connection))
    kinds = connection.execute(
        """
        SELECT format_type(t, CASE WHEN t = 'numeric'::regtype THEN m END)
        FROM unnest(%s::oid[], %s::int[]) WITH ORDINALITY AS c(t, m, i) ORDER BY i
        """,
        ([result.ftype(column) for column in columns], [result.fmod(column) for column in columns]),
    )
    return tuple(Field(name, _SYNONYMS.get(kind, kind)) for name, (kind,) in zip(names, kinds, strict=True))


def _require_distinct(names: Sequence[str], relation: str) -> None:
    for doubled, times in Counter(names).most_common(1):
        if times == 1:
            return
        of = "without a name" if doubled == "?column?" else f"called '{doubled}'"
        raise Invalid(f"{relation} returns two columns {of}; give each its own name with AS")


def fields_of(table: Table) -> tuple[Field, ...]:
    """The columns of a customer360 table."""
    return tuple(Field(column.name, column.type) for column in table.columns)


def arrow_schema(columns: Sequence[Field]) -> pa.Schema:
    return pa.schema([(column.name, column.arrow_type) for column in columns])


def chosen(columns: Sequence[Field], names: Sequence[str], relation: str) -> tuple[Field, ...]:
    """The *columns* called *names*, in that order. Raises: Customer360Error with the nearest column name."""
    by_name = {column.name: column for column in columns}
    for name in names:
        if name not in by_name:
            raise Invalid(f"{relation} has no column '{name}'.{nearest(name, by_name)}")
    return tuple(by_name[name] for name in names)
