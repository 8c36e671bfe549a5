"""
Where everything stands, in pixels: the page's grid on a screen and one column on a phone.

A page is 1472 x 828 (16:9): edges of 24, gutters of 16, twelve columns of 104; below the heading and the slicers
ten rows of 50.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from customer360.report.visuals import COLUMNS, ROWS, Place

EDGE: Final = 24
GUTTER: Final = 16
CELL_WIDTH: Final = 104
CELL_HEIGHT: Final = 50
HEADING_TOP: Final = 12
HEADING_HEIGHT: Final = 56
SLICERS_TOP: Final = 76
SLICERS_HEIGHT: Final = 76
SLICER_COLUMNS: Final = 10
TOP: Final = 168
WIDTH: Final = 2 * EDGE + COLUMNS * CELL_WIDTH + (COLUMNS - 1) * GUTTER
HEIGHT: Final = TOP + ROWS * CELL_HEIGHT + (ROWS - 1) * GUTTER + GUTTER

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


def cells(place: Place) -> Rectangle:
    """The rectangle of a place on the grid."""
    return Rectangle(
        _left(place.column),
        TOP + place.row * (CELL_HEIGHT + GUTTER),
        _span(place.width),
        place.height * CELL_HEIGHT + (place.height - 1) * GUTTER,
    )


def heading(column: int, width: int) -> Rectangle:
    """A part of the top line: title, navigation, date."""
    return Rectangle(_left(column), HEADING_TOP, _span(width), HEADING_HEIGHT)


def slicer(number: int, of: int) -> Rectangle:
    """The *number*-th slicer below the heading; the button that clears them stands behind the last."""
    left, right = (each * SLICER_COLUMNS // of for each in (number, number + 1))
    return Rectangle(_left(left), SLICERS_TOP, _span(right - left), SLICERS_HEIGHT)


def clear_button() -> Rectangle:
    """Behind the slicers."""
    return Rectangle(_left(SLICER_COLUMNS), SLICERS_TOP, _span(COLUMNS - SLICER_COLUMNS), SLICERS_HEIGHT)


def tooltip() -> Rectangle:
    """All of a page that appears beside the pointer."""
    return Rectangle(0, 0, 320, 120)


def phone(heights: list[int]) -> list[Rectangle]:
    """The same visuals one below the other."""
    rectangles, top = [], PHONE_EDGE
    for height in heights:
        rectangles.append(Rectangle(PHONE_EDGE, top, PHONE_WIDTH - 2 * PHONE_EDGE, height))
        top += height + PHONE_GUTTER
    return rectangles


def _left(column: int) -> int:
    return EDGE + column * (CELL_WIDTH + GUTTER)


def _span(columns: int) -> int:
    return columns * CELL_WIDTH + (columns - 1) * GUTTER
