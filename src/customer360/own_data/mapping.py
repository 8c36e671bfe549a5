"""Which column or expression of a raw table fills which column of its kind of rows: a file that a person edits."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from customer360.errors import Invalid, Unavailable, nearest
from customer360.own_data import dates, numbers
from customer360.own_data.row_kinds import CUSTOMER_ROWS, EVENT_ROWS, ROW_KINDS, RowKind

NEWEST_BY: Final = "newest_by"
WHERE: Final = "where"
CURRENCY: Final = "currency"
STYLES: Final = (*dates.STYLES, *numbers.STYLES)
_SECTIONS: Final = ("source", "columns", "constants", "formats", "values", "loyalty_status", "keep")
MAPPING_SUFFIX: Final = ".mapping.toml"
_LONGEST_STEM: Final = 100
_VALUES_EXAMPLE: Final = {EVENT_ROWS.name: ("# [values.kind]", '# Sale = "purchase"')}


@dataclass(frozen=True)
class ColumnMapping:
    """
    How the columns of a raw table become those of a *kind* of rows.

    *columns*: a column of the raw table, or an SQL expression of its columns. *formats*: one of `STYLES` per
    column. *values*: per column what stands for a value. *status_order*: lowest first. *newest_by*: which of
    several rows of a customer is kept. *where*: a condition; rows that do not meet it are left out. *currency*:
    rows with amounts in another one are rejected. *labels*: the columns of the raw table that the id is made of.
    *until*: rows that are dated later are left out. *is_hashed*: whether the id is the hash of a single column.
    """

    columns: Mapping[str, str]
    constants: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    status_order: tuple[str, ...] = ()
    newest_by: str | None = None
    kind: RowKind = CUSTOMER_ROWS
    where: str | None = None
    currency: str | None = None
    labels: tuple[str, ...] = ()
    until: date | None = None
    is_hashed: bool = False

    @property
    def present(self) -> tuple[str, ...]:
        """The targets that this mapping fills, in their order."""
        filled = {*self.columns, *self.constants}
        filled |= {"is_active"} if "left_date" in filled else set()
        return tuple(name for name in self.kind.targets if name in filled)

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(name for name in self.kind.targets if name not in {*self.present, *self.kind.aids})

    def without(self, targets: Collection[str]) -> ColumnMapping:
        """The same with nothing for *targets*."""
        return replace(self, columns={name: side for name, side in self.columns.items() if name not in targets})

    def with_formats(self, found: Mapping[str, str]) -> ColumnMapping:
        return replace(self, formats={**found, **self.formats})

    def with_styles(self, *styles: str | None) -> ColumnMapping:
        """The same with each of *styles* for every column of its kind that has none."""
        dated = dict.fromkeys((NEWEST_BY, *(c.name for c in self.kind.columns if c.is_dated)))
        counted = dict.fromkeys(c.name for c in self.kind.columns if c.is_whole or c.digits)
        found = {
            column: style for style in styles if style for column in (dated if style in dates.STYLES else counted)
            if column in self.present or (column == NEWEST_BY and self.newest_by)
        }  # fmt: skip
        return self.with_formats(found)

    def require(self) -> ColumnMapping:
        """Raises: Customer360Error when a column is missing without which there are no customers."""
        if lacking := self.lacking:
            raise Invalid(
                f"nothing in the source was found for {', '.join(lacking)}; name the columns in the mapping"
            )
        return self

    @property
    def lacking(self) -> tuple[str, ...]:
        """What is missing that its kind needs; of several that would do, in one text."""
        return self.kind.lacking(self.present)


def mapping_path(name: str) -> Path:
    """Where the mapping of the source called *name* is written: beside where the person is."""
    stem = re.split(
        r"\.(?:csv|tsv|txt|jsonl|ndjson|json|parquet|pq|xlsx|xlsm|zip)\b", name, maxsplit=1, flags=re.I
    )[0]
    return Path(re.sub(r"[^\w.-]+", "_", stem)[:_LONGEST_STEM] + MAPPING_SUFFIX)


def read_mapping(
    path: Path, *, kind: RowKind | None = None, kinds: Sequence[RowKind] = (CUSTOMER_ROWS,)
) -> ColumnMapping:
    """
    The mapping in the TOML file at *path*; what its rows are is said there, unless *kind* does.

    Where nothing says it, they are of the first of *kinds* that has all columns that it names. Raises:
    Customer360Error naming what is wrong in it.
    """
    return mapping_of(path, parsed(path), kind=kind, kinds=kinds)


def mapping_of(
    path: Path | str,
    content: Mapping[str, Any],
    *,
    kind: RowKind | None = None,
    kinds: Sequence[RowKind] = (CUSTOMER_ROWS,),
) -> ColumnMapping:
    """The mapping in *content*, which was read from *path*; or how else the mapping is told apart in an error."""
    _known(path, "section", content, _SECTIONS)
    named = {*_section_of(path, content, "columns"), *_section_of(path, content, "constants")}
    likely = next((one for one in kinds if named <= set(one.targets)), kinds[0])
    rows = _texts(path, "source", content.get("source", {})).get("rows", likely.name)
    _known(path, "kind of rows", [rows], ROW_KINDS)
    kind = kind or ROW_KINDS[rows]
    tables = {name: _section_of(path, content, name) for name in _SECTIONS}
    for section in ("columns", "constants", "formats", "values"):
        more = (NEWEST_BY,) if section == "formats" else ()
        _known(path, f"column in [{section}]", tables[section], (*kind.targets, *more))
    _known(path, "key in [source]", tables["source"], ["rows"])
    _known(path, "key in [loyalty_status]", tables["loyalty_status"], ["order"])
    _known(path, "key in [keep]", tables["keep"], [NEWEST_BY, WHERE, CURRENCY])
    for style in tables["formats"].values():
        _known(path, "format", [style], STYLES)
    values = {target: _texts(path, f"values.{target}", table) for target, table in tables["values"].items()}
    keep = _texts(path, "keep", tables["keep"])
    return ColumnMapping(
        _texts(path, "columns", tables["columns"]),
        _texts(path, "constants", tables["constants"]),
        tables["formats"],
        values,
        tuple(_list(path, tables["loyalty_status"].get("order", []))),
        keep.get(NEWEST_BY),
        kind,
        keep.get(WHERE),
        keep.get(CURRENCY),
    )


def parsed(path: Path) -> dict[str, Any]:
    """What the TOML file at *path* holds."""
    toml = _toml()
    try:
        return dict(toml.loads(path.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"cannot read the mapping {path} ({getattr(error, 'strerror', error)})") from None
    except (ValueError, RecursionError) as error:
        raise Invalid(f"the mapping {path} is no TOML: {error}; text goes in quotes") from None


def _toml() -> Any:
    """Python's own reader of TOML, or for Python 3.10 the package that it was made from."""
    for name in ("tomllib", "tomli"):
        with suppress(ModuleNotFoundError):
            return import_module(name)
    raise Unavailable("on Python 3.10 a mapping takes the package tomli; install it with: pip install tomli")


