"""Figures and tables of the notebooks: legible on any screen, in the colours of the report, safe to show."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import pyarrow as pa
import pytest
from matplotlib.colors import to_rgb

from customer360.notebooks.charts import HEAT, area, bars, heat_map, shares, status_colors, table
from customer360.postgres.read import frame
from customer360.report.palette import LIGHT
from customer360.tables import UNKNOWN


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def luminance(color) -> float:
    """Relative luminance as WCAG 2 defines it."""
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in to_rgb(color)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def texts(axes) -> dict[str, Any]:
    return {text.get_text(): text for text in axes.texts}


@pytest.mark.parametrize(
    ("statuses", "colors"),
    [
        (["Bronze", "Silver", "Gold"], [LIGHT.statuses[0], LIGHT.statuses[3], LIGHT.statuses[-1]]),
        (["Member"], [LIGHT.statuses[0]]),
        (list("abcdef"), list(LIGHT.statuses)),
    ],
)
def test_any_number_of_statuses_spans_the_ramp(statuses, colors):
    """Loyalty statuses are data: there may be more or fewer than three."""
    assert list(status_colors(statuses).values()) == colors


def test_an_unknown_status_is_not_a_shade_of_the_ramp():
    """It has no rank, at any position in the list."""
    colors = status_colors(["Bronze", UNKNOWN, "Gold"])

    assert colors[UNKNOWN] not in LIGHT.statuses
    assert (colors["Bronze"], colors["Gold"]) == (LIGHT.statuses[0], LIGHT.statuses[-1])


def test_text_in_a_heat_map_is_legible_on_every_shade():
    """There is a medium shade on which neither ink nor paper is perfect: 4:1 is the worst contrast."""
    grid = pd.DataFrame([[float(n) for n in range(12)]])

    heat_map("title", "subtitle", grid, columns="n")

    written = texts(plt.gca())
    assert len(written) == 12
    for text, drawn in written.items():
        assert contrast(drawn.get_color(), HEAT(float(text) / 11)[:3]) > 4


def test_an_empty_cell_of_a_heat_map_stays_empty():
    """A cohort too young for a column has no share, which is not a share of zero."""
    heat_map("title", "subtitle", pd.DataFrame([[0.5, None], [0.25, 0.0]]), form="{:.0%}", columns="months")

    assert sorted(texts(plt.gca())) == ["0%", "25%", "50%"]


def test_shares_add_up_to_one_bar_and_narrow_ones_go_unlabelled():
    """A label wider than its part would overlap the next one."""
    parts = pd.DataFrame({"Bronze": [98, 50], "Gold": [2, 50]}, index=["Customers", "Points"])

    shares("title", "subtitle", parts, status_colors(["Bronze", "Gold"]))

    axes = plt.gca()
    assert axes.get_xlim() == pytest.approx((0, 1))
    assert sorted(filter(None, texts(axes))) == ["50%", "98%", "Bronze"]


def test_bars_stand_in_the_given_order_each_with_its_label():
    """Stages and tiers have an order that sorting by size would lose."""
    bars("title", "subtitle", pd.Series({"Joined": 10, "Active": 4}), ["10", "4"])

    axes = plt.gca()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Joined", "Active"]
    assert axes.yaxis_inverted()
    assert list(texts(axes)) == ["10", "4"]


def test_an_area_starts_at_zero_and_names_its_last_value():
    """Another start of the axis exaggerates; a label at the end saves reading the axis."""
    axes = area("title", "subtitle", pd.Series([900, 1234], index=pd.to_datetime(["2026-05-01", "2026-06-01"])))

    assert axes.get_ylim()[0] == 0
    assert list(texts(axes)) == ["1,234"]


def test_title_and_subtitle_do_not_overlap_the_axes():
    """They are placed manually, above the area of the layout."""
    axes = area("title", "subtitle", pd.Series([1, 2], index=pd.to_datetime(["2026-05-01", "2026-06-01"])))
    figure = axes.figure
    figure.canvas.draw()

    [title, subtitle] = [text.get_window_extent() for text in figure.texts]

    assert title.y0 > subtitle.y1
    drawn = axes.get_tightbbox()
    assert drawn
    assert subtitle.y0 > drawn.y1


def test_a_table_writes_values_as_a_person_reads_them():
    """The same value looks the same in every table."""
    shown = table(
        [
            {
                "n": 1234567,
                "share": 0.256,
                "day": date(2026, 6, 30),
                "at": datetime(2026, 6, 30, 8, 5),
                "ok": True,
            },
            {"n": 0, "share": 0.5, "day": None, "at": datetime(2026, 6, 30), "ok": False},
        ],
        share="{:.0%}",
    )

    assert shown.texts.to_numpy().tolist() == [
        ["1,234,567", "26%", "2026-06-30", "2026-06-30 08:05", "yes"],
        ["0", "50%", "–", "2026-06-30", "no"],
    ]


def test_a_table_aligns_words_left_and_numbers_right():
    """Digits of the same place are aligned, also for Spark's decimals."""
    html = table([{"name": "Ada", "balance": Decimal("1234.50")}])._repr_html_()

    assert '<td style="text-align: left">Ada</td>' in html
    assert '<td style="text-align: right">1,234.50</td>' in html


def test_text_in_the_data_is_never_markup():
    """A customer's name is anything that someone typed into a form."""
    html = table([{"name": "<script>alert(1)</script>"}])._repr_html_()

    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


def test_a_frame_contains_amounts_that_add_up_and_days_that_can_be_plotted():
    """Otherwise decimals and days are objects in pandas."""
    rows = pa.table(
        {"balance": pa.array([Decimal("1.25"), None], pa.decimal128(12, 2)), "day": [date(2026, 6, 30)] * 2}
    )

    found = frame(rows)

    assert found.balance.sum() == 1.25
    assert found.day.dt.year.tolist() == [2026, 2026]
