"""Selections of customers: from the URL of a page, or from the names of a measure and members."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from typing import Any, Final

from customer360.errors import Invalid
from customer360.people import lists
from customer360.people.lists import ID, Found, Order
from customer360.report.dimensions import Dimension, Filters, dimension, dimensions_of
from customer360.report.expressions import Measure, facts_of, needs
from customer360.report.measures import measure
from customer360.report.missing import lacking
from customer360.report.parameters import PARAMETERS
from customer360.report.people import Selection, people_behind, people_where
from customer360.report.visuals import Page, Visual
from customer360.web.ask import keys_of, parameters_of, require_known
from customer360.web.store import Results
from customer360.web.values import edge
from customer360.web.view import View, both, marks_of, view

_OWN: Final = ("page", "visual", "measure", "mark", "audience", "sort", "after")


@dataclass(frozen=True)
class Asked:
    """
    A list as a reader requests it.

    *visual* shows the number, *filters* are all filters of the page, *applied* those that affect the number.
    """

    selection: Selection
    visual: Visual | None
    filters: Filters
    applied: Filters
    parameters: Mapping[str, Decimal]
    order: Order
    after: Found | None
    query: tuple[tuple[str, str], ...]

    @property
    def ignored(self) -> list[Dimension]:
        """The dimensions that filter the page but not the number."""
        return [dimension(name) for name in self.filters if name not in self.applied]


def asked(query: Sequence[tuple[str, str]], results: Results) -> Asked:
    """The list that *query*, pairs of name and value, requests. Raises: Invalid with the valid names."""
    own = {name: value for name, value in query if name in _OWN}
    visual, page = _visual(own, results)
    shown = view(page, [pair for pair in query if pair[0] not in _OWN], results)
    filters = _filters(shown, visual, [value for name, value in query if name == "mark"], results)
    selection, applied = _selection(own, visual, filters, shown, results)
    selection = replace(selection, audience=own.get("audience", ""))
    order = lists.order_of(own.get("sort") or ID.name, selection)
    after = lists.after_cursor(own["after"], order) if own.get("after") else None
    kept = tuple(pair for pair in query if pair[0] not in ("sort", "after"))
    return Asked(selection, visual, filters, applied, shown.parameters, order, after, kept)


def _visual(own: Mapping[str, str], results: Results) -> tuple[Visual | None, Page]:
    """The named visual and its page; without a visual, the named page or the first."""
    pages, name = results.report.pages, own.get("visual")
    if name is None:
        return None, next((one for one in pages if one.name == own.get("page")), pages[0])
    for page in pages:
        for visual in page.visuals:
            if visual.name == name and visual.kind != "table":
                return visual, page
    raise Invalid("no such visual has a list of customers; /api/report lists the visuals")


def _filters(shown: View, visual: Visual | None, marks: Sequence[str], results: Results) -> Filters:
    if visual is None:
        return reduce(both, shown.picks.values(), shown.slicers)
    filters = shown.filters(visual)
    return both(filters, marks_of(visual, marks, results)) if marks else filters


def _selection(
    own: Mapping[str, str], visual: Visual | None, filters: Filters, shown: View, results: Results
) -> tuple[Selection, Filters]:
    if visual is None:
        applied = {name: kept for name, kept in filters.items() if dimension(name).profile_column}
        return people_where(applied, results.looked_up), applied
    one = _measure(visual, own.get("measure"), results)
    thresholds, by = used(shown.parameters, results), [dimension(name) for name in visual.by]
    found = people_behind(one, visual.fact, filters, results.looked_up, by=by, thresholds=thresholds)
    if found is None:
        raise Invalid(f"'{one.name}' has no list of customers, or only for one mark of its visual")
    applied = {name: kept for name, kept in filters.items() if dimension(name) in dimensions_of(visual.fact)}
    return found, applied


def _measure(visual: Visual, name: str | None, results: Results) -> Measure:
    if name is None:
        return visual.measure
    if name not in listed(visual, results):
        valid = ", ".join(listed(visual, results))
        raise Invalid(f"visual '{visual.name}' has no list for that measure; valid: {valid or 'none'}")
    return measure(name)


def used(parameters: Mapping[str, Decimal], results: Results) -> dict[str, Decimal | int]:
    """The values used for the thresholds: as set if that is exact, otherwise the next edge."""
    set_to = {one.name: parameters.get(one.name, one.default) for one in PARAMETERS if one.of}
    return {
        name: value if name in results.values.held else edge(value, results.edges[name])
        for name, value in set_to.items()
    }


def listed(visual: Visual, results: Results) -> list[str]:
    """The measures of *visual* that have a list of customers for one of its marks."""
    if visual.kind in ("table", "parameter") or visual.lacks(results.missing) or visual.fact not in results.tables:
        return []
    mark = {name: [next(iter(results.members[dimension(name)]), None)] for name in visual.by}
    names = dict.fromkeys((*visual.measures, *visual.above, *visual.below))
    told = [measure(name) for name in names if not lacking(needs(measure(name)), results.missing)]
    return [one.name for one in told if people_behind(one, visual.fact, mark, results.looked_up)]


def named(
    results: Results,
    where: Mapping[str, Any],
    name: str | None = None,
    parameters: Mapping[str, float] | None = None,
) -> Selection:
    """
    The customers that match *where*, members by the name of their dimension; with *name*, those whom that measure
    counts. Members and months are written as for `ask`.

    Raises: Customer360Error for an unknown name or member, with the nearest, for missing data, and for a measure
    that is not about individual customers.
    """
    cuts = {cut: dimension(cut) for cut in where}
    require_known([*cuts.values()], results)
    filters = {cut: keys_of(cuts[cut], members, results) for cut, members in where.items()}
    if name is None:
        return people_where(filters, results.looked_up)
    one = measure(name)
    require_known([one], results)
    set_to = {one.name: one.default for one in PARAMETERS if one.of} | parameters_of(one, parameters or {})
    further = {cut for cut in where if not cuts[cut].profile_column}
    facts = [fact for fact in facts_of(one) if further <= {cut.name for cut in dimensions_of(fact)}]
    if not facts:
        raise Invalid(f"'{name}' cannot be filtered by {' or '.join(sorted(further))}")
    found = people_behind(one, facts[0], filters, results.looked_up, thresholds=set_to)
    if found is None:
        raise Invalid(f"'{name}' has no list of customers, or only for one month or mark in 'where'")
    others = {cut: kept for cut, kept in filters.items() if cuts[cut] not in dimensions_of(facts[0])}
    return replace(found, where=(*found.where, *people_where(others, results.looked_up).where))
