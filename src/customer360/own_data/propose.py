"""The first mapping of a raw table, from a known export or else a guess, and proposals for missing columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from customer360.own_data.guess import Sample, column_called, guess, reads
from customer360.own_data.known_exports import Recipe, recipe_for
from customer360.own_data.language.grammar import quoted
from customer360.own_data.mapped import column_of
from customer360.own_data.mapping import ColumnMapping, toml_text
from customer360.own_data.notes import used_columns
from customer360.own_data.orders import with_order_amount
from customer360.own_data.raw_tables import RawTable
from customer360.own_data.row_kinds import CUSTOMER_ROWS, EVENT_ROWS, ORDER_LINES, RowKind
from customer360.own_data.synonyms import SYNONYMS
from customer360.tables import EVENTS

_FEWEST: Final = 0.9
"""The share of distinct values that a column needs to identify customers."""


@dataclass(frozen=True)
class Proposal:
    """A *mapping*, and notes on where it comes from."""

    mapping: ColumnMapping
    said: tuple[str, ...] = ()


def proposed(
    raw: RawTable,
    sample: Sample,
    *,
    kind: RowKind | None = None,
    kinds: Sequence[RowKind] = (CUSTOMER_ROWS, ORDER_LINES),
) -> Proposal:
    """
    The mapping of *raw* as a known export, or else a guess from its names and values.

    *kind*: the kind of its rows, if the user names it; otherwise one of *kinds*.
    """
    if recipe := recipe_for(raw.columns, kinds=[kind] if kind else kinds):
        return _of_recipe(recipe, raw, sample)
    find = kind_of_events if EVENT_ROWS in kinds else kind_of_rows
    found = kind or find(raw.columns, sample)
    mapping = guess(raw.columns, sample, found)
    mapping, of_order = with_order_amount(mapping, raw) if found is ORDER_LINES else (mapping, "")
    said = [] if kind or found.is_per_customer else [_taken_to_be(found, kinds)]
    return Proposal(mapping, (*said, *([of_order] if of_order else [])))


def _taken_to_be(found: RowKind, kinds: Sequence[RowKind]) -> str:
    """The kind that was detected, and the option to use if it is wrong."""
    if found is not ORDER_LINES:
        return f"the rows are read as {found.in_words}; if they are order lines, add --transactions"
    each = "an event" if EVENT_ROWS in kinds else "a customer"
    return f"the rows are read as {found.in_words}; if each row is {each}, add --no-transactions"


def _of_recipe(recipe: Recipe, raw: RawTable, sample: Sample) -> Proposal:
    mapping = recipe.mapping(raw.columns, sample)
    if recipe.is_open:
        free = [name for name in raw.columns if name not in set(used_columns(mapping, raw.columns))]
        more = guess(free, {name: sample[name] for name in free}).columns
        mapping = replace(mapping, columns={**more, **mapping.columns})
    return Proposal(
        mapping, (f"recognized as an export of {recipe}; its rows are {recipe.kind.in_words}", *recipe.notes)
    )


def kind_of_rows(columns: Sequence[str], sample: Sample) -> RowKind:
    """
    Order lines if rows have an order, a day and an amount, and no column that only customers have; rows without an
    order only if they cannot be customers.
    """
    lines, customers = guess(columns, sample, ORDER_LINES), guess(columns, sample)
    if not lines.lacking and customers.lacking:
        return ORDER_LINES
    if not set(lines.lacking) <= {"customer_id"} or "order_id" not in lines.columns:
        return CUSTOMER_ROWS
    return CUSTOMER_ROWS if {"birth_date", "last_login"} & set(customers.columns) else ORDER_LINES


def kind_of_events(columns: Sequence[str], sample: Sample) -> RowKind:
    """Events if rows have an event and its kind, or else order lines if they have a day and an amount."""
    events, lines = (guess(columns, sample, kind) for kind in (EVENT_ROWS, ORDER_LINES))
    if not events.lacking or ("kind" in events.columns and lines.lacking):
        return EVENT_ROWS
    return EVENT_ROWS if len(events.lacking) < len(lines.lacking) else ORDER_LINES


def proposals(mapping: ColumnMapping, columns: Sequence[str], sample: Sample) -> dict[str, str]:
    """The likeliest right-hand side for each required column that is missing."""
    free = [name for name in columns if name not in set(used_columns(mapping, columns)) and sample[name]]
    likely = {"customer_id": _an_id(free, sample, column_of(mapping.columns.get("name", ""), columns))}
    likely["event_id"] = _an_event_id(mapping, columns)
    for target in ("order_date", "occurred_at", "amount"):
        if target in mapping.kind.targets:
            likely[target] = _first_that_reads(target, mapping.kind, free, sample)
    if "order_id" in mapping.columns:
        likely["order_amount"] = likely["amount"]
    lacking = " ".join(mapping.lacking)
    return {target: side for target, side in likely.items() if side and target in lacking}


def in_words(proposals: Mapping[str, str]) -> str:
    """The *proposals* as lines of a mapping; '' if there are none."""
    sides = dict(proposals)
    of_order, amount = sides.pop("order_amount", None), sides.pop("amount", None)
    lines = [f"{target} = {toml_text(side)}" for target, side in sides.items()]
    if amount:
        lines.append(f"amount = {toml_text(amount)}")
    if of_order:
        lines[-1] += f", or order_amount = {toml_text(of_order)} if it is the amount of the whole order"
    return f", such as: {'; '.join(lines)}" if lines else ""


def _an_id(free: Sequence[str], sample: Sample, name: str | None) -> str | None:
    """A column of e-mail addresses, else one called like a person, else the name, else one of distinct values."""
    by_address = (name for name in free if sum("@" in value for value in sample[name]) * 2 > len(sample[name]))
    by_name = (column_called([*SYNONYMS["customer_id"], "name", *SYNONYMS["name"]], free),)
    distinct = (name for name in free if len(set(sample[name])) >= _FEWEST * len(sample[name]))
    column = next(filter(None, (*by_address, *by_name, name, *distinct)), None)
    return f"hashed_id(lower({quoted(column)}))" if column else None


def _an_event_id(mapping: ColumnMapping, columns: Sequence[str]) -> str | None:
    """A hash of all that a row says about the event, so that equal rows are one event."""
    named = (column_of(mapping.columns.get(target, ""), columns) for target in ("source_id", *EVENTS.column_names))
    used = [quoted(column) for column in dict.fromkeys(filter(None, named))]
    return f"hashed_id(concat_ws('|', {', '.join(used)}))" if "source_id" in mapping.columns and used else None


def _first_that_reads(target: str, kind: RowKind, free: Sequence[str], sample: Sample) -> str | None:
    return column_called([target, *kind.synonyms[target]], free) or next(
        (name for name in free if reads(kind[target], sample[name])), None
    )
