"""
Positions in pixels: the page's grid on a screen and one column on a phone.

A page has edges of 24, gutters of 16, twelve columns, and rows of 50 below the heading and the slicers. It always
fits the screen; to stay 16:9, its columns widen with the number of rows, up to a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from customer360.report.visuals import COLUMNS, Place

EDGE: Final = 24
GUTTER: Final = 16
CELL_WIDTHS: Final = range(104, 177)
CELL_HEIGHT: Final = 50
FEWEST_ROWS: Final = 10
HEADING_TOP: Final = 12
HEADING_HEIGHT: Final = 56
SLICERS_TOP: Final = 76
SLICERS_HEIGHT: Final = 76
SLICER_COLUMNS: Final = 10
TOP: Final = 168

PHONE_WIDTH: Final = 320
PHONE_EDGE: Final = 8
PHONE_GUTTER: Final = 8


@dataclass(frozen=True)
class Rectangle:
    """Left, top, width and height."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Canvas:
    """A page whose visuals take *rows* rows of the grid."""

    rows: int

    @property
    def height(self) -> int:
        return TOP + max(self.rows, FEWEST_ROWS) * (CELL_HEIGHT + GUTTER)

    @property
    def width(self) -> int:
        return 2 * EDGE + self._span(COLUMNS)

    @property
    def cell_width(self) -> int:
        wide = (self.height * 16 / 9 - 2 * EDGE - (COLUMNS - 1) * GUTTER) / COLUMNS
        return min(max(round(wide), CELL_WIDTHS[0]), CELL_WIDTHS[-1])

    def cells(self, place: Place) -> Rectangle:
        """The rectangle of a place on the grid."""
        return Rectangle(
            self._left(place.column),
            TOP + place.row * (CELL_HEIGHT + GUTTER),
            self._span(place.width),
            place.height * CELL_HEIGHT + (place.height - 1) * GUTTER,
        )

    def heading(self, column: int, width: int) -> Rectangle:
        """A part of the top line: title, navigation or date."""
        return Rectangle(self._left(column), HEADING_TOP, self._span(width), HEADING_HEIGHT)

    def slicer(self, number: int, of: int) -> Rectangle:
        """The *number*-th slicer below the heading; the button that clears them follows the last."""
        left, right = (each * SLICER_COLUMNS // of for each in (number, number + 1))
        return Rectangle(self._left(left), SLICERS_TOP, self._span(right - left), SLICERS_HEIGHT)

    def clear_button(self) -> Rectangle:
        """After the slicers."""
        left, width = self._left(SLICER_COLUMNS), self._span(COLUMNS - SLICER_COLUMNS)
        return Rectangle(left, SLICERS_TOP, width, SLICERS_HEIGHT)

    def _left(self, column: int) -> int:
        return EDGE + column * (self.cell_width + GUTTER)

    def _span(self, columns: int) -> int:
        return columns * self.cell_width + (columns - 1) * GUTTER


def tooltip() -> Rectangle:
    """The page of a tooltip."""
    return Rectangle(0, 0, 320, 120)


def phone(heights: Sequence[int]) -> list[Rectangle]:
    """The same visuals in one column."""
    rectangles, top = [], PHONE_EDGE
    for height in heights:
        rectangles.append(Rectangle(PHONE_EDGE, top, PHONE_WIDTH - 2 * PHONE_EDGE, height))
        top += height + PHONE_GUTTER
    return rectangles
