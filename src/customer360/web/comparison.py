"""Which months a KPI compares, or why it compares none: only like months are compared."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from customer360.report.dimensions import ACTIVITY_MONTH, OF_TODAY, Filters, dimensions_of
from customer360.report.expressions import LastClosedMonth
from customer360.report.looked_up import full_months_end, months_before, months_left
from customer360.report.measures import measure
from customer360.report.visuals import Visual
from customer360.web.store import Results

NOT_OF_TODAY: Final = "no comparison under a filter by status or activity"
NO_YEAR_BEFORE: Final = "no full month a year earlier"
NO_FULL_MONTH: Final = "no full month"


def comparison(visual: Visual, filters: Filters, results: Results) -> dict[str, Any]:
    """
    *months*: the month that *visual* shows and the earlier one; or None, with the *reason*.

    Empty for a visual that does not compare months.
    """
    expression = measure(visual.compare).expression if visual.compare else None
    if not isinstance(expression, LastClosedMonth):
        return {}
    month = _last_full_month(filters, results)
    if month is None:
        return {"months": None, "reason": NO_FULL_MONTH}
    before = months_before(month, expression.before)
    if reason := _reason(visual, filters, before, results):
        return {"months": None, "reason": f"{results.members[ACTIVITY_MONTH][month]}: {reason}"}
    return {"months": {"compared": month, "compare": before}, "reason": None}


def _last_full_month(filters: Filters, results: Results) -> date | None:
    """The last full month in *filters*."""
    end = full_months_end(results.as_of)
    return max((month for month in months_left(results.looked_up, filters) if month < end), default=None)


def _reason(visual: Visual, filters: Filters, before: date, results: Results) -> str | None:
    cuts = dimensions_of(visual.fact)
    if any(cut.name in filters for cut in OF_TODAY if cut in cuts):
        return NOT_OF_TODAY
    is_known = results.first_month is not None and before > results.first_month
    return None if is_known else NO_YEAR_BEFORE
