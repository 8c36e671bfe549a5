"""The rows of a file of JSON lines as text, each with its line."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from customer360.errors import Customer360Error
from customer360.own_data.columns import SOURCE_LINE, Typed, distinct, text_columns
from customer360.own_data.csv_rows import problems
from customer360.own_data.packed import open_bytes

NOT_AN_OBJECT: Final = "not_a_json_object"
_LINES_AT_ONCE: Final = 50_000


def json_batches(path: Path, encoding: str) -> Iterator[pa.RecordBatch]:
    """
    One row per line that holds a JSON object; objects inside it become columns such as `loyalty.points`.

    Numbers stay as they are written. Another line comes as its text, with its problem.
    """
    with io.TextIOWrapper(open_bytes(path), encoding=encoding) as text:
        numbered = ((number, line) for number, line in enumerate(text, start=1) if line.strip())
        while some := list(islice(numbered, _LINES_AT_ONCE)):
            if some[0][0] == 1 and some[0][1].lstrip().startswith("["):
                raise Customer360Error(
                    f"{path.name} is one JSON array; write one object per line, for example with: jq -c '.[]'"
                )
            yield from _batches(some)


def _batches(numbered: list[tuple[int, str]]) -> Iterator[pa.RecordBatch]:
    rows: list[dict[str, str | None]] = []
    wrong: list[tuple[int, str]] = []
    lines = []
    for number, line in numbered:
        if (row := _row(line)) is None:
            wrong.append((number, line.rstrip("\r\n")))
        else:
            rows.append(row)
            lines.append(number)
    keys = list(dict.fromkeys(key for row in rows for key in row))
    columns = text_columns(distinct(keys), [[row.get(key) for key in keys] for row in rows])
    yield pa.record_batch({**columns, SOURCE_LINE: pa.array(lines, pa.int64())})
    yield problems([line for line, _ in wrong], NOT_AN_OBJECT, [text for _, text in wrong])


def _row(line: str) -> dict[str, str | None] | None:
    try:
        return dict(_flat(json.loads(line, parse_int=str, parse_float=Typed)))
    except (ValueError, AttributeError, RecursionError):
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
