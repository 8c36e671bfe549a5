"""Plain Python over single customers: what measures mean, without segments, SQL or DAX."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from customer360.report.expressions import Measure
from tests import row_level
from tests.engines import SEGMENTS, Answer, Ask, Customers, Question


def can(question: Question, one: Measure) -> bool:
    """What single customers tell; of parts without the whole, and of members that a customer has."""
    known = question.fact in SEGMENTS and one.name in row_level.MEANINGS
    if "join_year" in question.filters:
        return False
    if question.by is None:
        return known
    return known and question.by.name not in ("funnel_stage", "join_year") and not one.name.startswith("share_of")


@contextmanager
def opened(customers: Customers, request: pytest.FixtureRequest) -> Iterator[Ask]:
    rows = row_level.keep(customers.profiles, {})
    yield lambda questions: [_answer(rows, customers.edge(one.threshold), one) for one in questions]


def _answer(rows: row_level.Rows, x: Decimal, asked: Question) -> Answer:
    names = [one.name for one in asked.measures]
    if asked.by is None:
        return {None: tuple(row_level.says(names, rows, asked.filters, x))}
    cut = asked.by.name
    members = {row[cut] for row in row_level.keep(rows, asked.filters)} - {None}
    return {member: tuple(row_level.says(names, rows, {**asked.filters, cut: [member]}, x)) for member in members}
