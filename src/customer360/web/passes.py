"""Asking the results: what reads one table under the same filters is read in one pass, passes side by side."""

from __future__ import annotations

import os
from collections.abc import Hashable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from customer360.dimensions import Dimension
from customer360.expressions import Measure
from customer360.tables import Table
from customer360.web import sql
from customer360.web.store import Results

Row = Mapping[str, Any]
_AT_ONCE: Final = ThreadPoolExecutor(os.cpu_count(), "customer360 query")


@dataclass(frozen=True)
class Cut:
    """Rows to ask for: of which table, cut by what, under which filters (in a form that can be compared)."""

    fact: Table
    by: tuple[Dimension, ...]
    kept: tuple[tuple[str, Any], ...]


Asked = Mapping[Cut, Sequence[Measure]]


def rows(asked: Asked, threshold: Decimal, results: Results) -> dict[Cut, list[Row]]:
    """For each cut one row, or one per combination of members that occurs, in the order of the members."""
    found = _AT_ONCE.map(lambda several: dict(_rows(several, threshold, results)), _passes(asked))
    return {cut: rows for one in found for cut, rows in one.items()}


def _passes(asked: Asked) -> list[Asked]:
    passes: dict[Hashable, dict[Cut, Sequence[Measure]]] = {}
    for cut, measures in asked.items():
        alone = () if sql.shares_a_pass(cut.by, measures) else cut.by
        passes.setdefault((cut.fact, cut.kept, alone), {})[cut] = measures
    return list(passes.values())


def _rows(asked: Asked, threshold: Decimal, results: Results) -> Iterator[tuple[Cut, list[Row]]]:
    measures = list({one.name: one for several in asked.values() for one in several}.values())
    fact, kept = next((cut.fact, dict(cut.kept)) for cut in asked)
    if len(asked) == 1:
        [cut] = asked
        query = sql.aggregate(fact, measures, by=cut.by, filters=kept, threshold=threshold, as_of=results.as_of)
        yield cut, _in_order(_named(results.rows(query), cut.by, measures), cut, results)
        return
    cuts = [cut.by for cut in asked]
    query = sql.aggregate_each(fact, measures, cuts, filters=kept, threshold=threshold, as_of=results.as_of)
    found = _named(results.rows(query), sql.dimensions_of_all(cuts), measures, "cut")
    for cut in asked:
        number = sql.number_of(cut.by, cuts)
        yield cut, _in_order([row for row in found if row["cut"] == number], cut, results)


def _named(
    found: Sequence[Sequence[Any]], by: Sequence[Dimension], measures: Sequence[Measure], *first: str
) -> list[Row]:
    """Values by name. Counting nobody gives 0, not nothing."""
    names = [*first, *(one.name for one in by), *(one.name for one in measures)]
    counts = {one.name for one in measures if one.format == "count"}
    return [
        {name: 0 if value is None and name in counts else value for name, value in zip(names, row, strict=True)}
        for row in found
    ]


def _in_order(found: Sequence[Row], cut: Cut, results: Results) -> list[Row]:
    """By members; rows without one are in no part of a visual."""
    places = [(one.name, {key: place for place, key in enumerate(results.members[one])}) for one in cut.by]
    shown = [row for row in found if all(row[name] is not None for name, _ in places)]
    return sorted(shown, key=lambda row: [place[row[name]] for name, place in places])
