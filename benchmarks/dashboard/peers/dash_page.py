"""The overview page in Dash: one callback for the page, so that a click is one request."""

from __future__ import annotations

import sys
from typing import Any

from dash import Dash, Input, Output, dcc, html
from waitress import serve

from benchmarks.dashboard.peers import overview

DATA = overview.data()
app = Dash(__name__)


def _slicers() -> html.Div:
    lists = [
        html.Div([html.B(label), dcc.Checklist(DATA.choices.members[name], [], inline=True, id=name)])
        for name, label in overview.LABELS.items()
    ]
    ends = [dcc.Dropdown(DATA.choices.months, id=end, placeholder=f"Join Month {end}") for end in ("from", "to")]
    return html.Div([*lists, *ends])


def _row(*children: Any) -> html.Div:
    return html.Div(children, style={"display": "grid", "gridTemplateColumns": f"repeat({len(children)}, 1fr)"})


def _card(name: str) -> html.Div:
    number = html.H2(id="total" if name == "total_customers" else name)
    return html.Div([html.H4(overview.TITLES[name]), number, html.P(id=f"{name}-change")])


def _chart(name: str) -> html.Div:
    graph = dcc.Graph(id=name, config={"displayModeBar": False})
    return html.Div([html.H4(overview.TITLES[name]), graph])


charts = [_row(*map(_chart, names)) for names in overview.ROWS]
app.layout = html.Div([_slicers(), _row(*map(_card, overview.CARDS)), *charts])


@app.callback(
    *(Output("total" if name == "total_customers" else name, "children") for name in overview.CARDS),
    *(Output(f"{name}-change", "children") for name in overview.CARDS),
    *(Output(name, "figure") for name in overview.CHARTS),
    *(Input(name, "value") for name in [*overview.LABELS, "from", "to"]),
)
def show(*chosen: Any) -> list[Any]:
    *members, first, last = chosen
    asked = overview.query(dict(zip(overview.LABELS, members, strict=True)), first, last)
    cards, figures = overview.page(DATA, asked)
    return [*(card.value for card in cards), *(f"{card.change:+,}" for card in cards), *figures.values()]


if __name__ == "__main__":
    serve(app.server, host="127.0.0.1", port=int(sys.argv[1]), threads=4, _quiet=True)
