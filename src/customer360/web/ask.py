"""One measure as a pandas DataFrame: from the results that the dashboard shows, by the SQL that it uses."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from customer360.errors import Invalid, Unavailable, nearest
from customer360.report.dimensions import JOIN_MONTH, Between, Dimension, Filters, dimension, dimensions_of
from customer360.report.expressions import Measure, facts_of, needs, parameter_of
from customer360.report.measures import BALANCE_THRESHOLD, MEASURES, measure
from customer360.report.pages import REPORT
from customer360.report.visuals import Visual
from customer360.tables import DATA_QUALITY, TOP_CUSTOMERS, Table
from customer360.web import sql
from customer360.web.answers import cut_of, rows_of
from customer360.web.store import LOADED, Results, is_there
from customer360.web.view import months, number

if TYPE_CHECKING:
    import pandas as pd

ASKED: Final = (*LOADED, DATA_QUALITY)
"""The tables that answer for every measure."""

_MOST_CUTS: Final = 2
_MOST_NAMED: Final = 30


def ask(
    results: Results,
    name: str,
    *,
    by: Sequence[str] = (),
    where: Mapping[str, Any] | None = None,
    balance_threshold: float | None = None,
) -> pd.DataFrame:
    """
    The measure called *name*: one row, or one for each combination of members of *by* that occurs.

    Members stand in the report's order and are written as in the report; months are dates. *where* keeps the
    named members; of the months of joining also a range, "2025-01..2025-06". *balance_threshold* is the X of the
    measures that have one. `attrs` of the frame has the measure's label, unit and definition, and the as-of date.
    Raises: Customer360Error for a name or a member that is not there, and for what the data does not have.
    """
    asked, cuts = _measure(name), tuple(map(dimension, by))
    _require_few(name, cuts)
    threshold = _threshold(asked, balance_threshold)
    filters = {cut: _keys(dimension(cut), members, results) for cut, members in (where or {}).items()}
    used = (*cuts, *map(dimension, filters))
    _require_known(asked, used, results)
    fact = _fact(asked, used)
    if fact is TOP_CUSTOMERS:
        return _described(_top(asked, cuts, filters, results), asked, results)
    rows = rows_of(cut_of(fact, cuts, filters, [asked], results), [asked], results, threshold)
    written = {cut.name: [_written(results.members[cut], row[cut.name]) for row in rows] for cut in cuts}
    return _described({**written, asked.name: [row[asked.name] for row in rows]}, asked, results)


def _measure(name: str) -> Measure:
    found = measure(name)
    if found.hidden:
        raise Invalid(
            f"'{name}' is a part of other measures and says nothing by itself."
            f"{nearest(name, [one.name for one in MEASURES if not one.hidden])}"
        )
    return found


def _threshold(asked: Measure, given: float | None) -> Decimal | None:
    if given is None:
        return None
    if parameter_of(asked) is None:
        raise Invalid(f"'{asked.name}' does not depend on {BALANCE_THRESHOLD.name}; leave it out")
    return number([str(given)])


def _require_few(name: str, cuts: Sequence[Dimension]) -> None:
    names = [cut.name for cut in cuts]
    if len(names) > _MOST_CUTS or len(set(names)) < len(names):
        raise Invalid(f"'{name}' is asked for by {', '.join(names)}; give one dimension, or two that differ")


def _require_known(asked: Measure, used: Sequence[Dimension], results: Results) -> None:
    """Raises: Customer360Error for what the data has nothing for, which is never shown as zero."""
    for name, needed in {asked.name: needs(asked), **{cut.name: cut.needs for cut in used}}.items():
        if missing := [column.name for column in results.missing if column in needed]:
            raise Unavailable(f"'{name}' needs {' and '.join(missing)}: not in your data")


def _fact(asked: Measure, used: Sequence[Dimension]) -> Table:
    """The first table that has *asked* and everything in *used*: a filter that it lacks would be left out."""
    facts = facts_of(asked)
    for fact in facts:
        if {*used} <= {*dimensions_of(fact)}:
            return fact
    names = " and ".join(dict.fromkeys(cut.name for cut in used))
    valid = [", ".join(cut.name for cut in dimensions_of(fact)) for fact in facts if dimensions_of(fact)]
    hint = f"valid, all in one of these lists: {'; '.join(valid)}" if valid else "leave 'by' and 'where' out"
    raise Invalid(f"'{asked.name}' cannot be cut or filtered by {names}; {hint}")


def _keys(cut: Dimension, members: Any, results: Results) -> Sequence[object] | Between:
    if cut is JOIN_MONTH and isinstance(members, str) and ".." in members:
        return months([members])
    several = members if isinstance(members, (list, tuple, set, frozenset)) else [members]
    return [_key(cut, member, results.members[cut]) for member in several]


def _key(cut: Dimension, member: object, known: Mapping[Any, str]) -> object:
    """The key of *member*, which is given as the report writes it."""
    by_text = {text: key for key, label in known.items() for text in _texts(key, label)}
    if str(member) in by_text:
        return by_text[str(member)]
    valid = [str(label) for label in known.values()]
    hint = nearest(str(member), valid)
    if len(valid) > _MOST_NAMED and "Valid" in hint:
        hint = f" Valid: {valid[0]} to {valid[-1]}."
    raise Invalid(f"there is no {cut.label.lower()} '{member}' in this data.{hint}")


def _texts(key: object, label: str) -> tuple[str, ...]:
    """How a member may be written; a month also as 2026-06, as a date, or as a moment of pandas."""
    if isinstance(key, date):
        return label, f"{key:%Y-%m}", f"{key}", f"{key} 00:00:00"
    return (str(label),)


def _written(known: Mapping[Any, str], key: Any) -> Any:
    """A member as the report writes it; a month stays a day, which sorts and can be drawn."""
    return key if isinstance(key, date) else known[key]


def _top(asked: Measure, cuts: Sequence[Dimension], filters: Filters, results: Results) -> dict[str, list[Any]]:
    """The rows of the visual that lists single customers; they are not summed."""
    visual = _listed(asked)
    if cuts:
        raise Invalid(f"'{asked.name}' belongs to single customers; leave 'by' out, and use 'where'")
    shown = [name for name in visual.columns if is_there(visual.fact[name], results.missing)]
    rows = results.rows(sql.top(visual.fact, asked, shown, visual.top, filters=filters))
    return {name: [row[place] for row in rows] for place, name in enumerate((*shown, asked.name))}


def _listed(asked: Measure) -> Visual:
    visuals = (visual for page in REPORT.pages for visual in page.visuals)
    return next(visual for visual in visuals if visual.kind == "table" and visual.measure is asked)


def _described(columns: Mapping[str, list[Any]], asked: Measure, results: Results) -> pd.DataFrame:
    import pandas as pd

    frame: pd.DataFrame = pd.DataFrame({name: _column(values) for name, values in columns.items()})
    about: dict[Hashable, str] = {"label": asked.label, "unit": asked.unit, "definition": asked.description}
    frame.attrs = {**about, "as_of": results.as_of.isoformat()}
    return frame


def _column(values: list[Any]) -> Any:
    """*values* for pandas: amounts as floats, days as datetimes, no value as NaN."""
    import pandas as pd

    plain = [float(value) if isinstance(value, Decimal) else value for value in values]
    if any(isinstance(value, date) for value in plain):
        return pd.to_datetime(pd.Series(plain))
    return pd.Series(plain, dtype=float) if all(value is None for value in plain) else pd.Series(plain)
