"""Detects the date and number styles of each column of a raw table from all of its values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from customer360.own_data import dates, numbers
from customer360.own_data.cells import BIRTH
from customer360.own_data.checks import day_after
from customer360.own_data.columns import SOURCE_FILE, SOURCE_LINE, SOURCE_TYPED, by_file, is_typed
from customer360.own_data.formats import formats
from customer360.own_data.mapped import sides, texts
from customer360.own_data.mapping import NEWEST_BY, WHERE, ColumnMapping
from customer360.own_data.raw_tables import RawTable
from customer360.own_data.styles import Evidence
from customer360.own_data.threads import in_threads

_KEPT: Final = {NEWEST_BY: "timestamp", WHERE: "boolean"}
_FileEvidence = dict[str, dict[str, Evidence]]


@dataclass(frozen=True)
class FileFormats:
    """The style of each column that needs one: *given* for all files, or *found* per file."""

    given: Mapping[str, str]
    found: Mapping[str, Mapping[str, str]]

    def of(self, file: str) -> Mapping[str, str]:
        return {**self.found.get(file, {}), **self.given}

    def shown(self) -> dict[str, str]:
        """The style of each column for display, with file names if the files differ."""
        files: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for file, found in self.found.items():
            for column, style in found.items():
                files[column][style].append(file)
        return {**{column: _in_words(styles) for column, styles in files.items()}, **self.given}


def _in_words(styles: Mapping[str, list[str]]) -> str:
    if len(styles) == 1:
        return next(iter(styles))
    return " and ".join(
        f"{style} in {files[0]}" + (f" and {len(files) - 1} more" if len(files) > 1 else "")
        for style, files in styles.items()
    )


def file_formats(mapping: ColumnMapping, raw: RawTable, as_of: date) -> FileFormats:
    """
    The formats given by *mapping*, and those detected in each file, as files can differ.

    Raises: Customer360Error when the values of a file are ambiguous.
    """
    read = sides(mapping)
    given = {name: style for name, style in mapping.formats.items() if read.get(name) not in raw.typed}
    types = {
        target: _KEPT.get(target) or mapping.kind[target].type
        for target, side in read.items() if target not in given and side not in raw.typed
    }  # fmt: skip
    asked = {target: type_ for target, type_ in types.items() if type_ not in {"boolean", "text"}}
    whole = {target for target, type_ in asked.items() if type_ == "bigint"}
    total: dict[str, dict[str, Evidence]] = {}
    for one in in_threads(partial(_look, raw, mapping, asked, as_of), raw.files if asked else []):
        for file, found in one.items():
            before = total.get(file)
            total[file] = {target: before[target] + found[target] for target in asked} if before else found
    return FileFormats(given, {file: formats(found, whole, file=file) for file, found in total.items()})


def _look(
    raw: RawTable, mapping: ColumnMapping, asked: Mapping[str, str], as_of: date, file: Path
) -> _FileEvidence:
    columns = [sides(mapping)[target] for target in asked]
    rows = raw.read(file, [*columns, SOURCE_LINE, SOURCE_FILE, SOURCE_TYPED])
    found: _FileEvidence = {}
    for name, batch in by_file(rows):
        cells = texts(batch, mapping, asked)
        found[name] = {
            target: _column_evidence(target, asked[target], cells[target], batch, column, as_of)
            for target, column in zip(asked, columns, strict=True)
        }
    return found


def _column_evidence(
    target: str, type_: str, text: pa.Array, batch: pa.RecordBatch, column: str, as_of: date
) -> Evidence:
    text, lines = pc.utf8_trim_whitespace(text), batch[SOURCE_LINE]
    if type_ in {"date", "timestamp"}:
        return dates.date_evidence(text, lines, latest=day_after(as_of), is_birth=target == BIRTH)
    text = pc.if_else(is_typed(batch, column), pa.scalar(None, pa.string()), text)
    return numbers.number_evidence(text, lines)
