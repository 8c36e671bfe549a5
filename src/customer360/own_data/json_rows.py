"""The rows of a JSON file as text, each with its line number: an object per line, or arrays of objects."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from customer360.own_data.columns import SOURCE_LINE, Typed, distinct, text_columns
from customer360.own_data.csv_rows import problems
from customer360.own_data.json_objects import Objects
from customer360.own_data.packed import open_bytes

NOT_AN_OBJECT: Final = "not_a_json_object"
_LINES_AT_ONCE: Final = 50_000
_LONGEST_LINE: Final = 1 << 20


def json_rows(path: Path, encoding: str) -> tuple[str, Iterator[pa.RecordBatch]]:
    """
    A description of the layout, and the rows; nested objects become columns such as `loyalty.points`.

    Numbers stay as they are written. A value that is not an object is returned as its text, with its problem.
    """
    if _is_lines(path, encoding):
        return "JSON lines", _batches(_of_lines(path, encoding))
    objects = Objects(path, encoding)
    first = list(islice(objects, 1))
    return objects.description, _batches(chain(first, objects))


def _is_lines(path: Path, encoding: str) -> bool:
    """Whether each line is an object; a single object around the only array of objects does not count."""
    with io.TextIOWrapper(open_bytes(path), encoding=encoding) as text:
        lines = (line for line in iter(lambda: text.readline(_LONGEST_LINE), "") if line.strip())
        first, second = next(lines, ""), next(lines, "")
    if not first.lstrip("\ufeff \t").startswith(("{", "[")) or _object(second) is not None:
        return not first.lstrip("\ufeff \t").startswith("[")
    found = _object(first)
    return found is not None and not (second == "" and _wraps(found))


def _wraps(row: Mapping[str, Any]) -> bool:
    return any(isinstance(value, list) and value and isinstance(value[0], dict) for value in row.values())


def _object(line: str) -> dict[str, Any] | None:
    with suppress(ValueError, RecursionError):
        found = json.loads(line)
        return found if isinstance(found, dict) else None
    return None


def _of_lines(path: Path, encoding: str) -> Iterator[tuple[int, Any, str]]:
    with io.TextIOWrapper(open_bytes(path), encoding=encoding) as text:
        for number, line in enumerate(text, start=1):
            if line.strip():
                value = None
                with suppress(ValueError, RecursionError):
                    value = json.loads(line, parse_int=str, parse_float=Typed)
                yield number, value, line


def _batches(values: Iterator[tuple[int, Any, str]]) -> Iterator[pa.RecordBatch]:
    while some := list(islice(values, _LINES_AT_ONCE)):
        rows: list[dict[str, str | None]] = []
        lines: list[int] = []
        wrong: list[tuple[int, str]] = []
        for number, value, text in some:
            row = _row(value)
            if row is None:
                wrong.append((number, text.rstrip("\r\n")))
            else:
                rows.append(row)
                lines.append(number)
        keys, rows = _keys(rows)
        columns = text_columns(distinct(keys), [[row.get(key) for key in keys] for row in rows])
        yield pa.record_batch({**columns, SOURCE_LINE: pa.array(lines, pa.int64())})
        yield problems([line for line, _ in wrong], NOT_AN_OBJECT, [text for _, text in wrong])


def _keys(rows: list[dict[str, str | None]]) -> tuple[Sequence[str], list[dict[str, str | None]]]:
    """The keys of all *rows*; keys that differ only in letter case are the same, unless an object has both."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    if len({key.lower() for key in keys}) == len(keys):
        return keys, rows
    spelt: dict[str, str] = {}
    for key in keys:
        spelt.setdefault(key.lower(), key)
    rows = [_spelt(row, spelt) for row in rows]
    return list(dict.fromkeys(key for row in rows for key in row)), rows


def _spelt(row: dict[str, str | None], spelt: Mapping[str, str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for key, value in row.items():
        name = spelt[key.lower()]
        found[key if name in found or (name != key and name in row) else name] = value
    return found


def _row(value: Any) -> dict[str, str | None] | None:
    if not isinstance(value, dict):
        return None
    with suppress(RecursionError):
        return dict(_flat(value))
    return None


def _flat(row: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str | None]]:
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        elif isinstance(value, str) or value is None:
            yield (
                prefix + name,
                value if value is None or value.isascii() else value.encode("utf-8", "replace").decode(),
            )
        else:
            yield prefix + name, json.dumps(value, ensure_ascii=False)
