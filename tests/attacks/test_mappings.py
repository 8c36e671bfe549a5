"""Any mapping file gives a mapping, or one line that says what is wrong in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer360.errors import Customer360Error
from customer360.own_data.mapping import STYLES, ColumnMapping, read_mapping, written
from customer360.own_data.row_kinds import CUSTOMER_ROWS
from tests.attacks.inputs import TEXTS, Tried, attack

SECTIONS = st.sampled_from(
    [
        "columns",
        "constants",
        "formats",
        "values",
        "values.loyalty_status",
        "loyalty_status",
        "keep",
        "a.b",
        '""',
        "[columns]",
    ]
)
KEYS = st.sampled_from([*CUSTOMER_ROWS.targets, "newest_by", "order", "customer id", '"customer_id"']) | st.text(
    max_size=8
)
VALUES = st.sampled_from([
    '"id"', "id", "'id'", "1", "-1.5", "nan", "inf", "true", "1979-05-27T07:32:00Z", "[1, 2]", '["Gold"]', "{}", "{a = 1}", '"""', "",
    *(f'"{style}"' for style in STYLES),
]) | TEXTS.map(json.dumps) | TEXTS  # fmt: skip
LINES = st.tuples(KEYS, VALUES).map(" = ".join) | SECTIONS.map("[{}]".format) | TEXTS
NEAR_TOML = st.lists(LINES, max_size=10).map("\n".join)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mappings") / "a.mapping.toml"


def ending(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    try:
        found = read_mapping(path)
    except Customer360Error:
        return "refused"
    finally:
        assert path.read_bytes() == content
    require_text(found)
    return "read"


def require_text(mapping: ColumnMapping) -> None:
    sides = [
        *mapping.columns.values(),
        *mapping.constants.values(),
        *mapping.formats.values(),
        *mapping.status_order,
    ]
    assert all(
        isinstance(side, str)
        for side in [*sides, *(v for values in mapping.values.values() for v in values.values())]
    )


@attack(1_000)
@given(text=NEAR_TOML)
def test_near_toml_is_read_or_refused(path: Path, tried: Tried, text: str) -> None:
    """Valid sections with invalid values, invalid sections, lines that are neither."""
    tried(ending(path, text.encode("utf-8", "surrogatepass")))


TREES: Any = st.recursive(
    TEXTS | st.integers() | st.floats() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@attack(300)
@given(tree=st.dictionaries(SECTIONS, st.dictionaries(KEYS, TREES, max_size=4) | TREES, max_size=5))
def test_any_tree_of_toml_is_read_or_refused(path: Path, tried: Tried, tree: dict[str, Any]) -> None:
    """Lists instead of text, nested tables, numbers, nulls."""
    tried(ending(path, "\n".join(toml(tree)).encode("utf-8", "replace")))


def toml(tree: dict[str, Any]) -> list[str]:
    return [f"{json.dumps(name)} = {inline(value)}" for name, value in tree.items()]


def inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(toml(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return json.dumps(value).replace("NaN", "nan").replace("Infinity", "inf")


@attack(700)
@given(content=st.binary(max_size=200), place=st.integers(0, 400), good=st.booleans())
def test_any_bytes_are_read_or_refused(path: Path, tried: Tried, content: bytes, place: int, good: bool) -> None:
    """Alone, and in the middle of a valid mapping."""
    right = written(
        ColumnMapping({"customer_id": "id", "join_date": "joined"}), "a.csv", ["id", "joined"]
    ).encode()
    tried(ending(path, right[:place] + content + right[place:] if good else content))


def test_deep_nesting_is_refused(path: Path, tried: Tried) -> None:
    """Parsers recurse for each level."""
    for deep in ("[" * 5_000, "{a=" * 5_000, "[" + "{a=[" * 5_000, "[columns]\na = " + "[" * 100_000):
        tried(ending(path, f"[columns]\ncustomer_id = {deep}".encode()))
    tried(ending(path, f"{'a.' * 5_000}b = 1".encode()))
