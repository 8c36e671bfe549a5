"""
Activity by behaviour: the texts for data without a stored flag.

In such data, customers seen recently count as active, in the slicer, the measures and the funnel.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from customer360.report.dimensions import dimension
from customer360.report.expressions import Measure, needs
from customer360.report.missing import members
from customer360.report.visuals import Visual
from customer360.tables import ACTIVE_DAYS, CUSTOMERS, Column, Dependency

FLAG: Final = CUSTOMERS["is_active"]
_ADDED: Final = f"; active: seen in the last {ACTIVE_DAYS} days"


def description_of(measure: Measure, missing: Collection[Column]) -> str:
    """The description of *measure* for data without the columns *missing*."""
    if FLAG not in missing or not _uses_activity(needs(measure)):
        return measure.described(measure.definition)
    return measure.described(measure.by_behaviour or measure.definition + _ADDED)


def definition_of(visual: Visual, missing: Collection[Column]) -> str:
    """The subtitle of *visual* for data without the columns *missing*."""
    if FLAG not in missing or not depends_on_activity(visual):
        return visual.definition
    text = "" if visual.subtitle else visual.measure.by_behaviour
    return f"{text[0].upper()}{text[1:]}" if text else visual.definition + _ADDED


def depends_on_activity(visual: Visual) -> bool:
    """Whether *visual* depends on whether customers are active."""
    return _uses_activity([*visual.needs, *(one for name in visual.only for one in dimension(name).needs)])


def _uses_activity(needed: Iterable[Dependency]) -> bool:
    return any(FLAG in members(one) for one in needed)
