"""The DAX of the Power BI project, computed by our own evaluator from the built TMDL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from customer360.power_bi import model
from customer360.power_bi.project import files
from customer360.power_bi.tmdl import ModelSource
from tests.engines import Answer, Ask, Customers, Question
from tests.power_bi import dax_evaluator
from tests.power_bi.chosen import chosen, column_of
from tests.power_bi.dax_evaluator import Evaluator, Model

SOURCE = ModelSource("db.example:5432", "crm", "analytics", "import")


@contextmanager
def opened(customers: Customers, request: pytest.FixtureRequest) -> Iterator[Ask]:
    read = dax_evaluator.read(files(SOURCE), customers.results)
    yield lambda questions: [_answer(read, question) for question in questions]


def _answer(read: Model, asked: Question) -> Answer:
    names = [model.measure_name(one, asked.fact) for one in asked.measures]
    context = chosen(read, asked.filters, asked.parameters)
    if asked.by is None:
        return {None: tuple(map(Evaluator(read, context).measure, names))}
    table, column = column_of(asked.by.name)
    members = set(read.rows[table][column]) - {None}
    for kept in context.get((table, column), []):
        members &= kept
    context.setdefault((table, column), []).append(members)
    evaluator = Evaluator(read, context)
    found = {one: tuple(evaluator.measure(name, {(table, column): [{one}]}) for name in names) for one in members}
    return {one: values for one, values in found.items() if any(value is not None for value in values)}
