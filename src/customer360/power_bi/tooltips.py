"""
Tooltips of visuals without built-in ones: a small page that Power BI shows next to the pointer.

Such a page is filtered by the cell under the pointer. The total of a share would be that of the cell, so the share
removes the filters of the visual's axes itself.
"""

from __future__ import annotations

from customer360.power_bi import model, values
from customer360.power_bi.parts import ModelField
from customer360.report.dimensions import dimension
from customer360.report.expressions import Measure, OfTotal
from customer360.report.visuals import Visual


def has_page(visual: Visual) -> bool:
    """Whether *visual* is a heat map with more measures than its cells can show."""
    return visual.kind == "heat_map" and bool(visual.tooltip_measures)


def fields(visual: Visual) -> list[tuple[ModelField, str]]:
    """The fields of the page, each with its label: the number of the cell, then the others."""
    further = [(_field(one, visual), one.label) for one in visual.tooltip_measures]
    return [(values.field(visual), visual.measure.label), *further]


def measures(visual: Visual) -> dict[str, tuple[Measure, str]]:
    """The measures that only the page needs: name -> the original measure and its DAX."""
    shares = (
        [one for one in visual.tooltip_measures if isinstance(one.expression, OfTotal)] if has_page(visual) else []
    )
    return {_name(one, visual): (one, _share(one, visual)) for one in shares}


def _field(one: Measure, visual: Visual) -> ModelField:
    is_share = isinstance(one.expression, OfTotal)
    shown = _name(one, visual) if is_share else model.measure_name(one, visual.fact)
    return ModelField(model.fact_name(visual.fact), shown)


def _name(one: Measure, visual: Visual) -> str:
    return f"Tooltip of {visual.title}: {one.label}"


def _share(one: Measure, visual: Visual) -> str:
    assert isinstance(one.expression, OfTotal)  # noqa: S101 - checked by the caller
    part = f"[{model.measure_name(one.expression.of, visual.fact)}]"
    lifted = ", ".join(f"REMOVEFILTERS ( '{model.field(dimension(name)).table}' )" for name in visual.by)
    return f"DIVIDE ( {part} + 0, CALCULATE ( {part}, {lifted} ) )"
