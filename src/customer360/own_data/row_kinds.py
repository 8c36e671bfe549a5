"""The kinds of rows that a file may have, each as a value: its columns, their synonyms, and its checks."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from customer360.own_data import checks
from customer360.own_data.checks import CellCheck
from customer360.own_data.event_words import EVENT_SYNONYMS, KIND_WORDS
from customer360.own_data.synonyms import LINE_SYNONYMS, SYNONYMS
from customer360.tables import CUSTOMERS, EVENTS, Column, Source


@dataclass(frozen=True, eq=False)
class RowKind:
    """
    *name*: in a mapping file; *in_words*: in the plan of a load. *fills*: the tables that the rows are loaded
    into, that of the rows themselves first; *derived*: the full names of computed columns of these tables, and
    the columns of a row that they require.

    *columns*: the targets of a mapping; *synonyms*: other names of these columns. *needed*: required columns,
    in addition to one of the groups *one_of*, which *one_of_means* describes. *aids*: columns that help to
    derive others and are never reported as missing. *money*: the amounts, in one currency; *total*: the SQL
    expression that a total row sums. *no_name*: a cell that is not a name. *is_per_customer*: whether each row
    is another customer. *dated_by*: the column by which rows after the as-of date are excluded. *words*: the
    values of words, by column; see `guess.plain`.
    """

    name: str
    in_words: str
    fills: tuple[Source, ...]
    columns: tuple[Column, ...]
    synonyms: Mapping[str, Sequence[str]]
    checks: tuple[CellCheck, ...]
    needed: tuple[str, ...]
    one_of: tuple[tuple[str, ...], ...]
    one_of_means: str
    aids: frozenset[str]
    money: tuple[str, ...]
    total: str
    no_name: re.Pattern[str]
    is_per_customer: bool = False
    dated_by: str = ""
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    derived: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)

    def lacking(self, present: Collection[str]) -> tuple[str, ...]:
        """The required columns that are not *present*; alternatives are one text."""
        is_enough = any(set(group) <= set(present) for group in self.one_of)
        return *(name for name in self.needed if name not in present), *(() if is_enough else (self.one_of_means,))

    @property
    def key(self) -> str | None:
        """The column that identifies a row; None if several rows form one row of the table."""
        (key,) = self.table.key
        return key if key in self.targets else None

    @property
    def table(self) -> Source:
        """The table that a rejected row belongs to."""
        return self.fills[0]

    def filled(self, table: Source, present: Collection[str]) -> tuple[str, ...]:
        """The columns of *table* that rows with the columns *present* fill, in its order."""
        return tuple(
            column.name
            for column in table.columns
            if {*self.derived.get(column.full_name, (column.name,))} <= {*present}
        )


_CURRENCY: Final = Column("currency", "text", "Currency of the row's amounts.")
_OF_CUSTOMERS: Final = (
    *CUSTOMERS.columns,
    Column("left_date", "date", "Day on which the customer left; active if it is missing or in the future."),
    _CURRENCY,
)
_AIDS: Final = frozenset({"source_id", "currency"})

CUSTOMER_ROWS: Final = RowKind(
    name="customers",
    in_words="customers",
    fills=(CUSTOMERS,),
    columns=_OF_CUSTOMERS,
    synonyms=SYNONYMS,
    checks=(
        *checks.of_cells(_OF_CUSTOMERS),
        checks.ID_MISSING,
        checks.TOTALS_ROW,
        checks.OTHER_CURRENCY,
        checks.ID_DAMAGED,
        checks.NULL_BYTE,
        *checks.of_dates("join_date", "first_purchase", "last_login"),
        *checks.OF_VALUES,
    ),
    needed=("customer_id",),
    one_of=tuple((column.name,) for column in CUSTOMERS.columns if column.name not in CUSTOMERS.ids),
    one_of_means="any other column",
    aids=_AIDS | {"left_date"},
    money=("account_balance",),
    total="account_balance",
    no_name=re.compile(r"[\W\d]+"),  # numbers such as #1001
    is_per_customer=True,
)

_OF_LINES: Final = (
    CUSTOMERS["customer_id"],
    CUSTOMERS["source_id"],
    Column("order_id", "text", "The source's id of the order; lines with the same id are one order."),
    Column("order_date", "timestamp", "Moment of the order."),
    Column("amount", "numeric(18,6)", "Amount of the line; negative if it was cancelled."),
    Column("order_amount", "numeric(18,6)", "Amount of the whole order, on one of its lines or on each."),
    Column(
        "refunded", "numeric(18,6)", "Amount refunded: of the order if it has an order_amount, else of the line."
    ),
    Column("quantity", "numeric(18,6)", "Number of units; negative if they were returned."),
    Column("unit_price", "numeric(18,6)", "Price of one unit."),
    Column("discount", "numeric(18,6)", "Share of quantity × unit_price to subtract, 0 to 1."),
    CUSTOMERS["loyalty_points"],
    CUSTOMERS["name"],
    CUSTOMERS["email"],
    CUSTOMERS["country"],
    CUSTOMERS["city"],
    _CURRENCY,
)
_AMOUNTS: Final = (("amount",), ("quantity", "unit_price"), ("order_id", "order_amount"))

ORDER_LINES: Final = RowKind(
    name="order lines",
    in_words="order lines",
    fills=(EVENTS, CUSTOMERS),
    columns=_OF_LINES,
    synonyms=LINE_SYNONYMS,
    checks=(
        *checks.of_cells(_OF_LINES),
        checks.ID_MISSING,
        checks.TOTALS_ROW,
        checks.OTHER_CURRENCY,
        checks.DISCOUNT_NO_SHARE,
        checks.ID_DAMAGED,
        checks.ORDER_DATE_MISSING,
        checks.AMOUNT_MISSING,
        checks.NULL_BYTE,
        checks.OF_FORGOTTEN,
        *checks.of_dates("order_date"),
    ),
    needed=("customer_id", "order_date"),
    one_of=_AMOUNTS,
    one_of_means=" or ".join(map(" and ".join, _AMOUNTS)),
    aids=_AIDS | {"discount", "order_id", "order_amount", "refunded"},
    money=("amount", "order_amount", "refunded", "unit_price"),
    total="coalesce(amount, quantity::DECIMAL(19,6) * unit_price::DECIMAL(19,6))",
    no_name=re.compile(r"\W*[A-Z]{0,4}[-_ ]?\d[\d-]*"),  # also order numbers such as SO-1001
    dated_by="order_date",
    derived={
        CUSTOMERS["join_date"].full_name: (),
        CUSTOMERS["first_purchase"].full_name: (),
        EVENTS["event_id"].full_name: (),
        EVENTS["occurred_at"].full_name: (),
        EVENTS["kind"].full_name: (),
        EVENTS["amount"].full_name: (),
        EVENTS["points"].full_name: ("loyalty_points",),
    },
)

_OF_EVENTS: Final = (
    EVENTS["event_id"],
    EVENTS["customer_id"],
    CUSTOMERS["source_id"],
    *(column for column in EVENTS.columns if column.name not in {"event_id", "customer_id"}),
    _CURRENCY,
)

EVENT_ROWS: Final = RowKind(
    name="events",
    in_words="events",
    fills=(EVENTS,),
    columns=_OF_EVENTS,
    synonyms=EVENT_SYNONYMS,
    checks=(
        *checks.of_cells(_OF_EVENTS),
        *checks.OF_EVENTS,
        checks.TOTALS_ROW,
        checks.OTHER_CURRENCY,
        checks.ID_DAMAGED,
        checks.NULL_BYTE,
        checks.in_future("occurred_at"),
    ),
    needed=tuple(column.name for column in EVENTS.columns if column.required),
    one_of=((),),
    one_of_means="",
    aids=_AIDS,
    money=("amount",),
    total="amount",
    no_name=ORDER_LINES.no_name,
    dated_by="occurred_at",
    words={"kind": KIND_WORDS},
)

ROW_KINDS: Final = {kind.name: kind for kind in (CUSTOMER_ROWS, ORDER_LINES, EVENT_ROWS)}
"""Every kind, by its name in a mapping file."""
