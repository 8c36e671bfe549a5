"""Positions of visuals: inside their page, without overlaps, also on a phone, and in reading order for Tab."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from customer360.power_bi.placed import identity
from customer360.report.visuals import Page, Report
from tests.power_bi.rules.shown import size

_PHONE = 320


def problems(objects: Mapping[str, Any], report: Report) -> Iterator[str]:
    sizes = {identity("page", page.name): size(page)[:2] for page in report.pages}
    list_size = size(Page("list of customers", "", ()))[:2]
    for path, page in objects.items():
        if path.endswith("/page.json"):
            folder = path.removesuffix("page.json")
            screen = _placed(objects, folder, "visual.json")
            phone = _placed(objects, folder, "mobile.json")
            yield from (f"{folder}: {problem}" for problem in _inside(screen, page["width"], page["height"]))
            yield from (f"{folder}: on a phone {problem}" for problem in _inside(phone, _PHONE, 100_000))
            if page.get("type") != "Tooltip":
                yield from (f"{one} is not on the phone" for one in screen if one not in phone)
                if (page["width"], page["height"]) != sizes.get(page["name"], list_size):
                    yield f"{folder}: has a size other than its rows need"


def _placed(objects: Mapping[str, Any], folder: str, name: str) -> dict[str, dict[str, Any]]:
    return {
        path.split("/")[-2]: content["position"]
        for path, content in objects.items()
        if path.startswith(folder) and path.endswith(f"/{name}")
    }


def _inside(placed: dict[str, dict[str, Any]], width: int, height: int) -> Iterator[str]:
    for name, place in placed.items():
        if min(place["x"], place["y"]) < 0 or min(place["width"], place["height"]) < 20:
            yield f"{name} has no place"
        if place["x"] + place["width"] > width or place["y"] + place["height"] > height:
            yield f"{name} leaves the page"
    for one, other in combinations(placed, 2):
        if _overlap(placed[one], placed[other]):
            yield f"{one} and {other} overlap"
    for each in ("tabOrder", "z"):
        if len({place[each] for place in placed.values()}) != len(placed):
            yield f"two visuals share a {each}"
    rows = sorted(placed.values(), key=lambda place: place["tabOrder"])
    if rows and (rows[0]["y"], rows[0]["x"]) != min((place["y"], place["x"]) for place in rows):
        yield "Tab does not start at the top"


def _overlap(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return (
        one["x"] < other["x"] + other["width"]
        and other["x"] < one["x"] + one["width"]
        and one["y"] < other["y"] + other["height"]
        and other["y"] < one["y"] + one["height"]
    )
