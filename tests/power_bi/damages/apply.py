"""Ways to damage a project: in the text or the JSON of a file, or in the list of files."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

from customer360.power_bi.placed import identity

Files = dict[str, str]
Damage = Callable[[Files], Files]
MODEL = "Customer 360.SemanticModel/definition/"
REPORT_FOLDER = "Customer 360.Report/definition/"
DAMAGES: dict[str, Damage] = {}


def damage(name: str, apply: Damage) -> None:
    assert name not in DAMAGES
    DAMAGES[name] = apply


def text(name: str, path: str, old: str, new: str) -> None:
    """Replaces the first *old* in a file of the model, or in any file given by its full path."""

    def apply(files: Files) -> Files:
        place = path if path in files else MODEL + path
        assert old in files[place], name
        return {**files, place: files[place].replace(old, new, 1)}

    damage(name, apply)


def pattern(name: str, path: str, old: str, new: str) -> None:
    def apply(files: Files) -> Files:
        damaged, count = re.subn(old, new, files[MODEL + path], count=1, flags=re.M)
        assert count, name
        return {**files, MODEL + path: damaged}

    damage(name, apply)


def visual(name: str, of: str, change: Callable[[dict[str, Any]], object], file: str = "visual.json") -> None:
    """Changes the JSON of the visual called *of* (page/visual)."""
    page, _, each = of.partition("/")
    content(name, f"pages/{identity('page', page)}/visuals/{identity(page, each)}/{file}", change)


def content(name: str, path: str, change: Callable[[Any], object]) -> None:
    def apply(files: Files) -> Files:
        place = path if path in files else REPORT_FOLDER + path
        before = json.loads(files[place])
        after = copy.deepcopy(before)
        change(after)
        assert after != before, name
        return {**files, place: json.dumps(after)}

    damage(name, apply)


def without(name: str, path: str) -> None:
    def apply(files: Files) -> Files:
        found = [each for each in files if each.endswith(path)]
        assert found, name
        return {each: value for each, value in files.items() if each != found[0]}

    damage(name, apply)


def renamed(name: str, old: str, new: str) -> None:
    def apply(files: Files) -> Files:
        assert any(old in each for each in files), name
        return {each.replace(old, new): value for each, value in files.items()}

    damage(name, apply)
