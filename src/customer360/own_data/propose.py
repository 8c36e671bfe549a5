"""The first mapping of a source: that of a known export, else a guess; and proposals for what is missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from customer360.own_data.guess import Sample, column_called, guess, reads
from customer360.own_data.known_exports import Recipe, recipe_for
from customer360.own_data.language.grammar import quoted
from customer360.own_data.mapped import column_of
from customer360.own_data.mapping import CustomerMapping, toml_text
from customer360.own_data.notes import used_columns
from customer360.own_data.orders import with_order_amount
from customer360.own_data.sources import Source
from customer360.own_data.synonyms import LINE_SYNONYMS, SYNONYMS

_FEWEST: Final = 0.9
"""Which share of the values of a column have to differ for it to tell customers apart."""


@dataclass(frozen=True)
class Proposal:
    """A *mapping*, and what a person should know of where it comes from."""

    mapping: CustomerMapping
    said: tuple[str, ...] = ()


def proposed(source: Source, sample: Sample, *, transactions: bool | None = None) -> Proposal:
    """
    The mapping of *source* as a known export, else as far as its names and values tell.

    *transactions*: whether its rows are order lines, where a person says so.
    """
    if recipe := recipe_for(source.columns, transactions=transactions):
        return _of_recipe(recipe, source, sample)
    is_lines = are_order_lines(source.columns, sample) if transactions is None else transactions
    mapping, of_order = with_order_amount(guess(source.columns, sample, transactions=is_lines), source)
    said = []
    if is_lines and transactions is None:
        said.append(
            "the rows are taken to be order lines, from which the customers are derived; if each is a customer, "
            "add --no-transactions"
        )
    said += [of_order] if of_order else []
    return Proposal(mapping, tuple(said))


def _of_recipe(recipe: Recipe, source: Source, sample: Sample) -> Proposal:
    mapping = recipe.mapping(source.columns, sample)
    if recipe.is_open:
        free = [name for name in source.columns if name not in set(used_columns(mapping, source.columns))]
        more = guess(free, {name: sample[name] for name in free}).columns
        mapping = replace(mapping, columns={**more, **mapping.columns})
    rows = "order lines, from which the customers are derived" if recipe.is_of_lines else "customers"
    return Proposal(mapping, (f"recognized as the export of {recipe}; its rows are {rows}", *recipe.tells))


def are_order_lines(columns: Sequence[str], sample: Sample) -> bool:
    """Whether rows name an order, a day and an amount, and nothing that only customers have."""
    lines = guess(columns, sample, transactions=True)
    if not set(lines.lacking) <= {"customer_id"} or "order_id" not in lines.columns:
        return False
    customers = guess(columns, sample)
    return not {"birth_date", "last_login"} & set(customers.columns)


def proposals(mapping: CustomerMapping, columns: Sequence[str], sample: Sample) -> dict[str, str]:
    """For each column that is missing, and that a load cannot do without, the likeliest right side."""
    free = [name for name in columns if name not in set(used_columns(mapping, columns)) and sample[name]]
    likely: dict[str, str | None] = {
        "customer_id": _an_id(free, sample, column_of(mapping.columns.get("name", ""), columns)),
        "order_date": _first_that_reads("order_date", free, sample),
        "amount": _first_that_reads("amount", free, sample),
    }
    if "order_id" in mapping.columns:
        likely["order_amount"] = likely["amount"]
    lacking = " ".join(mapping.lacking)
    return {target: side for target, side in likely.items() if side and target in lacking}


def in_words(proposals: Mapping[str, str]) -> str:
    """What a person may write in the mapping for what is missing; nothing when nothing is proposed."""
    sides = dict(proposals)
    of_order, amount = sides.pop("order_amount", None), sides.pop("amount", None)
    lines = [f"{target} = {toml_text(side)}" for target, side in sides.items()]
    if amount:
        lines.append(f"amount = {toml_text(amount)}")
    if of_order:
        lines[-1] += f", or order_amount = {toml_text(of_order)} if it is that of the whole order"
    return f", such as: {'; '.join(lines)}" if lines else ""


def _an_id(free: Sequence[str], sample: Sample, name: str | None) -> str | None:
    """A column of addresses, else one called like a person, else the name, else one whose values differ."""
    by_address = (name for name in free if sum("@" in value for value in sample[name]) * 2 > len(sample[name]))
    by_name = (column_called([*SYNONYMS["customer_id"], "name", *SYNONYMS["name"]], free),)
    distinct = (name for name in free if len(set(sample[name])) >= _FEWEST * len(sample[name]))
    column = next(filter(None, (*by_address, *by_name, name, *distinct)), None)
    return f"hashed_id(lower({quoted(column)}))" if column else None


def _first_that_reads(target: str, free: Sequence[str], sample: Sample) -> str | None:
    return column_called([target, *LINE_SYNONYMS[target]], free) or next(
        (name for name in free if reads(target, sample[name])), None
    )
