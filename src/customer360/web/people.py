"""Lists of customers, and individual customers, as data for the page."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

import psycopg

from customer360.errors import Invalid, Unavailable, nearest
from customer360.people import lists
from customer360.people.lists import COLUMNS, ID, SHOWN, Queryable
from customer360.people.sql import ADDED
from customer360.report.dimensions import Between, Filters, dimension
from customer360.report.expressions import parameter_of
from customer360.report.missing import lacking
from customer360.tables import Column
from customer360.web.answers import cut_of, rows_of
from customer360.web.selections import Asked, listed, used
from customer360.web.store import Results

Json = dict[str, Any]

PAGE_ROWS: Final = 50
_FORMATS: Final = {"numeric": "amount", "bigint": "count", "integer": "count", "smallint": "count"}


def offered(audiences: Sequence[str], results: Results) -> Json:
    """What readers who may see people can choose: the saved audiences, and the measures with a list."""
    visuals = [visual for page in results.report.pages for visual in page.visuals]
    lists_of = {visual.name: listed(visual, results) for visual in visuals}
    return {"audiences": audiences, "visuals": {name: names for name, names in lists_of.items() if names}}


def number(one: Asked, results: Results) -> Json:
    """The number whose customers the list shows, as the report computes it."""
    of = one.selection.measure
    fact = one.visual.fact if one.visual else None
    value = None
    if fact:
        cut = cut_of(fact, (), one.applied, [of], results, one.parameters)
        value = rows_of(cut, [of], results, one.parameters)[0][of.name]
    return {"label": of.label, "value": value, "unit": of.unit, "format": of.format}


def said(filters: Filters, results: Results) -> list[Json]:
    """*filters* as labels and texts."""
    return [
        {"label": dimension(name).label, "text": _words(name, kept, results)} for name, kept in filters.items()
    ]


def _words(name: str, kept: Sequence[object] | Between, results: Results) -> str:
    if isinstance(kept, Between):
        first, last = _ends(kept)
        if first:
            return f"{first} to {last}" if last else f"from {first}"
        return f"up to {last or 'the last month'}"
    return ", ".join(_written(name, kept, results))


def _written(name: str, kept: Sequence[object], results: Results) -> Iterable[str]:
    """The labels of members."""
    written = results.members.get(dimension(name), {})
    return (str(written.get(key, key)) for key in kept)


def _ends(kept: Between) -> tuple[str, str]:
    """The first and last month; empty if the range is open."""
    first, last = kept.first, kept.last
    return "" if first == date.min else f"{first:%Y-%m}", "" if last == date.max else f"{last:%Y-%m}"


def command(one: Asked, results: Results) -> str:
    """The command that lists the same customers. It names no customer, so it is also written to the access log."""
    words = ["customer360", "people"]
    if one.visual:
        words += ["--measure", one.selection.measure.name, *_set(one, results)]
    for name, kept in one.applied.items():
        words += [word for text in _given(name, kept, results) for word in ("--where", f"{name}={text}")]
    words += ["--audience", one.selection.audience] if one.selection.audience else []
    return shlex.join(words)


def _set(one: Asked, results: Results) -> Iterable[str]:
    """The option that sets the parameter of the measure, if it is a threshold."""
    parameter = parameter_of(one.selection.measure)
    if parameter and parameter.of:
        yield from ("--parameter", f"{parameter.name}={used(one.parameters, results)[parameter.name]}")


def _given(name: str, kept: Sequence[object] | Between, results: Results) -> Iterable[str]:
    if isinstance(kept, Between):
        return ("..".join(_ends(kept)),)
    return _written(name, kept, results)


def columns_shown(results: Results) -> tuple[Column, ...]:
    """The columns of a list, without those missing from the data: mock customers have no source_id."""
    is_mock = results.refresh_row["source_kind"] == "mock"
    columns = [column for column in SHOWN if not (is_mock and column.name == "source_id")]
    return tuple(column for column in columns if column is ID or not lacking(column.derived_from, results.missing))


def columns_known(results: Results) -> tuple[Column, ...]:
    """All columns of a customer in this data, except the numbers of bands."""
    columns = [column for column in COLUMNS if column is ID or not lacking(column.derived_from, results.missing)]
    return tuple(column for column in columns if not column.name.endswith(("_band", "_month", "funnel_stage")))


def columns_named(names: Iterable[str]) -> tuple[Column, ...]:
    """The columns called *names*. Raises: Invalid with the nearest name."""
    known = {column.name: column for column in COLUMNS}
    for name in names:
        if name not in known:
            raise Invalid(f"customers have no column '{name}'.{nearest(name, known)}")
    return tuple(known[name] for name in names)


def page_of_list(
    one: Asked, results: Results, connection: psycopg.Connection[Any], ask: Queryable, customers: int
) -> Json:
    """One page of the list: *ask* finds the customers, and *connection* reads their data."""
    rows = lists.found(ask, one.selection, one.order, one.after, PAGE_ROWS + 1)
    shown, columns = rows[:PAGE_ROWS], columns_shown(results)
    values = lists.values_of(connection, [row.customer_id for row in shown], columns)
    total = one.selection.measure if one.selection.total else None
    extra = [{"name": ADDED, "label": total.label, "format": total.format, "sortable": True}] if total else []
    path = urlencode(one.query)
    return {
        "refresh": results.refresh_row["refresh_id"],
        "count": customers,
        "number": number(one, results) if one.visual else None,
        "said": said(one.applied, results),
        "ignored": [cut.label for cut in one.ignored],
        "columns": [*map(_column, columns), *extra],
        "rows": [
            [*_plain_row(values[row.customer_id], columns), *([row.added] if total else [])]
            for row in shown
            if row.customer_id in values
        ],
        "next": lists.cursor_of(shown[-1]) if len(rows) > PAGE_ROWS else None,
        "sort": str(one.order),
        "csv": f"/api/people.csv?{path}&sort={one.order}" if path else f"/api/people.csv?sort={one.order}",
        "command": command(one, results),
    }


def search_rows(ids: Sequence[int], values: Mapping[int, tuple[Any, ...]], columns: Sequence[Column]) -> Json:
    """The customers that a search found."""
    rows = [_plain_row(values[one], columns) for one in ids if one in values]
    return {"columns": [{**_column(column), "sortable": False} for column in columns], "rows": rows}


def fact(column: Column, value: Any) -> Json:
    return {"name": column.name, "label": column.label, "value": plain(value, column), "format": format_of(column)}


def _column(column: Column) -> Json:
    is_sortable = column not in lists.CONTACTS
    return {"name": column.name, "label": column.label, "format": format_of(column), "sortable": is_sortable}


def format_of(column: Column) -> str:
    """The format in which the page shows the column's values."""
    if column.name.endswith("_id"):
        return "text"
    return "date" if column.is_dated else _FORMATS.get(column.type.partition("(")[0], "text")


def _plain_row(values: Sequence[Any], columns: Sequence[Column]) -> list[Any]:
    return [plain(value, column) for value, column in zip(values, columns, strict=True)]


def plain(value: Any, column: Column) -> Any:
    """*value* for the page: ids as text, because JavaScript's numbers are exact only up to 2^53."""
    return str(value) if column.name == ID.name else value


def require_same(connection: psycopg.Connection[Any], results: Results) -> None:
    """Raises: Unavailable when the database contains newer results than the page."""
    query = "SELECT max(refresh_id) FROM analytics.refreshes"
    [(newest,)] = connection.execute(query).fetchall()
    if newest != results.refresh_row["refresh_id"]:
        raise Unavailable("new results have just been published; try again in a moment")
