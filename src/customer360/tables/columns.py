"""Tables as data: columns with all their properties, and what follows from them."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    import pyarrow as pa

    from customer360.tables.conditions import Condition
    from customer360.tables.row_checks import RowCheck

_SPARK_TYPES: Final = {"integer": "int", "text": "string", "timestamp": "timestamp_ntz"}
_DECIMAL: Final = re.compile(r"numeric\((\d+),(\d+)\)")


@cache
def arrow_types() -> dict[str, pa.DataType]:
    """PostgreSQL type -> Arrow type, except numeric; built on demand, because importing Arrow is slow."""
    import pyarrow as pa

    return {
        "bigint": pa.int64(), "integer": pa.int32(), "smallint": pa.int16(), "boolean": pa.bool_(),
        "text": pa.string(), "date": pa.date32(), "timestamp": pa.timestamp("us"),
        "timestamp with time zone": pa.timestamp("us", tz="UTC"), "double precision": pa.float64(),
        "real": pa.float32(), "bytea": pa.binary(),
    }  # fmt: skip


@dataclass(frozen=True)
class Column:
    """
    A column: its PostgreSQL type, its meaning, and the rules that all its values follow.

    Rows of a result table that break these rules are never published. The types in use are bigint, integer,
    smallint, boolean, text, date, timestamp (UTC, no zone) and numeric(p,s).
    """

    name: str
    type: str
    description: str
    required: bool = False
    """Never null."""
    minimum: int | None = None
    maximum: int | None = None
    allowed: tuple[str, ...] = ()
    """The only valid values; empty if any value is valid. Null violates neither this nor the range."""
    is_member: bool = False
    """Names a slicer's members, so no two of its values are equal after `folded`."""
    heading: str = ""
    """What a report calls it, if not by its name."""
    derived_from: tuple[Dependency, ...] = ()
    """The source columns that it needs; of a group, any one is enough."""
    is_additive: bool = False
    """May be summed over any rows of its table, except rows that differ in one of *except_over*."""
    except_over: tuple[str, ...] = ()
    counts: tuple[Condition, ...] | None = None
    """
    The customers it covers: those for whom these conditions hold in customer_profiles or, in a table by month, in
    the month's row of customer_months. None if a row is not about individual customers.
    """
    sums: str = ""
    """The column of that table whose values it adds up; empty if it counts the customers."""
    personal: Literal["", "name", "contact"] = ""
    """'name' identifies a customer and can be hidden; 'contact' is never in a table that readers may see."""
    table: str = ""
    """The full name of its table; set by the table."""

    def __hash__(self) -> int:
        """By name, which is unique and fast: reports look columns up thousands of times."""
        return hash((self.table, self.name))

    @property
    def full_name(self) -> str:
        """Its unique name, such as public.customers.loyalty_points."""
        return f"{self.table}.{self.name}"

    @property
    def values(self) -> str:
        """The valid values, in words; empty if any value is valid."""
        if self.allowed:
            return f"one of {', '.join(self.allowed)}"
        if self.maximum is not None:
            return f"{self.minimum} to {self.maximum}"
        return "" if self.minimum is None else f"{self.minimum} or more"

    @property
    def rule(self) -> str:
        """The rules for its values, in words; empty if there are none."""
        unique = "unique regardless of letter case" if self.is_member else ""
        return ", ".join(filter(None, ["never null" if self.required else "", unique, self.values]))

    @property
    def is_text(self) -> bool:
        return self.type == "text"

    @property
    def is_dated(self) -> bool:
        """Whether it contains dates or timestamps."""
        return self.type in {"date", "timestamp"}

    @property
    def is_whole(self) -> bool:
        """Whether it contains whole numbers."""
        return self.type in {"bigint", "integer", "smallint"}

    @property
    def digits(self) -> tuple[int, int] | None:
        """Precision and scale of a numeric; None for any other type."""
        match = _DECIMAL.fullmatch(self.type)
        return (int(match[1]), int(match[2])) if match else None

    @property
    def spark_type(self) -> str:
        """The type in Spark's notation: numeric(12,2) -> decimal(12,2), text -> string."""
        return _SPARK_TYPES.get(self.type, self.type.replace("numeric", "decimal"))

    @property
    def arrow_type(self) -> pa.DataType:
        """The type in Arrow."""
        import pyarrow as pa

        return pa.decimal128(*self.digits) if self.digits else arrow_types()[self.type]

    @property
    def label(self) -> str:
        """The heading, or the name in title case: customer_id -> Customer ID."""
        return self.heading or " ".join("ID" if word == "id" else word.title() for word in self.name.split("_"))


