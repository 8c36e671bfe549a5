"""
Every engine that evaluates measures, in one table: the tests of agreement ask each of them the same.

A new engine is one entry of `ENGINES`. A new measure is asked of each engine by itself.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final

import pandas as pd
import pytest

from customer360.report.dimensions import FACTS, Between, Dimension, Filters, dimensions_of
from customer360.report.expressions import Measure, facts_of
from customer360.report.measures import BALANCE_THRESHOLD, MEASURES, measure
from customer360.tables import COHORT_RETENTION, CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS, Table
from tests import miniature, row_level

SEGMENTS: Final = (CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS)
SLICERS: Final[dict[str, Sequence[str]]] = {
    "loyalty_status": miniature.STATUSES,
    "activity": miniature.ACTIVITIES,
    "country": miniature.COUNTRIES,
}
MEMBERS: Final[dict[str, Collection[object]]] = {
    **SLICERS,
    "balance_band": range(-1, 10),
    "points_band": range(7),
    "account_age_band": range(1, 21),
    "last_login_month": [date(2026, month, 1) for month in range(1, 7)],
    "funnel_stage": [1, 2, 3, 4],
    "months_since": range(24),
    "join_year": range(2021, 2027),
}


@dataclass(frozen=True)
class Customers:
    """The same customers three times: one by one, as a source table, and as results."""

    source: pd.DataFrame
    results: dict[str, pd.DataFrame]
    published: Any = None
    """A connection to the PostgreSQL that holds these results already."""
    profiles: pd.DataFrame = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "profiles", miniature.profiles(self.source))

    def edge(self, threshold: Decimal | int) -> Decimal:
        """The threshold at which the answer is exact: the next edge, or the highest."""
        bands = self.results["bands"].query("banded_column == 'account_balance'")
        edges = [low for low in bands["low"] if low is not None and not pd.isna(low)]
        return min((edge for edge in edges if edge >= threshold), default=max(edges))


@dataclass(frozen=True)
class Question:
    """What *measures* of *fact* are under *filters*, for each member of *by*."""

    fact: Table
    measures: tuple[Measure, ...]
    filters: Filters = field(default_factory=dict)
    by: Dimension | None = None
    threshold: Decimal | int = BALANCE_THRESHOLD.default


Answer = dict[object, tuple[object, ...]]
"""Each member that occurs (None where nothing is cut) -> a value for each measure."""

Ask = Callable[[Sequence[Question]], list[Answer]]


@dataclass(frozen=True)
class Engine:
    """
    How customers are brought to an engine and measures asked of it.

    *can* tells which measures of a question it computes; None of a question that it has no way to filter or cut.
    """

    open: Callable[[Customers, pytest.FixtureRequest], AbstractContextManager[Ask]]
    can: Callable[[Question, Measure], bool] = lambda question, one: True
    marks: tuple[pytest.MarkDecorator, ...] = ()


def asked(engine: Engine, questions: Sequence[Question]) -> list[Question]:
    """Of *questions* the part that *engine* can answer."""
    found = [
        Question(one.fact, able, one.filters, one.by, one.threshold)
        for one in questions
        if (able := tuple(each for each in one.measures if engine.can(one, each)))
    ]
    assert found, "the engine answers none of the questions"
    return found


def differences(found: Sequence[Answer], expected: Sequence[Answer], questions: Sequence[Question]) -> list[Any]:
    """Where the answers to *questions* differ, beyond the rounding of a division."""
    differ: list[Any] = []
    for question, one, other in zip(questions, map(_occurring, found), map(_occurring, expected), strict=True):
        if one.keys() != other.keys():
            differ.append((question.fact.name, question.filters, question.by, one.keys() ^ other.keys()))
            continue
        for member in other:
            pairs = zip(question.measures, one[member], other[member], strict=True)
            differ += [
                (question.fact.name, question.filters, member, each.name, a, b)
                for each, a, b in pairs
                if not (a == b or (not isinstance(b, (str, date)) and row_level.same(a, b)))
            ]
    return differ


def _occurring(answer: Answer) -> Answer:
    """Without the members of whom nothing is said: some engines leave them out, some have a row without a value."""
    return {member: values for member, values in answer.items() if member is None or any(values)}


# --- what is asked ----------------------------------------------------------------------------------------------


def of_segments(
    seeds: int,
    slicers: Mapping[str, Sequence[str]] = SLICERS,
    others: Mapping[str, Collection[object]] | None = None,
) -> Iterator[Question]:
    """
    What single customers can tell: of everyone, under every slicer value, and under any filters.

    *others* are the members that filters are drawn from, beside the slicers: by default those of every dimension.
    """
    drawn = {**(OF_CUSTOMERS if others is None else others), **slicers}
    for fact in SEGMENTS:
        told = tuple(measure(name) for name in row_level.MEANINGS if fact in facts_of(measure(name)))
        yield Question(fact, told)
        for name, members in slicers.items():
            yield from (Question(fact, told, {name: [member]}) for member in members)
        for seed in range(seeds):
            yield Question(fact, told, some_filters(seed, fact, drawn), threshold=seed * 300)


def of_every_table(seeds: int = 12) -> Iterator[Question]:
    """Every measure of every table, under slicers, clicks and thresholds in any combination."""
    for fact in FACTS:
        measures = tuple(one for one in MEASURES if fact in facts_of(one))
        yield Question(fact, measures)
        for seed in range(seeds):
            threshold = random.Random(seed).randrange(30_000)
            yield Question(fact, measures, some_filters(f"{fact.name}{seed}", fact, MEMBERS), threshold=threshold)


def of_parts(cut: Dimension) -> Question:
    """Cut by an axis, with slicers set: each member, and its share of what is shown."""
    fact = next(fact for fact in FACTS if cut in dimensions_of(fact))
    shown = {
        CUSTOMER_SEGMENTS: "total_customers share_of_customers average_balance share_above_threshold",
        ENGAGEMENT_SEGMENTS: "total_customers share_of_customers share_of_first_stage share_of_previous_stage",
        COHORT_RETENTION: "retained_share",
    }[fact]
    filters: Filters = {"country": ["Kenya", "Chile"], "activity": ["Active", "Inactive"]}
    measures = tuple(map(measure, shown.split()))
    return Question(fact, measures, {} if fact is COHORT_RETENTION else filters, cut)


OF_CUSTOMERS: Final = {name: MEMBERS[name] for name in MEMBERS if name not in ("months_since", "join_year")}


def some_filters(seed: object, fact: Table, members: Mapping[str, Collection[object]]) -> Filters:
    """A random choice of *members* for a random choice of the fact's dimensions; sometimes none at all."""
    rng = random.Random(str(seed))
    cuts = [cut.name for cut in dimensions_of(fact) if cut.name in members]
    filters: dict[str, Sequence[object] | Between] = {
        name: rng.sample(list(members[name]), rng.randrange(1, len(members[name])))
        for name in rng.sample(cuts, min(len(cuts), rng.randrange(4)))
    }
    if "join_month" in fact.column_names and rng.random() < 0.4:
        filters["join_month"] = Between(
            date(rng.randrange(2022, 2025), 3, 1), date(rng.randrange(2025, 2027), 2, 1)
        )
    return filters
