"""
Exports of common tools, recognized by their column names; each is a mapping in the folder `recipes`.

A recipe is a mapping as you would write it, with a section [recipe] on top: the tool, the export, the columns
that the header must have, and notes for the user. A right-hand side may be a list: the first one whose
columns the file has is used.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from customer360.errors import Invalid
from customer360.own_data.guess import Sample, plain, with_id
from customer360.own_data.language.grammar import read
from customer360.own_data.mapped import column_of
from customer360.own_data.mapping import ColumnMapping, mapping_of, parsed
from customer360.own_data.row_kinds import CUSTOMER_ROWS, ORDER_LINES, ROW_KINDS, RowKind

_FOLDER: Final = Path(__file__).parent / "recipes"
_SECTION: Final = "recipe"


@dataclass(frozen=True)
class Recipe:
    """How the export of a *tool* is read; it is recognized by its *columns*."""

    name: str
    tool: str
    export: str
    columns: tuple[str, ...]
    notes: tuple[str, ...]
    content: Mapping[str, Any]
    is_open: bool = False
    """Whether the export may have custom columns, which are then guessed."""

    @property
    def kind(self) -> RowKind:
        return ROW_KINDS[self.content.get("source", {}).get("rows", CUSTOMER_ROWS.name)]

    def __str__(self) -> str:
        return f"{self.tool} ({self.export})"

    def fits(self, columns: Sequence[str]) -> bool:
        return set(map(plain, self.columns)) <= set(map(plain, columns))

    def mapping(self, columns: Sequence[str], sample: Sample) -> ColumnMapping:
        """The recipe for a file with these *columns*, without the targets whose columns the file lacks."""
        sections = {
            section: _present(sides, columns) if section in {"columns", "keep"} else sides
            for section, sides in self.content.items()
        }
        mapping = mapping_of(_FOLDER / f"{self.name}.toml", sections)
        return replace(mapping, columns=with_id(mapping.columns, sample))


def recipe_for(
    columns: Sequence[str], *, kinds: Collection[RowKind] = (CUSTOMER_ROWS, ORDER_LINES)
) -> Recipe | None:
    """The recipe of one of *kinds* for a file with these *columns*; of several, the one that requires the most."""
    fitting = [recipe for recipe in recipes() if recipe.kind in kinds and recipe.fits(columns)]
    return max(fitting, key=lambda recipe: len(recipe.columns), default=None)


@cache
def recipes() -> tuple[Recipe, ...]:
    """Every recipe, by name."""
    return tuple(_read(path) for path in sorted(_FOLDER.glob("*.toml")))


def _read(path: Path) -> Recipe:
    content = parsed(path)
    about = content.pop(_SECTION)
    columns, notes = tuple(about["columns"]), tuple(about.get("notes", ()))
    return Recipe(path.stem, about["tool"], about["export"], columns, notes, content, about.get("open", False))


def _present(sides: Mapping[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    """The first right-hand side of each target that the file can fill."""
    found = {}
    for target, side in sides.items():
        for one in side if isinstance(side, list) else [side]:
            if (usable := _usable(target, one, columns)) is not None:
                found[target] = usable
                break
    return found


def _usable(target: str, side: str, columns: Sequence[str]) -> str | None:
    """*side* as a column in the file's spelling or as an expression; None when the file lacks its columns."""
    spelt = {plain(name): name for name in reversed(columns)}
    if column := column_of(side, columns) or spelt.get(plain(side)):
        return column
    try:
        read(target, side, columns)
    except Invalid:
        return None
    return side
