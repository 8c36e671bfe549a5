"""
Subtitles as DAX: what a visual shows, and what is true of it only under the filters of the moment.

They say which column the data lacks, which months are counted, whom the filters keep or do not reach, and how many
customers a number leaves out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from customer360.power_bi import dax, model
from customer360.report.dimensions import (
    AT_JOINING,
    JOIN_MONTH,
    LAST_LOGIN_MONTH,
    Dimension,
    dimension,
    dimensions_of,
)
from customer360.report.expressions import Comparable, LastMonths, Measure, facts_of, parameter_of
from customer360.report.measures import AS_OF_DATE, TOTAL_CUSTOMERS, measure
from customer360.report.pages import REPORT
from customer360.report.visuals import Visual
from customer360.tables import SOURCES

ONLY_TODAY: Final = "Only Those Today"
"""The measure that names the members of today's status and activity that the slicers keep."""

_SLICERS: Final = tuple(dimension(name) for name in REPORT.slicers)
_OF_TODAY: Final = tuple(cut for cut in _SLICERS if cut not in AT_JOINING)


def name(visual: Visual) -> str:
    """The measure that holds the subtitle of *visual*."""
    return f"Subtitle of {visual.title}"


def is_moving(visual: Visual) -> bool:
    """Whether the subtitle depends on data or filters: on a missing column, on whom it leaves out, on X."""
    return bool(visual.needs or visual.by) or visual.measure.left_out is not None


def expression(visual: Visual) -> str:
    """The subtitle, or which column the data lacks: the first of those that the visual needs."""
    subtitle = " & ".join([f'"{visual.definition}"', *_parts(visual)])
    for column in reversed(visual.lacks([column for source in SOURCES for column in source.columns])):
        subtitle = f'IF ( {dax.is_missing([column])}, "Not in your data: {column.name}", {subtitle} )'
    return subtitle


def only_today() -> str:
    """Nobody joins as Gold: over months of joining, who is kept must be said."""
    names = [f"IF ( {_is_filtered([cut])}, {_names(cut)} )" for cut in _OF_TODAY]
    both = " && ".join(_is_filtered([cut]) for cut in _OF_TODAY)
    listed = f' & IF ( {both}, " and " ) & '.join(names)
    return f'IF ( {_is_filtered(_OF_TODAY)}, "; only those who are " & {listed} & " today", "" )'


def _parts(visual: Visual) -> Iterator[str]:
    shown, fact = visual.measure, visual.fact
    if isinstance(shown.expression, LastMonths):
        yield f'": " & {_window(shown.expression)}'
    if visual.compare and isinstance(measure(visual.compare).expression, Comparable):
        yield _comparison(visual)
    if (parameter := parameter_of(shown)) and visual.kind != "parameter":
        yield f'"; X = " & FORMAT ( [{dax.parameter_name(parameter)}], "#,0.00" )'
    if left_out := shown.left_out:
        yield f'"; " & FORMAT ( [{model.measure_name(left_out, fact)}] + 0, "#,0" ) & " left out"'
    yield from _without_a_place(visual)
    if visual.kind == "kpi":
        yield from (_said(one, visual) for one in visual.tooltip_measures if one is not left_out)
    if {JOIN_MONTH.name, LAST_LOGIN_MONTH.name}.intersection(visual.by):
        yield _open_month()
    if visual.is_over_joining and set(_OF_TODAY) <= set(dimensions_of(fact)):
        yield f"[{ONLY_TODAY}]"
    if beyond := _beyond(visual):
        labels = " & ".join(f'IF ( {_is_filtered([cut])}, ", {cut.label}" )' for cut in beyond)
        yield f'IF ( {_is_filtered(beyond)}, "; not filtered by " & MID ( {labels}, 3, 200 ), "" )'


def _without_a_place(visual: Visual) -> Iterator[str]:
    """How many customers are in no part of the visual, whatever its axes keep."""
    cuts = [dimension(name) for name in visual.by if dimension(name).nullable]
    if not cuts or visual.fact not in facts_of(TOTAL_CUSTOMERS):
        return
    lifted = ", ".join(f"REMOVEFILTERS ( '{model.field(cut).table}' )" for cut in cuts)
    placed = ", ".join(f"NOT ISBLANK ( {model.field(cut).dax} )" for cut in cuts)
    everybody = f"[{model.measure_name(TOTAL_CUSTOMERS, visual.fact)}]"
    count = f"CALCULATE ( {everybody}, {lifted} ) - CALCULATE ( {everybody}, {lifted}, {placed} )"
    known = " or ".join(dict.fromkeys(column.name for cut in cuts for column in cut.needs))
    yield f'IF ( {count} > 0, "; " & FORMAT ( {count}, "#,0" ) & " without {known} left out" )'


def _said(one: Measure, visual: Visual) -> str:
    """A further number, for a visual that has no tooltip."""
    value = f"[{model.measure_name(one, visual.fact)}]{' + 0' * one.counts_nobody}"
    return f'"; {one.label}: " & FORMAT ( {value}, "{dax.FORMATS[one.format]}" )'


def _open_month() -> str:
    """The last month of an axis, while it is not over."""
    day = f"[{AS_OF_DATE.label}]"
    return f'IF ( {day} < EOMONTH ( {day}, 0 ), "; " & FORMAT ( {day}, "mmm yyyy" ) & " is not over" )'


def _beyond(visual: Visual) -> list[Dimension]:
    """What slicers and clicks on its page can filter and *visual* is not cut by."""
    page = next((page for page in REPORT.pages if visual in page.visuals), None)
    clicked = [
        dimension(name) for other in (page.visuals if page else ()) for name in other.by if other is not visual
    ]
    return [cut for cut in dict.fromkeys([*_SLICERS, *clicked]) if cut not in dimensions_of(visual.fact)]


def _window(expression: LastMonths) -> str:
    """The first and the last month, such as Jul 2025 – Jun 2026."""
    first, end = dax.full_months_end(expression.months + expression.before), dax.full_months_end(expression.before)
    return f'FORMAT ( {first}, "mmm yyyy" ) & " – " & FORMAT ( {end} - 1, "mmm yyyy" )'


def _comparison(visual: Visual) -> str:
    """The months it is held against, or why it is held against none."""
    other = measure(visual.compare)
    assert isinstance(other.expression, Comparable)  # noqa: S101 - asked by the caller
    before, months = other.expression.of.expression, other.expression.months
    assert isinstance(before, LastMonths)  # noqa: S101 - joins are compared with those of earlier months
    month = model.field(JOIN_MONTH)
    first = f"CALCULATE ( MIN ( {month.dax} ), REMOVEFILTERS ( '{month.table}' ) )"
    reasons = f'"; fewer than {months} full months to compare", "; not comparable under this filter"'
    why = f"IF ( {first} > {dax.full_months_end(months)}, {reasons} )"
    value = f"[{model.measure_name(other, visual.fact)}]"
    return f'IF ( ISBLANK ( {value} ), {why}, "; before: " & {_window(before)} )'


def _is_filtered(cuts: Sequence[Dimension]) -> str:
    conditions = [f"ISFILTERED ( '{model.field(cut).table}' )" for cut in cuts]
    return conditions[0] if len(conditions) == 1 else f"( {' || '.join(conditions)} )"


def _names(cut: Dimension) -> str:
    column = model.field(cut).dax
    return f'CONCATENATEX ( VALUES ( {column} ), {column}, " or " )'
