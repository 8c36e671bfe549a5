"""The notebooks' figures and tables, in one style, with the colours of the report."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from html import escape
from typing import Any, Final

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter
from matplotlib.transforms import offset_copy

from customer360.report.palette import LIGHT, ranks

HEAT: Final = LinearSegmentedColormap.from_list("customer360", [LIGHT.heat_low, LIGHT.heat_high])
"""For numbers without a midpoint: the higher, the darker."""

# In inches: a figure's width, the height of title and subtitle, and the height of a bar and of a cell.
_WIDTH: Final = 7.6
_HEADER: Final = 0.62
_BAR: Final = 0.36
_CELL: Final = 0.3

_NARROWEST_LABELLED: Final = 0.03
_DARK: Final = 0.22
"""Below this relative luminance, paper is more legible than ink."""

_STYLE: Final[dict[Any, Any]] = {
    "figure.dpi": 96,
    "figure.facecolor": LIGHT.paper,
    "font.size": 9.5,
    "text.color": LIGHT.ink,
    "axes.facecolor": LIGHT.paper,
    "axes.edgecolor": LIGHT.line,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.labelcolor": LIGHT.muted,
    "axes.labelsize": 9,
    "axes.prop_cycle": cycler(color=[LIGHT.main]),
    "axes.xmargin": 0.01,
    "grid.color": LIGHT.line,
    "grid.linewidth": 0.7,
    "image.cmap": HEAT.name,
    "lines.linewidth": 1.8,
    "xtick.labelcolor": LIGHT.muted,
    "xtick.major.pad": 7,
    "ytick.labelcolor": LIGHT.muted,
    **{f"{axis}tick.{ticks}.size": 0 for axis in "xy" for ticks in ("major", "minor")},
}


def style() -> None:
    """Gives every figure of a notebook the same look; call it once, before the first."""
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    matplotlib.colormaps.register(HEAT, force=True)
    plt.rcParams.update(_STYLE)
    set_matplotlib_formats("retina")  # type: ignore[no-untyped-call]


def chart(title: str, subtitle: str, *, height: float = 2.6) -> Axes:
    """
    Empty axes, *height* inches high; the *title* states the finding, the *subtitle* says what is measured.

    Numbers on the y axis have thousands separators.
    """
    size = (_WIDTH, height + _HEADER)
    figure = plt.figure(FigureClass=_Titled, figsize=size, layout="constrained")
    figure.get_layout_engine().set(rect=(0, 0, 1, height / (height + _HEADER)))  # type: ignore[union-attr, call-arg]
    axes = figure.add_subplot()
    _write(figure, title, 4, size=12, weight="bold")
    _write(figure, subtitle, 23, color=LIGHT.muted)
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.10g}"))
    return axes


class _Titled(Figure):
    """A figure whose title and subtitle are its text alternative."""

    def __repr__(self) -> str:
        return ". ".join(text.get_text() for text in self.texts)


def _write(figure: Figure, text: str, below: int, **look: Any) -> None:
    """Writes *text* at the figure's left edge, *below* its upper edge by this many points."""
    figure.text(
        0, 1, text, transform=offset_copy(figure.transFigure, figure, 3, -below, "points"), va="top", **look
    )


def area(title: str, subtitle: str, values: pd.Series[Any]) -> Axes:
    """The *values* over time, from zero, with a label for the last one."""
    axes = chart(title, subtitle)
    axes.fill_between(values.index, values, color=LIGHT.heat_low)
    axes.plot(values.index, values, color=LIGHT.main)
    axes.annotate(
        f"{values.iloc[-1]:,.0f}", (values.index[-1], values.iloc[-1]), (4, -3), textcoords="offset points"
    )
    axes.set_ylim(bottom=0)
    return axes


def mark(axes: Axes, value: float, label: str) -> None:
    """A vertical line at *value*, with its *label* at the top."""
    axes.axvline(value, color=LIGHT.ink, linewidth=0.9)
    axes.annotate(
        label, (value, 1), (4, 0), xycoords=("data", "axes fraction"), textcoords="offset points", va="top"
    )


def bars(
    title: str,
    subtitle: str,
    values: pd.Series[Any],
    labels: Sequence[str],
    *,
    colors: Sequence[str] | str = LIGHT.main,
) -> None:
    """One horizontal bar per value, from top to bottom, named by the index and labelled at its end."""
    axes = chart(title, subtitle, height=_BAR * len(values))
    axes.bar_label(axes.barh(range(len(values)), values, color=colors, height=0.7), labels, padding=5)
    axes.margins(x=0.25, y=0.02)
    _name_rows(axes, values.index)


