"""
What visuals draw: a count of nobody is 0, and only what the data lacks is blank.

A measure is blank where there are no rows, so that an axis of another fact stays empty. On its own axis a month or
band without anybody is 0, as in the browser, and on a card too; so these visuals draw a measure of their own. A
heat map leaves such a cell white, and months before the first event stay empty. What a flow hangs below zero is a
measure of its own too, the negative of what it is called by.
"""

from __future__ import annotations

from typing import Final

from customer360.power_bi import dax, model
from customer360.power_bi.parts import ModelField
from customer360.report.dimensions import ACTIVITY_MONTH
from customer360.report.expressions import Measure
from customer360.report.measures import measure
from customer360.report.visuals import Visual

_KINDS: Final = ("card", "kpi", "line", "area", "column", "histogram", "heat_map")


def drawn(visual: Visual) -> Measure:
    """The measure that *visual* draws: a KPI the one that it compares."""
    return measure(visual.compared) if visual.compared else visual.measure


def is_filled(visual: Visual) -> bool:
    """Whether nobody is drawn as 0."""
    return visual.kind in _KINDS and drawn(visual).counts_nobody


def name(visual: Visual) -> str:
    """The measure that *visual* draws in place of its own."""
    return f"Value of {visual.title}"


def field(visual: Visual) -> ModelField:
    """What *visual* draws."""
    shown = name(visual) if is_filled(visual) else model.measure_name(drawn(visual), visual.fact)
    return ModelField(model.fact_name(visual.fact), shown)


def expression(visual: Visual) -> str:
    """The measure, or 0; blank where the data lacks what the visual needs, and before the events begin."""
    value = f"[{model.measure_name(drawn(visual), visual.fact)}] + 0"
    conditions = [f"NOT {dax.is_missing(visual.needs)}"] if visual.needs else []
    conditions += [_has_begun()] if ACTIVITY_MONTH.name in visual.by else []
    return f"IF ( {' && '.join(conditions)}, {value} )" if conditions else value


def below(visual: Visual) -> dict[str, tuple[Measure, str]]:
    """The measures that a flow hangs below zero: name -> of which they are the negative, and their DAX."""
    return {_below_name(one, visual): (one, _negative(one, visual)) for one in map(measure, visual.below)}


def _below_name(one: Measure, visual: Visual) -> str:
    return f"Below in {visual.title}: {one.label}"


def _negative(one: Measure, visual: Visual) -> str:
    return f"IF ( {_has_begun()}, [{model.measure_name(one, visual.fact)}] * -1 )"


def _has_begun() -> str:
    """Whether there are events by the month in view: months before are unknown, not 0."""
    return f"MAX ( {model.field(ACTIVITY_MONTH).dax} ) >= [{dax.FIRST_MONTH}]"