def _known(path: Path | str, what: str, names: Iterable[str], valid: Iterable[str]) -> None:
    valid = list(valid)
    for name in names:
        if name not in valid:
            raise Invalid(f"the mapping {path} has the {what} '{name}'.{nearest(str(name), valid)}")


def _section_of(path: Path | str, content: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = content.get(name, {})
    if not isinstance(found, dict):
        raise Invalid(f"the mapping {path} has '{name}' as a value; write it as a section: [{name}]")
    return found


def _texts(path: Path | str, section: str, table: Any) -> dict[str, str]:
    """A section whose values are text; a blank one says that there is nothing."""
    if not isinstance(table, dict):
        raise Invalid(f"the mapping {path} has '{section}' as a value; write it as a section: [{section}]")
    for name, value in table.items():
        if isinstance(value, (dict, list)):
            raise Invalid(f"the mapping {path} has a list for {section}.{name}; write text in quotes")
    is_value_map = section.startswith("values.")
    texts = {
        name: value if isinstance(value, str) else json.dumps(value, default=str) for name, value in table.items()
    }
    return {name: text for name, text in texts.items() if text.strip() or is_value_map}


def _list(path: Path | str, order: Any) -> list[str]:
    if not isinstance(order, list) or not all(isinstance(status, str) for status in order):
        raise Invalid(f'the mapping {path}: write [loyalty_status] order = ["Bronze", "Silver", "Gold"]')
    return order


def content_of(mapping: ColumnMapping) -> dict[str, Any]:
    """What a file of *mapping* holds."""
    return dict(_toml().loads(written(mapping, "", ())))


def written(
    mapping: ColumnMapping,
    source: str,
    columns: Iterable[str],
    hints: Iterable[str] = (),
    proposals: Mapping[str, str] | None = None,
) -> str:
    """
    The mapping as TOML with comments, for a person to edit.

    *hints* are conditions to consider; *proposals* are right sides that may be meant for what is missing.
    """
    return "\n".join(_lines(mapping, source, columns, hints, proposals)) + "\n"


def _lines(
    mapping: ColumnMapping,
    source: str,
    columns: Iterable[str],
    hints: Iterable[str],
    proposals: Mapping[str, str] | None,
) -> Iterator[str]:
    yield f"# How `customer360 load` reads {source}. Edit it, then run the same command again."
    yield "# A right side is a column of the source, or an SQL expression of its columns."
    yield f"# Columns of the source: {', '.join(json.dumps(name, ensure_ascii=False) for name in columns)}"
    yield from ("", "[source]", f"rows = {toml_text(mapping.kind.name)}", "", "[columns]")
    for target in mapping.kind.targets:
        if target in mapping.columns:
            yield f"{target} = {toml_text(mapping.columns[target])}"
        elif target not in mapping.constants:
            proposed = (proposals or {}).get(target)
            yield (
                f"# {target} = {toml_text(proposed)}   # a proposal"
                if proposed
                else f"# {target} = not in the source"
            )
    yield from _section("constants", mapping.constants, '# country = "Portugal"   the same for every customer')
    yield from _section(
        "formats", mapping.formats, f'# join_date = "{dates.DAY_FIRST}"   one of: {", ".join(STYLES)}'
    )
    for target, values in mapping.values.items():
        yield from _section(f"values.{target}", values)
    if not mapping.values:
        yield from (
            "",
            *_VALUES_EXAMPLE.get(mapping.kind.name, ("# [values.loyalty_status]", '# Star = "Bronze"')),
        )
    if mapping.kind.is_per_customer:
        order = ", ".join(map(toml_text, mapping.status_order))
        given = [f"order = [{order}]"] if order else ['# order = ["Bronze", "Silver", "Gold"]   lowest first']
        yield from ("", "[loyalty_status]", *given)
    yield from _kept(mapping, hints)


def _kept(mapping: ColumnMapping, hints: Iterable[str]) -> Iterator[str]:
    newest = f"newest_by = {toml_text(mapping.newest_by)}" if mapping.newest_by else '# newest_by = "updated_at"'
    yield from ("", "[keep]")
    if mapping.kind.is_per_customer:
        yield from ("# Which row of several with the same customer_id is kept.", newest)
    yield "# Rows that do not meet this condition are left out, and counted."
    wheres = [f"# where = {toml_text(hint)}" for hint in hints] or ["# where = \"country = 'Portugal'\""]
    yield from [f"where = {toml_text(mapping.where)}"] if mapping.where else wheres
    yield "# The currency that is loaded, where there are several; rows in another one are rejected."
    yield f"currency = {toml_text(mapping.currency)}" if mapping.currency else '# currency = "EUR"'


def _section(name: str, values: Mapping[str, str], example: str | None = None) -> Iterator[str]:
    yield from ("", f"[{name}]")
    if not values and example:
        yield example
    for key, value in values.items():
        yield f"{_key(key)} = {toml_text(value)}"


def _key(text: str) -> str:
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else toml_text(text)


def toml_text(text: str) -> str:
    """A TOML string; JSON's escapes are TOML's too, but for one."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
