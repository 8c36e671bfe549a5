"""
Colours and type, as a Power BI theme.

Loyalty statuses are ordinal, however many there are: shades of one hue, light for the lowest. Everything that is
not a status is drawn in the main hue; the other data colours are Okabe and Ito's, made for all kinds of sight.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

MAIN: Final = "#1B6CA8"
INK: Final = "#1F2933"
MUTED: Final = "#52606D"
LINE: Final = "#D9E2EC"
PAPER: Final = "#FFFFFF"
CANVAS: Final = "#F5F7FA"
HEAT_LOW: Final = "#EAF3FB"
HEAT_HIGH: Final = MAIN
UNKNOWN: Final = "#7B8794"
GOOD: Final = "#00795A"
BAD: Final = "#B3470B"
STATUS_RAMP: Final = ("#6097C8", "#417FB7", "#2A689F", "#1A5185", "#0F3B67", "#082848")
"""Lowest to highest status; each is at least 3:1 against paper."""

DATA_COLORS: Final = (MAIN, "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#0072B2", "#F0E442")
FONT: Final = "Segoe UI"
FONT_BOLD: Final = "Segoe UI Semibold"
SIZES: Final = {"small": 9, "label": 10, "title": 12, "page": 20, "value": 24}
"""The one typographic scale, in points."""

_SCHEMA: Final = (
    "https://raw.githubusercontent.com/microsoft/powerbi-desktop-samples/main/"
    "Report%20Theme%20JSON%20Schema/reportThemeSchema-2.152.json"
)


def theme() -> dict[str, Any]:
    """
    The theme file's content.

    Its name, which is also its file's, ends in a digest of the rest: Desktop keeps themes by name, so a changed
    theme needs a new one.
    """
    content = _content()
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]
    return {"$schema": _SCHEMA, "name": f"Customer360-{digest}.json", **content}


def _content() -> dict[str, Any]:
    return {
        "dataColors": list(DATA_COLORS),
        "foreground": INK,
        "foregroundNeutralSecondary": MUTED,
        "background": PAPER,
        "backgroundLight": CANVAS,
        "tableAccent": MAIN,
        "good": GOOD,
        "neutral": MUTED,
        "bad": BAD,
        "minimum": HEAT_LOW,
        "maximum": HEAT_HIGH,
        "textClasses": {
            "callout": _text(FONT_BOLD, "value", INK),
            "title": _text(FONT_BOLD, "title", INK),
            "header": _text(FONT_BOLD, "label", INK),
            "label": _text(FONT, "label", MUTED),
        },
        "visualStyles": {
            "*": {"*": _frame()},
            "page": {"*": {"background": [{"color": _fill(CANVAS), "transparency": 0}]}},
        },
    }


def _frame() -> dict[str, Any]:
    """What surrounds every visual: a thin rounded line on paper, title above definition, no shadow."""
    return {
        "background": [{"show": True, "color": _fill(PAPER), "transparency": 0}],
        "border": [{"show": True, "color": _fill(LINE), "radius": 6, "width": 1}],
        "dropShadow": [{"show": False}],
        "title": [
            {"titleWrap": True, "fontFamily": FONT_BOLD, "fontSize": SIZES["title"], "fontColor": _fill(INK)}
        ],
        "subTitle": [
            {"titleWrap": True, "fontFamily": FONT, "fontSize": SIZES["small"], "fontColor": _fill(MUTED)},
        ],
        "categoryAxis": [{"showAxisTitle": False, "gridlineShow": False, "fontSize": SIZES["label"]}],
        "valueAxis": [{"showAxisTitle": False, "gridlineColor": _fill(LINE), "fontSize": SIZES["label"]}],
    }


def _fill(color: str) -> dict[str, Any]:
    return {"solid": {"color": color}}


def _text(font: str, size: str, color: str) -> dict[str, Any]:
    return {"fontFace": font, "fontSize": SIZES[size], "color": color}
