"""
Subtitles as DAX: what a visual shows, and what is true only under the current filters.

They say which column is missing from the data, which months are counted and compared, which filters apply or do
not apply, and how many customers a number omits. A KPI shows one month, so its subtitle has the number of its
title.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from customer360.power_bi import dax, model, values
from customer360.report.behaviour import FLAG, definition_of
from customer360.report.customer_measures import AS_OF_DATE, TOTAL_CUSTOMERS
from customer360.report.dimensions import (
    ACTIVITY_MONTH,
    JOIN_MONTH,
    LAST_LOGIN_MONTH,
    OF_TODAY,
    Dimension,
    dimension,
    dimensions_of,
)
from customer360.report.expressions import LastClosedMonth, LastMonths, Less, Measure, Sum, facts_of, parameter_of
from customer360.report.measures import measure
from customer360.report.missing import CAN_BE_MISSING, called
from customer360.report.pages import REPORT
from customer360.report.parameters import Parameter
from customer360.report.visuals import Page, Visual
from customer360.tables import Column

ONLY_TODAY: Final = "Only Those Today"
"""The measure that names the members of today's status and activity that the slicers select."""

_SLICERS: Final = tuple(dimension(name) for name in REPORT.slicers)
_MONTHS: Final = {JOIN_MONTH.name, LAST_LOGIN_MONTH.name, ACTIVITY_MONTH.name}


def name(visual: Visual) -> str:
    """The measure with the subtitle of *visual*."""
    return f"Subtitle of {visual.title}"


def is_moving(visual: Visual) -> bool:
    """Whether the subtitle depends on data or filters: missing columns, omitted customers, X."""
    return bool(visual.needs or visual.by) or visual.measure.left_out is not None


def definition(visual: Visual, missing: Collection[Column] = ()) -> str:
    """The text below the title; the model has only the edges of bands, so a typed value moves to one."""
    parameter = parameter_of(visual.measure) if visual.kind == "parameter" else None
    if parameter is None:
        return definition_of(visual, missing)
    start = "Drag, or type an amount" if parameter.of else visual.definition
    return f"{start}; it {steps_of(parameter)}"


def steps_of(parameter: Parameter) -> str:
    """How a parameter moves, such as "moves in steps of 0.001"."""
    if parameter.of is None:
        return f"moves in steps of {parameter.most / model.STEPS}"
    return "moves to the edges of the bands"


def expression(visual: Visual, page: Page) -> str:
    """The subtitle of a visual of *page*, or the first column it needs that is missing from the data."""
    subtitle = " & ".join([*_whole(visual), _definition(visual), *_parts(visual, page)])
    for needed in reversed(visual.lacks(CAN_BE_MISSING)):
        subtitle = f'IF ( {dax.is_missing([needed])}, "Not in your data: {called(needed)}", {subtitle} )'
    return subtitle


def _definition(visual: Visual) -> str:
    """The definition; for data without a stored flag, with what counts as active."""
    by_flag, by_behaviour = (f'"{definition(visual, missing)}"' for missing in ([], [FLAG]))
    if by_flag == by_behaviour:
        return by_flag
    return f"IF ( {dax.is_missing([FLAG])}, {by_behaviour}, {by_flag} )"


def only_today() -> str:
    """The filters by today's status and activity; past months must name them, because nobody joins as Gold."""
    names = [f"IF ( {_is_filtered([cut])}, {_names(cut)} )" for cut in OF_TODAY]
    both = " && ".join(_is_filtered([cut]) for cut in OF_TODAY)
    listed = f' & IF ( {both}, " and " ) & '.join(names)
    return f'IF ( {_is_filtered(OF_TODAY)}, "; only those who are " & {listed} & " today", "" )'


def _whole(visual: Visual) -> Iterator[str]:
    """The number of the title, if a KPI shows the number of one month."""
    if visual.compared:
        word = "Total" if isinstance(visual.measure.expression, (Sum, Less)) else "Overall"
        yield f'"{word}: " & {_written(visual.measure, visual)} & ". "'


def _parts(visual: Visual, page: Page) -> Iterator[str]:
    if visual.kind == "parameter":
        return
    shown, fact = visual.measure, visual.fact
    if isinstance(shown.expression, LastMonths):
        yield f'": " & {_window(shown.expression)}'
    if visual.compare and isinstance(measure(visual.compare).expression, LastClosedMonth):
        yield _comparison(visual)
    if parameter := parameter_of(shown):
        yield _chosen(parameter)
    if left_out := shown.left_out:
        yield f'"; " & FORMAT ( [{model.measure_name(left_out, fact)}] + 0, "#,0" ) & " left out"'
    yield from _without_a_place(visual)
    if visual.kind == "kpi":
        included = (left_out, values.drawn(visual))
        yield from (_further(one, visual) for one in visual.tooltip_measures if one not in included)
    if _MONTHS.intersection(visual.by):
        yield _open_month()
    if (visual.is_over_joining or shown.is_of_months) and set(OF_TODAY) <= set(dimensions_of(fact)):
        yield f"[{ONLY_TODAY}]"
    if beyond := _beyond(visual, page):
        labels = " & ".join(f'IF ( {_is_filtered([cut])}, ", {cut.label}" )' for cut in beyond)
        yield f'IF ( {_is_filtered(beyond)}, "; not filtered by " & MID ( {labels}, 3, 200 ), "" )'


