"""Tables as data: the columns with everything that is known of each, and what follows from it."""

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
    """The twins in Arrow of PostgreSQL's types but numeric; made when asked, as Arrow takes long to import."""
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
    A column: its PostgreSQL type, what it means, and what holds for its every value.

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
    """The only values there are; empty for any. Null breaks neither this nor the range."""
    is_member: bool = False
    """Names the member of a slicer, so that no two of its values are the same to `folded`."""
    heading: str = ""
    """What a report calls it, where that is not its name."""
    derived_from: tuple[Dependency, ...] = ()
    """The columns of the sources without which it says nothing; of a group, any one is enough."""
    is_additive: bool = False
    """May be summed over any rows of its table, except over those that differ in one of *except_over*."""
    except_over: tuple[str, ...] = ()
    counts: tuple[Condition, ...] | None = None
    """
    The customers that it tells of: those of whom these hold in customer_profiles, or in a table by months, in the
    month's row of customer_months. None where a row is not about single customers.
    """
    sums: str = ""
    """The column there whose values it adds up; empty where it counts these customers."""
    personal: Literal["", "name", "contact"] = ""
    """'name' says who a customer is and can be hidden; 'contact' is in no table that a reader may see."""
    table: str = ""
    """The full name of its table, which sets it."""

    def __hash__(self) -> int:
        """By name, which tells columns apart: reports look them up thousands of times."""
        return hash((self.table, self.name))

    @property
    def full_name(self) -> str:
        """As in public.customers.loyalty_points: what tells it from any other column."""
        return f"{self.table}.{self.name}"

    @property
    def values(self) -> str:
        """Which values it may have, in words; empty when it may have any."""
        if self.allowed:
            return f"one of {', '.join(self.allowed)}"
        if self.maximum is not None:
            return f"{self.minimum} to {self.maximum}"
        return "" if self.minimum is None else f"{self.minimum} or more"

    @property
    def rule(self) -> str:
        """What holds for its every value, in words; empty when nothing has to."""
        unique = "unique regardless of letter case" if self.is_member else ""
        return ", ".join(filter(None, ["never null" if self.required else "", unique, self.values]))

    @property
    def is_text(self) -> bool:
        return self.type == "text"

    @property
    def is_dated(self) -> bool:
        """Whether it holds days or moments."""
        return self.type in {"date", "timestamp"}

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers."""
        return self.type in {"bigint", "integer", "smallint"}

    @property
    def digits(self) -> tuple[int, int] | None:
        """Precision and scale of a numeric, else None."""
        match = _DECIMAL.fullmatch(self.type)
        return (int(match[1]), int(match[2])) if match else None

    @property
    def spark_type(self) -> str:
        """The same type as Spark writes it: numeric(12,2) -> decimal(12,2), text -> string."""
        return _SPARK_TYPES.get(self.type, self.type.replace("numeric", "decimal"))

    @property
    def arrow_type(self) -> pa.DataType:
        """The same type in Arrow."""
        import pyarrow as pa

        return pa.decimal128(*self.digits) if self.digits else arrow_types()[self.type]

    @property
    def label(self) -> str:
        """The heading, else the name as one: customer_id -> Customer ID."""
        return self.heading or " ".join("ID" if word == "id" else word.title() for word in self.name.split("_"))


Dependency: TypeAlias = "Column | tuple[Column, ...]"
"""What a column of a result is derived from: a column of a source, or a group of which any one is enough."""


@dataclass(frozen=True)
class Index:
    """An index on *columns* besides that of the key: 'btree', or 'brin' where rows come roughly in order."""

    columns: tuple[str, ...]
    method: Literal["btree", "brin"] = "btree"
    folded: bool = False
    """Of the text in lower case, by bytes: for equality and for beginnings, whatever the letter case."""


Role = Literal["source", "profile", "fact", "dimension", "log", "note"]
"""
What a table is for: *source*, the rows that come from outside; *profile*, rows of each customer; *fact*, what
measures are computed from; *dimension*, the members of what facts are cut by; *log*, what happened; *note*, what
the report looks up and shows to nobody.
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
    """True when a refresh adds its rows to those of earlier refreshes; False when it replaces them."""
    indexes: tuple[Index, ...] = ()
    is_private: bool = False
    """Its owner's alone to read, whatever its columns hold."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(replace(one, table=self.full_name) for one in self.columns))

    def __hash__(self) -> int:
        """By name, which tells tables apart: that of every column takes a thousand times as long."""
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
        """The description, ending with the grain."""
        return f"{self.description} Grain: {self.grain}."

    @property
    def is_additive(self) -> bool:
        """Whether every column beyond the key may be summed over any rows."""
        sums = [column for column in self.columns if column.name not in self.key]
        return all(column.is_additive and not column.except_over for column in sums)

    @property
    def is_readable(self) -> bool:
        """Whether those who may only read results may read it: nothing in it tells how to reach a customer."""
        is_open = self.role != "source" and not self.is_private
        return is_open and all(column.personal != "contact" for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True)
class Source(Table):
    """
    A table that comes from outside: mock data, somebody's files, or another program's table.

    *checks* tell what is wrong in a row; so no range of a column holds for certain.
    """

    role: Role = "source"
    own_id: str = ""
    """The column that keeps what its origin calls a row, where it has one."""
    known_from: str = ""
    """The column with the day from which a row is known; before it the row does not exist yet."""
    checks: tuple[RowCheck, ...] = ()
    read_for_checks: tuple[str, ...] = ()
    """The columns that no result derives from and that checks need."""
    is_optional: bool = False
    """Results are made without it too."""

    __hash__ = Table.__hash__

    @property
    def ids(self) -> tuple[str, ...]:
        """The columns that only say which row it is."""
        return (*self.key, self.own_id) if self.own_id else self.key

    @property
    def rejects(self) -> tuple[RowCheck, ...]:
        return tuple(check for check in self.checks if check.severity == "reject")


def folded(text: str) -> str:
    """*text* as Power BI compares it: without surrounding blanks and regardless of letter case."""
    return text.strip().lower()
