"""
Colours and typography, as a Power BI theme.

The colours are those of the palette; further data colours are Okabe and Ito's, which are safe for colour
blindness.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from customer360.report.palette import LIGHT

DATA_COLORS: Final = (LIGHT.main, "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#0072B2", "#F0E442")
FONT: Final = "Segoe UI"
FONT_BOLD: Final = "Segoe UI Semibold"
SIZES: Final = {"small": 9, "label": 10, "title": 12, "page": 20, "value": 24}
"""The typographic scale, in points."""

_SCHEMA: Final = (
    "https://raw.githubusercontent.com/microsoft/powerbi-desktop-samples/main/"
    "Report%20Theme%20JSON%20Schema/reportThemeSchema-2.152.json"
)


def theme() -> dict[str, Any]:
    """
    The content of the theme file.

    Its name, also the file's name, ends in a digest of the rest: Power BI Desktop caches themes by name, so a
    changed theme needs a new name.
    """
    content = _content()
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]
    return {"$schema": _SCHEMA, "name": f"Customer360-{digest}.json", **content}


def _content() -> dict[str, Any]:
    return {
        "dataColors": list(DATA_COLORS),
        "foreground": LIGHT.ink,
        "foregroundNeutralSecondary": LIGHT.muted,
        "background": LIGHT.paper,
        "backgroundLight": LIGHT.canvas,
        "tableAccent": LIGHT.main,
        "good": LIGHT.good,
        "neutral": LIGHT.muted,
        "bad": LIGHT.bad,
        "minimum": LIGHT.heat_low,
        "maximum": LIGHT.heat_high,
        "textClasses": {
            "callout": _text(FONT_BOLD, "value", LIGHT.ink),
            "title": _text(FONT_BOLD, "title", LIGHT.ink),
            "header": _text(FONT_BOLD, "label", LIGHT.ink),
            "label": _text(FONT, "label", LIGHT.muted),
        },
        "visualStyles": {
            "*": {"*": _frame()},
            "page": {"*": {"background": [{"color": _fill(LIGHT.canvas), "transparency": 0}]}},
        },
    }


def _frame() -> dict[str, Any]:
    """The frame of every visual: a thin rounded line on paper, title above definition, no shadow."""
    return {
        "background": [{"show": True, "color": _fill(LIGHT.paper), "transparency": 0}],
        "border": [{"show": True, "color": _fill(LIGHT.line), "radius": 6, "width": 1}],
        "dropShadow": [{"show": False}],
        "title": [
            {"titleWrap": True, "fontFamily": FONT_BOLD, "fontSize": SIZES["title"], "fontColor": _fill(LIGHT.ink)}
        ],
        "subTitle": [
            {"titleWrap": True, "fontFamily": FONT, "fontSize": SIZES["small"], "fontColor": _fill(LIGHT.muted)},
        ],
        "categoryAxis": [{"showAxisTitle": False, "gridlineShow": False, "fontSize": SIZES["label"]}],
        "valueAxis": [{"showAxisTitle": False, "gridlineColor": _fill(LIGHT.line), "fontSize": SIZES["label"]}],
    }


def _fill(color: str) -> dict[str, Any]:
    return {"solid": {"color": color}}


def _text(font: str, size: str, color: str) -> dict[str, Any]:
    return {"fontFace": font, "fontSize": SIZES[size], "color": color}
