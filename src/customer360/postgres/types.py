"""PostgreSQL's types and their twins in Arrow, exact both ways."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from psycopg import sql

from customer360.errors import Customer360Error, nearest
from customer360.tables import Table

if TYPE_CHECKING:
    import psycopg

_ARROW: Final[dict[str, pa.DataType]] = {
    "bigint": pa.int64(),
    "integer": pa.int32(),
    "smallint": pa.int16(),
    "boolean": pa.bool_(),
    "text": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamp with time zone": pa.timestamp("us", tz="UTC"),
    "double precision": pa.float64(),
    "real": pa.float32(),
    "bytea": pa.binary(),
}
_SYNONYMS: Final = {"timestamp without time zone": "timestamp", "timestamptz": "timestamp with time zone"}
_DECIMAL: Final = re.compile(r"numeric\((\d+),(-?\d+)\)")
INT64_DIGITS: Final = 18
_DECIMAL128_DIGITS: Final = 38
_UNBOUNDED: Final = (38, 18)
"""Digits and decimals for a numeric without any: the same as Spark's own JDBC reader."""


@dataclass(frozen=True)
class Field:
    """
    A column as it travels between PostgreSQL, Arrow and Spark.

    A type without a twin (uuid, jsonb, enumerations, arrays, ...) travels as its text.
    """

    name: str
    postgres_type: str

    @property
    def decimal(self) -> tuple[int, int] | None:
        """(precision, scale) of a numeric, else None."""
        if self.postgres_type == "numeric":
            return _UNBOUNDED
        match = _DECIMAL.fullmatch(self.postgres_type)
        return (int(match[1]), int(match[2])) if match else None

    @property
    def arrow_type(self) -> pa.DataType:
        if self.decimal is not None:
            precision, scale = self.decimal
            if precision > _DECIMAL128_DIGITS or scale < 0:
                raise Customer360Error(
                    f"column '{self.name}' is {self.postgres_type}; Spark holds at most 38 digits and no negative "
                    "scale: select it with a cast to numeric(38,10) or the like"
                )
            return pa.decimal128(precision, scale)
        return _ARROW.get(_SYNONYMS.get(self.postgres_type, self.postgres_type), pa.string())

    @property
    def _as_integer(self) -> bool:
        return self.decimal is not None and self.postgres_type != "numeric" and self.decimal[0] <= INT64_DIGITS

    @property
    def expression(self) -> sql.Composable:
        """
        What to select so that it arrives exact.

        ADBC hands numeric over as text; as a whole number of its smallest unit it is exact and faster.
        NaN has no decimal twin and becomes null.
        """
        column = sql.Identifier(self.name)
        if self.decimal is None:
            known = _SYNONYMS.get(self.postgres_type, self.postgres_type) in _ARROW
            return column if known else sql.SQL("{}::text").format(column)
        number = sql.SQL("nullif({}, 'NaN')").format(column)
        if not self._as_integer:
            return sql.SQL("{}::text").format(number)
        return sql.SQL("({} * {}::numeric)::bigint").format(number, sql.Literal(10 ** self.decimal[1]))

    def decode(self, array: pa.Array) -> pa.Array:
        """The array that came for `expression`, in this field's Arrow type."""
        if self.decimal is None:
            return array.cast(self.arrow_type)
        return decimals(array, self.arrow_type) if self._as_integer else pc.cast(array, self.arrow_type)


def buffer_of(array: pa.Array, kind: npt.DTypeLike, *, extra: int = 0) -> npt.NDArray[Any]:
    """What lies in the array's buffer, under nulls too; not by to_numpy(), which imports pandas."""
    return np.frombuffer(array.buffers()[1], kind)[array.offset : array.offset + len(array) + extra]


def decimals(units: pa.Array, kind: pa.Decimal128Type) -> pa.Array:
    """
    An int64 array of smallest units (cents) as a decimal array; nulls stay null.

    Built from the buffers: a decimal128 is the same integer in 16 bytes, so that nothing is parsed.
    """
    wide = np.empty((len(units), 2), dtype=np.int64)
    wide[:, 0] = buffer_of(units, np.int64)
    wide[:, 1] = wide[:, 0] >> 63  # the sign fills the upper half
    valid = units.is_valid().buffers()[1] if units.null_count else None
    return pa.Array.from_buffers(kind, len(units), [valid, pa.py_buffer(wide)], null_count=units.null_count)


def fields(connection: psycopg.Connection[Any], relation: sql.Composable) -> tuple[Field, ...]:
    """The columns that selecting everything from *relation* gives, in order."""
    import psycopg

    query = sql.SQL("SELECT * FROM {} LIMIT 0").format(relation)
    try:
        description = connection.execute(query).description or ()
    except UnicodeError:
        raise Customer360Error("what is asked of the database holds bytes that are no text") from None
    except psycopg.Error as error:
        shown = relation.as_string(connection)
        raise Customer360Error(f"cannot read {shown}: {str(error).splitlines()[0]}") from None
    names = connection.execute(
        "SELECT format_type(t, NULL) FROM unnest(%s::oid[]) WITH ORDINALITY AS c(t, i) ORDER BY i",
        ([column.type_code for column in description],),
    ).fetchall()
    return tuple(_field(column, name) for column, (name,) in zip(description, names, strict=True))


def _field(column: psycopg.Column, type_name: str) -> Field:
    if type_name == "numeric" and column.precision is not None:
        type_name = f"numeric({column.precision},{column.scale or 0})"
    return Field(column.name, _SYNONYMS.get(type_name, type_name))


def fields_of(table: Table) -> tuple[Field, ...]:
    """The columns of one of our own tables."""
    return tuple(Field(column.name, column.type) for column in table.columns)


def arrow_schema(columns: Sequence[Field]) -> pa.Schema:
    return pa.schema([(column.name, column.arrow_type) for column in columns])


def chosen(columns: Sequence[Field], names: Sequence[str], relation: str) -> tuple[Field, ...]:
    """The *columns* called *names*, in that order. Raises: Customer360Error naming the nearest column."""
    by_name = {column.name: column for column in columns}
    for name in names:
        if name not in by_name:
            raise Customer360Error(f"{relation} has no column '{name}'.{nearest(name, by_name)}")
    return tuple(by_name[name] for name in names)