def _chosen(parameter: Parameter) -> str:
    name = "X =" if parameter.of else f"{parameter.label.lower()}:"
    pattern = model.table_named(parameter.label).columns[0].format
    return f'"; {name} " & FORMAT ( [{dax.parameter_name(parameter)}], "{pattern}" )'


def _without_a_place(visual: Visual) -> Iterator[str]:
    """The number of customers in no part of the visual, regardless of filters on its axes."""
    cuts = [dimension(name) for name in visual.by if dimension(name).nullable]
    if not cuts or visual.fact not in facts_of(TOTAL_CUSTOMERS):
        return
    lifted = ", ".join(f"REMOVEFILTERS ( '{model.field(cut).table}' )" for cut in cuts)
    placed = ", ".join(f"NOT ISBLANK ( {model.field(cut).dax} )" for cut in cuts)
    everybody = f"[{model.measure_name(TOTAL_CUSTOMERS, visual.fact)}]"
    count = f"CALCULATE ( {everybody}, {lifted} ) - CALCULATE ( {everybody}, {lifted}, {placed} )"
    known = " or ".join(dict.fromkeys(called(needed) for cut in cuts for needed in cut.needs))
    yield f'IF ( {count} > 0, "; " & FORMAT ( {count}, "#,0" ) & " without {known} left out" )'


def _further(one: Measure, visual: Visual) -> str:
    """A further number, for a visual without a tooltip."""
    return f'"; {one.label}: " & {_written(one, visual)}'


def _written(one: Measure, visual: Visual) -> str:
    value = f"[{model.measure_name(one, visual.fact)}]{' + 0' * one.counts_nobody}"
    unit = ' & " days"' if one.unit == "days" else ""
    return f'FORMAT ( {value}, "{dax.FORMATS[one.format]}" ){unit}'


def _open_month() -> str:
    """The last month of an axis, if it is not over."""
    day = f"[{AS_OF_DATE.label}]"
    return f'IF ( {day} < EOMONTH ( {day}, 0 ), "; " & FORMAT ( {day}, "mmm yyyy" ) & " is not over" )'


def _beyond(visual: Visual, page: Page) -> list[Dimension]:
    """The dimensions that slicers and clicks on its page can filter and *visual* does not have."""
    clicked = [dimension(name) for other in page.visuals for name in other.by if other is not visual]
    return [cut for cut in dict.fromkeys([*_SLICERS, *clicked]) if cut not in dimensions_of(visual.fact)]


def _window(expression: LastMonths) -> str:
    """The first and the last month, such as Jul 2025 – Jun 2026."""
    first, end = dax.full_months_end(expression.months + expression.before), dax.full_months_end(expression.before)
    return f'FORMAT ( {first}, "mmm yyyy" ) & " – " & FORMAT ( {end} - 1, "mmm yyyy" )'


def _comparison(visual: Visual) -> str:
    """The month shown and the month it is compared with, or why there is no comparison."""
    other = measure(visual.compare)
    assert isinstance(other.expression, LastClosedMonth)  # noqa: S101 - checked by the caller
    month = f"[{dax.LAST_FULL_MONTH}]"
    before = f"EDATE ( {month}, -{other.expression.before} )"
    labels = " or ".join(cut.label.lower() for cut in OF_TODAY)
    filtered = f"; no comparison under a filter by {labels}"
    why = f'IF ( {_is_filtered(OF_TODAY)}, "{filtered}", "; no full month a year earlier" )'
    value = f"[{model.measure_name(other, visual.fact)}]"
    named = f'"; a year earlier: " & FORMAT ( {before}, "mmm yyyy" )'
    return f'"; shown: " & FORMAT ( {month}, "mmm yyyy" ) & IF ( ISBLANK ( {value} ), {why}, {named} )'


def _is_filtered(cuts: Sequence[Dimension]) -> str:
    conditions = [f"ISFILTERED ( {model.filtered(cut)} )" for cut in cuts]
    return conditions[0] if len(conditions) == 1 else f"( {' || '.join(conditions)} )"


def _names(cut: Dimension) -> str:
    column = model.field(cut).dax
    return f'CONCATENATEX ( VALUES ( {column} ), {column}, " or " )'
