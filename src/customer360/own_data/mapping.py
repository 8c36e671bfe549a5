"""The mapping: an editable file that says which column or expression of a raw table fills which column."""

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

    *columns*: a column of the raw table, or an SQL expression over its columns. *formats*: one of `STYLES` per
    column. *values*: per column, the words that stand for a value. *status_order*: lowest first. *newest_by*:
    the column that decides which of several rows of a customer is kept. *where*: a condition; rows that do not
    meet it are excluded. *currency*: rows with amounts in another one are rejected. *labels*: the columns of
    the raw table that the id is built from. *until*: rows with a later date are excluded. *is_hashed*: whether
    the id is the hash of a single column.
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
        """The targets that this mapping fills, in the order of its kind."""
        filled = {*self.columns, *self.constants}
        filled |= {"is_active"} if "left_date" in filled else set()
        return tuple(name for name in self.kind.targets if name in filled)

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(name for name in self.kind.targets if name not in {*self.present, *self.kind.aids})

    def without(self, targets: Collection[str]) -> ColumnMapping:
        """The mapping without *targets*."""
        return replace(self, columns={name: side for name, side in self.columns.items() if name not in targets})

    def with_formats(self, found: Mapping[str, str]) -> ColumnMapping:
        return replace(self, formats={**found, **self.formats})

    def with_styles(self, *styles: str | None) -> ColumnMapping:
        """The mapping with each of *styles* for every matching column that has no format."""
        dated = dict.fromkeys((NEWEST_BY, *(c.name for c in self.kind.columns if c.is_dated)))
        counted = dict.fromkeys(c.name for c in self.kind.columns if c.is_whole or c.digits)
        found = {
            column: style for style in styles if style for column in (dated if style in dates.STYLES else counted)
            if column in self.present or (column == NEWEST_BY and self.newest_by)
        }  # fmt: skip
        return self.with_formats(found)

    def require(self) -> ColumnMapping:
        """The mapping. Raises: Customer360Error when a required column is missing."""
        if lacking := self.lacking:
            raise Invalid(f"no column found for {', '.join(lacking)}; name the missing columns in the mapping")
        return self

    @property
    def lacking(self) -> tuple[str, ...]:
        """The required targets that are missing; alternatives are one text."""
        return self.kind.lacking(self.present)


def mapping_path(name: str) -> Path:
    """The file for the mapping of the source called *name*, in the current folder."""
    stem = re.split(
        r"\.(?:csv|tsv|txt|jsonl|ndjson|json|parquet|pq|xlsx|xlsm|zip)\b", name, maxsplit=1, flags=re.I
    )[0]
    return Path(re.sub(r"[^\w.-]+", "_", stem)[:_LONGEST_STEM] + MAPPING_SUFFIX)


def read_mapping(
    path: Path, *, kind: RowKind | None = None, kinds: Sequence[RowKind] = (CUSTOMER_ROWS,)
) -> ColumnMapping:
    """
    The mapping in the TOML file at *path*. *kind* takes precedence over the kind of rows that the file names.

    If neither is given, the rows are of the first of *kinds* that has all mapped columns. Raises: Customer360Error
    for an invalid mapping.
    """
    return mapping_of(path, parsed(path), kind=kind, kinds=kinds)


