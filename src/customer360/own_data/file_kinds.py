"""The kind of a file, by its first bytes and its name, and the files of a folder that contain rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from customer360.errors import Invalid, Unavailable
from customer360.own_data.mapping import MAPPING_SUFFIX
from customer360.own_data.packed import ZIP, is_workbook, open_bytes, unpacked_name

_KINDS: Final = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet",
    ".jsonl": "json", ".ndjson": "json", ".json": "json", ".xlsx": "excel",
}  # fmt: skip
_SHEET: Final = "save it as .xlsx or CSV"
_FOREIGN: Final = (
    (b"ARROW1\x00|FEA1\x00", "is an Arrow (Feather) file; save it as Parquet, for example with pandas"),
    (b"ORC[^ -~]", "is an ORC file; save it as Parquet, for example with Spark"),
    (b"Obj\x01", "is an Avro file; save it as Parquet, for example with Spark"),
    (b"SQLite format 3", "is a SQLite database; export the table, for example with: sqlite3 -header -csv"),
    (b"\xd0\xcf\x11\xe0", f"is an old Excel workbook, or one with a password; {_SHEET}"),
    (b"%PDF", f"is a PDF; export the original table, or {_SHEET}"),
    (b"7z\xbc\xaf|Rar!", "is an archive; unpack it, and load the file or the folder in it"),
    (b"PGDMP", "is a PostgreSQL dump; restore it with pg_restore, then load it with --from-database"),
    (b"\\$FL[23]|<stata_dta>|(?s:.{84})SAS FILE", "is an SPSS, Stata or SAS file; export it as CSV"),
    (b"\x89PNG|\xff\xd8\xff|GIF8", "is an image; load the file that contains the table"),
    (b"{\\\\rtf", "is a text document; export the table as CSV"),
    (
        b"(?i)\\s*<(?:!doctype html|html|head|body|table|meta)",
        f"is a web page (HTML); open it in Excel, and {_SHEET}",
    ),
    (b"\\s*<\\?xml", "is XML; export the table as CSV"),
    (b"(?s).{257}ustar", "is a tar archive; unpack it, and load the file or the folder in it"),
)
"""Unsupported kinds, by their first bytes, and what to do instead."""
_NOT_DATA: Final = re.compile(
    r"(?i)(?:readme|licen[cs]e|changelog|notice|copying)(?:\.(?:md|txt|rst))?|desktop\.ini|thumbs\.db|.*\.(?:md|ini|log|crc|md5|sha\d*|ctl|pdf|docx?|html?|sql|py)"
)
_PARTITION: Final = re.compile(r"([^=/]+)=(.*)")
_NULL_PARTITION: Final = "__HIVE_DEFAULT_PARTITION__"
_SHOWN: Final = 5


@dataclass(frozen=True)
class Piece:
    """A *file* with rows, its *name* in the folder, and the values that its folder names give to its rows."""

    file: Path
    name: str
    partition: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Pieces:
    """The files of a source, and the names of files and folders next to them that are not read."""

    pieces: list[Piece]
    ignored: list[str] = field(default_factory=list)

    @property
    def note(self) -> str:
        more = ", ..." if len(self.ignored) > _SHOWN else ""
        return f" (not read: {', '.join(self.ignored[:_SHOWN])}{more})" if self.ignored else ""


def kind_of(path: Path) -> str:
    """
    csv, json, parquet or excel. Raises: Customer360Error for every other kind, with what to do instead.

    The content takes precedence over the name: exports of any kind are called .csv and .xls.
    """
    with path.open("rb") as file:
        start = file.read(4)
    if start == b"PAR1":
        return "parquet"
    if start == ZIP and (path.suffix.lower() == ".xlsx" or is_workbook(path)):
        return "excel"
    suffix = Path(unpacked_name(path).lower()).suffix
    with open_bytes(path) as file:
        content = file.read(512)
    for begins, way_out in _FOREIGN:
        if re.match(begins, content):
            raise Invalid(f"{path.name} {way_out}")
    if content.startswith((b"PAR1", ZIP)):
        raise Invalid(f"{path.name} is a compressed Parquet or zip file; unpack it, and load the file in it")
    return _KINDS.get(suffix, "csv")


def pieces_of(path: Path) -> Pieces:
    """The file at *path*, or the files of one kind in that directory, including folders such as country=ES."""
    if not path.exists():
        raise Unavailable(f"file not found: {path}; give the path of the file that contains your customers")
    if not path.is_dir():
        if not path.is_file():
            raise Invalid(f"{path} is not a regular file; save its content to a file first")
        return Pieces([Piece(path, path.name)])
    found = list(_within(path, "", {}))
    pieces = [piece for piece in found if isinstance(piece, Piece)]
    kinds = sorted({kind_of(piece.file) for piece in pieces})
    if len(kinds) != 1:
        held = f"files of several kinds ({', '.join(kinds)})" if kinds else "no file"
        raise Invalid(f"{path} contains {held}; give a directory with files of one kind, or one file")
    return Pieces(pieces, [name for name in found if isinstance(name, str)])


def _within(folder: Path, prefix: str, partition: Mapping[str, str | None]) -> Iterator[Piece | str]:
    """The pieces in *folder*, and the names of other entries, except mappings and hidden ones."""
    for entry in sorted(folder.iterdir()):
        name = prefix + entry.name
        match = _PARTITION.fullmatch(entry.name)
        if entry.is_dir() and match and not entry.name.startswith((".", "_")):
            value = None if match[2] == _NULL_PARTITION else unquote(match[2])
            yield from _within(entry, f"{name}/", {**partition, unquote(match[1]): value})
        elif entry.is_file() and not _is_not_data(entry.name):
            yield Piece(entry, name, partition)
        elif not entry.name.startswith((".", "_")) and not entry.name.endswith(MAPPING_SUFFIX):
            yield f"{name}/" if entry.is_dir() else name


def _is_not_data(name: str) -> bool:
    return name.startswith((".", "_")) or name.endswith(MAPPING_SUFFIX) or bool(_NOT_DATA.fullmatch(name))
