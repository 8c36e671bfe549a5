"""
What visuals draw: a count of nobody is 0, and only what the data lacks is blank.

A measure is blank where there are no rows, so that an axis of another fact stays empty. On its own axis a month or
band without anybody is 0, as in the browser, and on a card too; so these visuals draw a measure of their own. A
heat map leaves such a cell white.
"""

from __future__ import annotations

from typing import Final

from customer360.power_bi import dax, model
from customer360.power_bi.model import ModelField
from customer360.report.visuals import Visual

_KINDS: Final = ("card", "kpi", "line", "area", "column", "histogram", "heat_map")


def is_filled(visual: Visual) -> bool:
    """Whether nobody is drawn as 0."""
    return visual.kind in _KINDS and visual.measure.counts_nobody


def name(visual: Visual) -> str:
    """The measure that *visual* draws in place of its own."""
    return f"Value of {visual.title}"


def field(visual: Visual) -> ModelField:
    """What *visual* draws."""
    drawn = name(visual) if is_filled(visual) else model.measure_name(visual.measure, visual.fact)
    return ModelField(model.fact_name(visual.fact), drawn)


def expression(visual: Visual) -> str:
    """The measure, or 0; blank where the data lacks what the visual needs."""
    value = f"[{model.measure_name(visual.measure, visual.fact)}] + 0"
    return f"IF ( NOT {dax.is_missing(visual.needs)}, {value} )" if visual.needs else value
