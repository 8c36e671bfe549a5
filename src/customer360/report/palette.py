"""
Colours for Power BI, the browser and the notebooks.

Loyalty statuses are ordinal, so they are shades of one hue: the higher the status, the stronger the contrast with
the paper. Everything else is drawn in the main hue. Contrast is at least 4.5:1 for text against paper and canvas,
and 3:1 for marks against paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from customer360.tables import UNKNOWN


@dataclass(frozen=True)
class Palette:
    """The colours of one theme, as #RRGGBB."""

    ink: str
    muted: str
    line: str
    paper: str
    canvas: str
    main: str
    main_soft: str
    on_main: str
    good: str
    bad: str
    unknown: str
    focus: str
    heat_low: str
    heat_high: str
    statuses: tuple[str, ...]
    """Lowest to highest."""


LIGHT: Final = Palette(
    ink="#1F2933",
    muted="#52606D",
    line="#D9E2EC",
    paper="#FFFFFF",
    canvas="#F5F7FA",
    main="#1B6CA8",
    main_soft="#E3EFF9",
    on_main="#FFFFFF",
    good="#00795A",
    bad="#B3470B",
    unknown="#7B8794",
    focus="#0B4F8A",
    heat_low="#EAF3FB",
    heat_high="#1B6CA8",
    statuses=("#6097C8", "#417FB7", "#2A689F", "#1A5185", "#0F3B67", "#082848"),
)

DARK: Final = Palette(
    ink="#E8EDF3",
    muted="#A3B1C0",
    line="#2B3644",
    paper="#18202B",
    canvas="#10161E",
    main="#5FA8E0",
    main_soft="#1E3247",
    on_main="#0B1118",
    good="#4CC9A0",
    bad="#F29A5B",
    unknown="#8594A3",
    focus="#8CC4F5",
    heat_low="#1D2A39",
    heat_high="#8CC4F5",
    statuses=("#3F7CB4", "#5793C9", "#72AADB", "#90C0EA", "#B3D6F5", "#DCEDFC"),
)


def ranks(statuses: Sequence[str]) -> dict[str, int]:
    """
    The index of each known status's shade, lowest status first; any number of statuses spans the whole ramp.

    'Unknown' has no shade.
    """
    known = [status for status in statuses if status != UNKNOWN]
    step = (len(LIGHT.statuses) - 1) / max(1, len(known) - 1)
    return {status: int(rank * step + 0.5) for rank, status in enumerate(known)}
