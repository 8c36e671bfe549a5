"""What the peers share with each other and the dashboard: the page's data, SQL and figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from benchmarks.dashboard.choices import MONTHS, Choices, Pairs, token
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.report.pages import REPORT
from customer360.report.palette import LIGHT
from customer360.web.answers import answer
from customer360.web.outline import outline
from customer360.web.replies import Reply
from customer360.web.store import Results, load
from customer360.web.view import view

PAGE = REPORT.pages[0]
LABELS = {"loyalty_status": "Loyalty Status", "activity": "Activity", "country": "Country"}
CARDS = ("total_customers", "active_customers", "inactive_customers", "new_customers")
ROWS = (
    ("customers_by_status", "acquisition"),
    ("active_share_by_status", "customers_by_country"),
    ("customers_by_age", "customers_by_gender"),
)
CHARTS = tuple(chain.from_iterable(ROWS))
TITLES = {visual.name: visual.title for visual in PAGE.visuals}
_MARGIN = {"l": 48, "r": 16, "t": 8, "b": 40}


@dataclass(frozen=True)
class Data:
    """The results in memory, as in the dashboard, and the slicers' choices."""

    results: Results
    choices: Choices


@dataclass(frozen=True)
class Card:
    """A formatted number and its change."""

    name: str
    value: str
    change: int


def data() -> Data:
    results = load(EmbeddedPostgres().reader_database())
    assert results is not None
    return Data(results, Choices.of(json.loads(Reply(outline(results)).body)))


def query(chosen: Mapping[str, Sequence[str] | None], first: str | None, last: str | None) -> Pairs:
    """The widgets' values as a query of the dashboard."""
    members = [(name, member) for name in LABELS for member in sorted(chosen[name] or ())]
    months = [(MONTHS, f"{first or ''}..{last or ''}")] if first or last else []
    return tuple(members + months)


def page(data: Data, asked: Pairs) -> tuple[list[Card], dict[str, dict[str, Any]]]:
    """Cards and Plotly figures by name. A figure contains its query, which the stopwatch waits for."""
    visuals = answer(view(PAGE, asked, data.results), data.results)["visuals"]
    layout = {"meta": token(asked), "margin": _MARGIN, "height": 220, "showlegend": False}
    figures = {name: {"data": [_TRACES[name](visuals[name])], "layout": layout} for name in CHARTS}
    return [_card(name, visuals[name]) for name in CARDS], figures


def _card(name: str, shown: Mapping[str, Any]) -> Card:
    value = shown["values"][name] or 0
    before = shown["values"].get("new_customers_before")
    return Card(name, f"{value:,}", 0 if before is None else value - before)


def _donut(shown: Mapping[str, Any]) -> dict[str, Any]:
    labels, values = shown["keys"]["loyalty_status"], shown["values"]["total_customers"]
    return {"type": "pie", "hole": 0.6, "labels": labels, "values": values, "sort": False}


def _line(shown: Mapping[str, Any]) -> dict[str, Any]:
    months, values = shown["keys"]["join_month"], shown["values"]["total_customers"]
    return {"type": "scatter", "mode": "lines", "x": months, "y": values, "line": {"color": LIGHT.main}}


def _bar(shown: Mapping[str, Any]) -> dict[str, Any]:
    statuses, shares = shown["keys"]["loyalty_status"], shown["values"]["active_share"]
    return {"type": "bar", "orientation": "h", "y": statuses, "x": shares, "texttemplate": "%{x:.1%}"}


def _columns(dimension: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """A column per member."""

    def trace(shown: Mapping[str, Any]) -> dict[str, Any]:
        members, values = shown["keys"][dimension], shown["values"]["total_customers"]
        labels = shown["labels"].get(dimension, members)
        look = {"texttemplate": "%{y:.2s}", "marker": {"color": LIGHT.main}}
        return {"type": "bar", "x": labels, "y": values, **look}

    return trace


_TRACES = dict(zip(CHARTS, (_donut, _line, _bar, *map(_columns, ("country", "age_band", "gender"))), strict=True))
