"""Plain Python over individual customers: the meaning of measures, without segments, SQL or DAX."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from customer360.report.dimensions import ACTIVITY_MONTH, dimensions_of
from customer360.report.expressions import Measure
from customer360.tables import ACTIVITY_SEGMENTS, VALUE_HOLDOUT
from tests import event_level, row_level
from tests.engines import OF_SINGLE_CUSTOMERS, Answer, Ask, Customers, Question


def can(question: Question, one: Measure) -> bool:
    """Whether it follows from individual customers and events: no shares of a total, and only cuts by their columns."""
    if question.fact is ACTIVITY_SEGMENTS:
        return "join_year" not in question.filters and (question.by is None or question.by is ACTIVITY_MONTH)
    known = question.fact in OF_SINGLE_CUSTOMERS and one.name in row_level.MEANINGS
    if "join_year" in question.filters:
        return False
    if question.by is None:
        return known
    return known and question.by.name not in ("funnel_stage", "join_year") and not one.name.startswith("share_of")


@contextmanager
def opened(customers: Customers, request: pytest.FixtureRequest) -> Iterator[Ask]:
    rows = row_level.keep(customers.profiles, {})
    yield lambda questions: [_answer(rows, customers.snapped(one.parameters), one) for one in questions]


def _answer(rows: row_level.Rows, x: row_level.Parameters, asked: Question) -> Answer:
    names = [one.name for one in asked.measures]
    if asked.fact is ACTIVITY_SEGMENTS:
        return _of_events(names, rows, asked)
    rows = row_level.held_out(rows) if asked.fact is VALUE_HOLDOUT else rows
    cuts = {cut.name for cut in dimensions_of(asked.fact)}
    filters = {name: kept for name, kept in asked.filters.items() if name in cuts}
    if asked.by is None:
        return {None: tuple(row_level.says(names, rows, filters, x))}
    cut = asked.by.name
    members = {row[cut] for row in row_level.keep(rows, filters)} - {None}
    return {member: tuple(row_level.says(names, rows, {**filters, cut: [member]}, x)) for member in members}


def _of_events(names: list[str], rows: row_level.Rows, asked: Question) -> Answer:
    ledger = event_level.kept(rows, asked.filters, asked.parameters)
    if asked.by is None:
        return {None: event_level.says(names, ledger)}
    return {month: event_level.says(names, replace(ledger, months=[month])) for month in ledger.months}
