"""
Measures: every number of the report, defined once.

A measure is a name, an expression over additive columns, and what a reader needs to know: definition, unit,
format, which direction is good, how many customers it omits. `power_bi.dax` and `web.sql` only render the
expressions.
"""

from __future__ import annotations

from typing import Final

from customer360.errors import Invalid, nearest
from customer360.report import (
    activity_measures,
    customer_measures,
    order_measures,
    points_measures,
    spending_measures,
    value_measures,
)
from customer360.report.expressions import LastClosedMonth, MeanPerMonth, Measure

_MODULES: Final = (
    customer_measures,
    activity_measures,
    order_measures,
    points_measures,
    spending_measures,
    value_measures,
)
MEASURES: Final = tuple(
    dict.fromkeys(value for module in _MODULES for value in vars(module).values() if isinstance(value, Measure))
)
"""Every measure, in the order of definition."""


def measure(name: str) -> Measure:
    """The measure called *name*. Raises Invalid, with the nearest name, if there is none."""
    for candidate in MEASURES:
        if candidate.name == name:
            return candidate
    raise Invalid(f"'{name}' is not a measure.{nearest(name, [m.name for m in MEASURES])}")


def or_else(of: Measure) -> str:
    """For a message: the measures that summarise *of* over several months."""
    forms = [
        one.name
        for one in MEASURES
        if isinstance(one.expression, (LastClosedMonth, MeanPerMonth)) and one.expression.of is of
    ]
    return f", or use {' or '.join(forms)}" if forms else ""