def shares(title: str, subtitle: str, parts: pd.DataFrame, colors: Mapping[str, str]) -> None:
    """One bar per row of *parts*, divided into the shares of its columns; the first bar names them."""
    axes = chart(title, subtitle, height=_BAR * (len(parts) + 0.6))
    share = parts.div(parts.sum(axis="columns"), axis="index")
    left = share.cumsum(axis="columns") - share
    for name, color in colors.items():
        drawn = axes.barh(range(len(parts)), share[name], left=left[name], color=color, height=0.78)
        labels = [_if_it_fits(f"{value:.0%}", value) for value in share[name]]
        axes.bar_label(drawn, labels, label_type="center", color=_text_on(color), weight="bold")
        first = share[name].iloc[0]
        axes.text(left[name].iloc[0] + first / 2, -0.45, _if_it_fits(name, first), ha="center", va="bottom")
    axes.margins(x=0, y=0)
    _name_rows(axes, parts.index)


def _text_on(color: Any) -> str:
    """Ink or paper, whichever is legible on *color*."""
    linear = (np.array(to_rgb(color)) + 0.055) / 1.055
    return LIGHT.paper if linear**2.4 @ (0.2126, 0.7152, 0.0722) < _DARK else LIGHT.ink


def _if_it_fits(text: str, share: float) -> str:
    return text if share > _NARROWEST_LABELLED else ""


def heat_map(title: str, subtitle: str, grid: pd.DataFrame, *, form: str = "{:,.0f}", columns: str = "") -> None:
    """The numbers of *grid*, formatted with *form*, darker if higher; *columns* labels its columns."""
    axes = chart(title, subtitle, height=_CELL * (len(grid) + 1.6))
    cells = grid.to_numpy(dtype=float, na_value=np.nan)
    mesh = axes.pcolormesh(cells, cmap=HEAT, edgecolors=LIGHT.paper, linewidth=2)
    for row, column in zip(*np.nonzero(~np.isnan(cells)), strict=True):
        value = cells[row, column]
        color = _text_on(mesh.to_rgba(value))
        axes.text(column + 0.5, row + 0.5, form.format(value), ha="center", va="center", color=color)
    axes.set_xticks(np.arange(grid.shape[1]) + 0.5, [str(name) for name in grid.columns])
    axes.set_xlabel(columns)
    axes.xaxis.set_label_position("top")
    axes.xaxis.tick_top()
    _name_rows(axes, grid.index, at=0.5)


def _name_rows(axes: Axes, names: pd.Index[Any], *, at: float = 0.0) -> None:
    """Rows from top to bottom, each with its name."""
    axes.set_yticks(np.arange(len(names)) + at, [str(name) for name in names], color=LIGHT.ink)
    axes.invert_yaxis()
    axes.spines.bottom.set_visible(False)
    axes.grid(False)
    if not at:
        axes.set_xticks([])


def status_colors(statuses: Sequence[str]) -> dict[str, str]:
    """A shade of one hue for each loyalty status, from light for the lowest to dark; grey for 'Unknown'."""
    shades = {status: LIGHT.statuses[shade] for status, shade in ranks(statuses).items()}
    return {status: shades.get(status, LIGHT.unknown) for status in statuses}


@dataclass(frozen=True, repr=False)
class Table:
    """Rows for a person: shown as HTML if possible, else as text."""

    texts: pd.DataFrame
    left: frozenset[str]
    """The columns of words, which are left-aligned; numbers are right-aligned."""

    def __repr__(self) -> str:
        return self.texts.to_string(index=False)

    def _repr_html_(self) -> str:
        head = "".join(self._cell("th", name, name) for name in self.texts.columns)
        rows = "".join(
            f"<tr>{''.join(self._cell('td', *cell) for cell in row.items())}</tr>\n"
            for row in self.texts.to_dict("records")
        )
        return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table>"

    def _cell(self, tag: str, column: Hashable, text: Any) -> str:
        side = "left" if column in self.left else "right"
        return f'<{tag} style="text-align: {side}">{escape(str(text))}</{tag}>'


def table(rows: pd.DataFrame | Sequence[Mapping[str, Any]], **formats: str) -> Table:
    """*rows* for a person: thousands separators, days without hours, – for null, or *formats* by column."""
    given = pd.DataFrame(rows)
    forms = {name: formats[name].format if name in formats else written for name in given.columns}
    texts = {name: ["–" if pd.isna(value) else forms[name](value) for value in given[name]] for name in given}
    words = frozenset(name for name in given if any(isinstance(value, str) for value in given[name]))
    return Table(pd.DataFrame(texts), left=words)


def written(value: Any) -> str:
    """1234 -> '1,234', 0.5 -> '0.50', midnight -> '2026-06-30', True -> 'yes'; anything else unchanged."""
    if isinstance(value, (bool, np.bool_)):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}" if value.time() == datetime.min.time() else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, (int, np.integer)):
        return f"{value:,}"
    return f"{value:,.2f}" if isinstance(value, (float, Decimal)) else str(value)