Dependency: TypeAlias = "Column | tuple[Column, ...]"
"""What a result column derives from: a source column, or a group in which any one column is enough."""


@dataclass(frozen=True)
class Index:
    """An index on *columns*, in addition to the key's: 'btree', or 'brin' if rows arrive roughly in order."""

    columns: tuple[str, ...]
    method: Literal["btree", "brin"] = "btree"
    folded: bool = False
    """On the lower-case text, by bytes: for equality and prefixes, regardless of letter case."""


Role = Literal["source", "profile", "fact", "dimension", "log", "note"]
"""
What a table is for: *source*, rows that come from outside; *profile*, rows of individual customers; *fact*, rows
that measures are computed from; *dimension*, the members by which facts are cut; *log*, what happened; *note*,
what the report looks up but never shows.
"""


@dataclass(frozen=True)
class Table:
    """A table: what one row is (*grain*), what identifies it (*key*, may be empty), and its columns."""

    schema: str
    name: str
    grain: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    role: Role = "fact"
    keeps_history: bool = False
    """True if a refresh adds its rows to those of earlier refreshes; False if it replaces them."""
    indexes: tuple[Index, ...] = ()
    is_private: bool = False
    """Only its owner may read it, regardless of its columns."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(replace(one, table=self.full_name) for one in self.columns))

    def __hash__(self) -> int:
        """By name, which is unique; hashing every column takes a thousand times as long."""
        return hash((self.schema, self.name))

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @cached_property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def arrow_schema(self) -> pa.Schema:
        import pyarrow as pa

        return pa.schema([(column.name, column.arrow_type) for column in self.columns])

    @property
    def comment(self) -> str:
        """The description, followed by the grain."""
        return f"{self.description} Grain: {self.grain}."

    @property
    def is_additive(self) -> bool:
        """Whether every column outside the key may be summed over any rows."""
        sums = [column for column in self.columns if column.name not in self.key]
        return all(column.is_additive and not column.except_over for column in sums)

    @property
    def is_readable(self) -> bool:
        """Whether readers of the results may read it: it contains no contact details."""
        is_open = self.role != "source" and not self.is_private
        return is_open and all(column.personal != "contact" for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True)
class Source(Table):
    """
    A table that comes from outside: mock data, loaded files, or another program's table.

    Any value may be wrong; *checks* find the rows that are.
    """

    role: Role = "source"
    own_id: str = ""
    """The column with a row's id in its origin, if there is one."""
    known_from: str = ""
    """The column with the day from which a row is known; before that day the row does not exist."""
    checks: tuple[RowCheck, ...] = ()
    read_for_checks: tuple[str, ...] = ()
    """The columns that only checks need."""
    is_optional: bool = False
    """Results can be built without it."""

    __hash__ = Table.__hash__

    @property
    def ids(self) -> tuple[str, ...]:
        """The columns that only identify a row."""
        return (*self.key, self.own_id) if self.own_id else self.key

    @property
    def rejects(self) -> tuple[RowCheck, ...]:
        return tuple(check for check in self.checks if check.severity == "reject")


def folded(text: str) -> str:
    """*text* as Power BI compares it: without surrounding spaces and regardless of letter case."""
    return text.strip().lower()
