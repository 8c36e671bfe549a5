"""One measure as a pandas DataFrame, from the same results and by the same SQL as in the dashboard."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from customer360.errors import Invalid, Unavailable, nearest
from customer360.report.behaviour import description_of
from customer360.report.dimensions import (
    ACTIVITY_MONTH,
    JOIN_MONTH,
    OF_TODAY,
    Between,
    Dimension,
    Filters,
    dimension,
    dimensions_of,
)
from customer360.report.expressions import Measure, facts_of, must_be_cut_by, needs, parameter_of
from customer360.report.measures import MEASURES, measure, or_else
from customer360.report.missing import called, lacking
from customer360.report.pages import REPORT
from customer360.report.visuals import Visual
from customer360.tables import Table
from customer360.web import sql
from customer360.web.answers import cut_of, missing_table, rows_of
from customer360.web.store import Results
from customer360.web.values import between_edges
from customer360.web.view import months, number

if TYPE_CHECKING:
    import pandas as pd

_MOST_CUTS: Final = 2
_MOST_NAMED: Final = 30


def ask(
    results: Results,
    name: str,
    *,
    by: Sequence[str] = (),
    where: Mapping[str, Any] | None = None,
    parameters: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """
    The measure called *name*: one row, or one row per combination of members of *by* that occurs.

    Members have the order and labels of the report; months are dates. *where* selects members by name; months of
    joining or activity can also be a range, "2025-01..2025-06". *parameters* are the numbers a reader can set, by
    name. `attrs` of the frame contains the measure's label, unit and definition, the as-of date, and a note if
    past months are cut or filtered by what customers are today.
    Raises: Customer360Error for an unknown name or member, for missing data, and for a sum over a dimension that
    does not add up.
    """
    fact = fact_of(name, by, where or {})
    asked, cuts = measure(name), tuple(map(dimension, by))
    chosen = parameters_of(asked, parameters or {})
    require_known([asked, *cuts, *map(dimension, where or {})], results)
    if fact not in results.tables:
        raise Unavailable(missing_table(fact))
    filters = {cut: keys_of(dimension(cut), members, results) for cut, members in (where or {}).items()}
    _require_sums(asked, cuts, filters)
    if _listed(asked):
        return _described(_top(asked, cuts, filters, results), asked, results)
    results.values.read(between_edges(chosen, results), results)
    note = _of_today(asked, (*cuts, *map(dimension, filters)))
    rows = rows_of(cut_of(fact, cuts, filters, [asked], results, chosen), [asked], results, chosen)
    written = {cut.name: [_written(results.members[cut], row[cut.name]) for row in rows] for cut in cuts}
    return _described({**written, asked.name: [row[asked.name] for row in rows]}, asked, results, note)


def fact_of(name: str, by: Sequence[str], where: Mapping[str, Any]) -> Table:
    """
    The table to read the measure called *name* from.

    Raises: Customer360Error for an unknown name, and for a combination that no table has.
    """
    asked, cuts = _measure(name), tuple(map(dimension, by))
    _require_few(name, cuts)
    return _fact(asked, (*cuts, *map(dimension, where)))


def _require_sums(asked: Measure, cuts: Sequence[Dimension], filters: Filters) -> None:
    """Raises: Customer360Error for a sum that does not add up, such as active customers over months."""
    told_apart = {cut.name for cut in cuts} | {name for name, kept in filters.items() if _is_one(kept)}
    if over := sorted(must_be_cut_by(asked) - told_apart):
        [name, *_] = over
        raise Invalid(
            f"'{asked.name}' does not add up over {name}, because the same customer would count several times; "
            f"use by='{name}', or one of its members in 'where'{or_else(asked)}"
        )


def _is_one(kept: Sequence[object] | Between) -> bool:
    return kept.first == kept.last if isinstance(kept, Between) else len(kept) == 1


def _measure(name: str) -> Measure:
    found = measure(name)
    if found.hidden:
        raise Invalid(
            f"'{name}' is a part of other measures and has no meaning on its own."
            f"{nearest(name, [one.name for one in MEASURES if not one.hidden])}"
        )
    return found


def parameters_of(asked: Measure, given: Mapping[str, float]) -> dict[str, Decimal]:
    """The parameter that *asked* depends on, as *given*. Raises: Invalid for any other parameter."""
    depends_on = parameter_of(asked)
    known = {depends_on.name: depends_on} if depends_on else {}
    for name in given:
        if name not in known:
            hint = f"it depends on {depends_on.name}" if depends_on else "it has no parameter"
            raise Invalid(f"'{asked.name}' does not depend on {name}; {hint}")
    return {name: number(known[name], [str(value)]) for name, value in given.items()}


def _require_few(name: str, cuts: Sequence[Dimension]) -> None:
    names = [cut.name for cut in cuts]
    if len(names) > _MOST_CUTS or len(set(names)) < len(names):
        raise Invalid(f"'{name}' cannot be cut by {', '.join(names)}; use one dimension, or two different ones")


def require_known(used: Iterable[Measure | Dimension], results: Results) -> None:
    """Raises: Customer360Error for missing data, which is never shown as zero."""
    for one in used:
        needed = needs(one) if isinstance(one, Measure) else one.needs
        if missing := lacking(needed, results.missing):
            raise Unavailable(f"'{one.name}' needs {' and '.join(map(called, missing))}: not in your data")


def _fact(asked: Measure, used: Sequence[Dimension]) -> Table:
    """The first table with *asked* and all of *used*: a filter on a dimension it lacks would be ignored."""
    facts = facts_of(asked)
    for fact in facts:
        if {*used} <= {*dimensions_of(fact)}:
            return fact
    names = " and ".join(dict.fromkeys(cut.name for cut in used))
    valid = [", ".join(cut.name for cut in dimensions_of(fact)) for fact in facts if dimensions_of(fact)]
    hint = f"valid, all from one of these lists: {'; '.join(valid)}" if valid else "omit 'by' and 'where'"
    raise Invalid(f"'{asked.name}' cannot be cut or filtered by {names}; {hint}")


def keys_of(cut: Dimension, members: Any, results: Results) -> Sequence[object] | Between:
    """The keys of *members*, which are labels of the report: one, several, or a range of months."""
    if cut in (JOIN_MONTH, ACTIVITY_MONTH) and isinstance(members, str) and ".." in members:
        return months([members])
    several = members if isinstance(members, (list, tuple, set, frozenset)) else [members]
    return [_key(cut, member, results.members[cut]) for member in several]


def _key(cut: Dimension, member: object, known: Mapping[Any, str]) -> object:
    """The key of *member*, which is a label of the report."""
    by_text = {text: key for key, label in known.items() for text in _texts(key, label)}
    if str(member) in by_text:
        return by_text[str(member)]
    valid = [str(label) for label in known.values()]
    hint = nearest(str(member), valid)
    if len(valid) > _MOST_NAMED and "Valid" in hint:
        hint = f" Valid: {valid[0]} to {valid[-1]}."
    raise Invalid(f"there is no {cut.label.lower()} '{member}' in this data.{hint}")


def _texts(key: object, label: str) -> tuple[str, ...]:
    """The accepted spellings of a member; a month can also be 2026-06, a date, or a pandas timestamp."""
    if isinstance(key, date):
        return label, f"{key:%Y-%m}", f"{key}", f"{key} 00:00:00"
    return (str(label),)


def _written(known: Mapping[Any, str], key: Any) -> Any:
    """The label of a member; a month stays a date, which can be sorted and plotted."""
    return key if isinstance(key, date) else known[key]


def _top(asked: Measure, cuts: Sequence[Dimension], filters: Filters, results: Results) -> dict[str, list[Any]]:
    """The rows of the visual that lists individual customers, not summed."""
    [visual] = _listed(asked)
    if cuts:
        raise Invalid(f"'{asked.name}' is a value of individual customers; omit 'by' and use 'where'")
    shown = [name for name in visual.columns if not lacking(visual.fact[name].derived_from, results.missing)]
    rows = results.rows(sql.top(visual.fact, asked, shown, visual.top, filters=filters))
    return {name: [row[place] for row in rows] for place, name in enumerate((*shown, asked.name))}


def _listed(asked: Measure) -> list[Visual]:
    """The visual that lists individual customers by *asked*, if there is one."""
    return [visual for visual in REPORT.visuals if visual.kind == "table" and visual.measure is asked][:1]


def _of_today(asked: Measure, used: Sequence[Dimension]) -> str:
    """The note for past months cut or filtered by what customers are today: nobody joins as Gold."""
    names = [cut.name for cut in dict.fromkeys(used) if cut in OF_TODAY]
    if not (asked.is_of_months and names):
        return ""
    return f"by {' and '.join(names)} as {'they are' if len(names) > 1 else 'it is'} today, in every month"


def _described(columns: Mapping[str, list[Any]], asked: Measure, results: Results, note: str = "") -> pd.DataFrame:
    import pandas as pd

    frame: pd.DataFrame = pd.DataFrame({name: _column(values) for name, values in columns.items()})
    meaning = description_of(asked, results.missing)
    about: dict[Hashable, str] = {"label": asked.label, "unit": asked.unit, "definition": meaning}
    frame.attrs = {**about, "as_of": results.as_of.isoformat(), **({"note": note} if note else {})}
    return frame


def _column(values: list[Any]) -> Any:
    """*values* for pandas: amounts as floats, days as datetimes, missing values as NaN."""
    import pandas as pd

    plain = [float(value) if isinstance(value, Decimal) else value for value in values]
    if any(isinstance(value, date) for value in plain):
        return pd.to_datetime(pd.Series(plain))
    return pd.Series(plain, dtype=float) if all(value is None for value in plain) else pd.Series(plain)