def mapping_of(
    path: Path | str,
    content: Mapping[str, Any],
    *,
    kind: RowKind | None = None,
    kinds: Sequence[RowKind] = (CUSTOMER_ROWS,),
) -> ColumnMapping:
    """The mapping in *content*; errors refer to it as *path*."""
    _known(path, "section", content, _SECTIONS)
    named = {*_section_of(path, content, "columns"), *_section_of(path, content, "constants")}
    likely = next((one for one in kinds if named <= set(one.targets)), kinds[0])
    rows = _texts(path, "source", content.get("source", {})).get("rows", likely.name)
    _known(path, "kind of rows", [rows], ROW_KINDS)
    kind = kind or ROW_KINDS[rows]
    tables = {name: _section_of(path, content, name) for name in _SECTIONS}
    for section in ("columns", "constants", "formats", "values"):
        more = (NEWEST_BY,) if section == "formats" else ()
        _known(path, "column", tables[section], (*kind.targets, *more), section)
    _known(path, "key", tables["source"], ["rows"], "source")
    _known(path, "key", tables["loyalty_status"], ["order"], "loyalty_status")
    _known(path, "key", tables["keep"], [NEWEST_BY, WHERE, CURRENCY], "keep")
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
    """The content of the TOML file at *path*."""
    toml = _toml()
    try:
        return dict(toml.loads(path.read_text(encoding="utf-8-sig")))
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"cannot read the mapping {path} ({getattr(error, 'strerror', error)})") from None
    except (ValueError, RecursionError) as error:
        raise Invalid(f"the mapping {path} is not valid TOML: {error}; write text in quotes") from None


def _toml() -> Any:
    """Python's TOML parser, or on Python 3.10 the package that it is based on."""
    for name in ("tomllib", "tomli"):
        with suppress(ModuleNotFoundError):
            return import_module(name)
    raise Unavailable("mappings require the package tomli on Python 3.10; install it with: pip install tomli")


def _known(path: Path | str, what: str, names: Iterable[str], valid: Iterable[str], section: str = "") -> None:
    valid = list(valid)
    where = f"[{section}] of the mapping" if section else "the mapping"
    for name in names:
        if name not in valid:
            raise Invalid(f"unknown {what} '{name}' in {where} {path}.{nearest(str(name), valid)}")


def _section_of(path: Path | str, content: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = content.get(name, {})
    if not isinstance(found, dict):
        raise Invalid(f"'{name}' in the mapping {path} must be a section; write [{name}]")
    return found


def _texts(path: Path | str, section: str, table: Any) -> dict[str, str]:
    """A section of texts; a blank text means that there is no value."""
    if not isinstance(table, dict):
        raise Invalid(f"'{section}' in the mapping {path} must be a section; write [{section}]")
    for name, value in table.items():
        if isinstance(value, (dict, list)):
            raise Invalid(f"{section}.{name} in the mapping {path} must be a text; write it in quotes")
    is_value_map = section.startswith("values.")
    texts = {
        name: value if isinstance(value, str) else json.dumps(value, default=str) for name, value in table.items()
    }
    return {name: text for name, text in texts.items() if text.strip() or is_value_map}


def _list(path: Path | str, order: Any) -> list[str]:
    if not isinstance(order, list) or not all(isinstance(status, str) for status in order):
        raise Invalid(
            f"loyalty_status.order in the mapping {path} must be a list of texts; "
            'write order = ["Bronze", "Silver", "Gold"]'
        )
    return order


def content_of(mapping: ColumnMapping) -> dict[str, Any]:
    """The content of a file with *mapping*."""
    return dict(_toml().loads(written(mapping, "", ())))


def written(
    mapping: ColumnMapping,
    source: str,
    columns: Iterable[str],
    hints: Iterable[str] = (),
    proposals: Mapping[str, str] | None = None,
) -> str:
    """
    The mapping as TOML with comments, to be edited.

    *hints* are conditions to consider; *proposals* are right-hand sides that may fit missing targets.
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
    yield "# A right-hand side is a column of the source, or an SQL expression over its columns."
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
        yield from ("# Of several rows with the same customer_id, the newest by this column is kept.", newest)
    yield "# Rows that do not meet this condition are excluded and counted."
    wheres = [f"# where = {toml_text(hint)}" for hint in hints] or ["# where = \"country = 'Portugal'\""]
    yield from [f"where = {toml_text(mapping.where)}"] if mapping.where else wheres
    yield "# The currency to load, if there are several; rows in another currency are rejected."
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
    """A TOML string; JSON's escapes are valid in TOML, except for one."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
