"""
What visuals draw: a count without customers is 0, and only missing data is blank.

A measure is blank without rows, so that it stays empty on the axis of another fact. On its own axis, a month or
band without customers must be 0, as in the browser, and so must a card; these visuals draw a separate measure. A
heat map leaves such a cell white, and months before the first event stay empty. A flow also draws separate
measures below zero: the negatives of its measures.
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
    """The measure that *visual* draws; for a KPI, the one that it compares."""
    return measure(visual.compared) if visual.compared else visual.measure


def is_filled(visual: Visual) -> bool:
    """Whether *visual* draws 0 without rows."""
    return visual.kind in _KINDS and drawn(visual).counts_nobody


def name(visual: Visual) -> str:
    """The measure that *visual* draws instead of its own."""
    return f"Value of {visual.title}"


def field(visual: Visual) -> ModelField:
    """The field that *visual* draws."""
    shown = name(visual) if is_filled(visual) else model.measure_name(drawn(visual), visual.fact)
    return ModelField(model.fact_name(visual.fact), shown)


def expression(visual: Visual) -> str:
    """The measure or 0; blank if the data lacks what the visual needs, and before the first event."""
    value = f"[{model.measure_name(drawn(visual), visual.fact)}] + 0"
    conditions = [f"NOT {dax.is_missing(visual.needs)}"] if visual.needs else []
    conditions += [_has_begun()] if ACTIVITY_MONTH.name in visual.by else []
    return f"IF ( {' && '.join(conditions)}, {value} )" if conditions else value


def below(visual: Visual) -> dict[str, tuple[Measure, str]]:
    """The measures that a flow draws below zero: name -> the measure to negate, and the DAX."""
    return {_below_name(one, visual): (one, _negative(one, visual)) for one in map(measure, visual.below)}


def _below_name(one: Measure, visual: Visual) -> str:
    return f"Below in {visual.title}: {one.label}"


def _negative(one: Measure, visual: Visual) -> str:
    return f"IF ( {_has_begun()}, [{model.measure_name(one, visual.fact)}] * -1 )"


def _has_begun() -> str:
    """Whether events have begun by the month in view: earlier months are unknown, not 0."""
    return f"MAX ( {model.field(ACTIVITY_MONTH).dax} ) >= [{dax.FIRST_MONTH}]"
