"""What kind of file holds the customers, by its first bytes and its name; and which files of a folder do."""

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
    (b"\xd0\xcf\x11\xe0", f"is an old kind of Excel, or a workbook with a password; {_SHEET}"),
    (b"%PDF", f"is a PDF; export the table it was made from, or {_SHEET}"),
    (b"7z\xbc\xaf|Rar!", "is an archive; unpack it, and load the file or the folder in it"),
    (b"PGDMP", "is a dump of PostgreSQL; restore it with pg_restore, then load it with --from-database"),
    (b"\\$FL[23]|<stata_dta>|(?s:.{84})SAS FILE", "is a file of a statistics program; export it as CSV"),
    (b"\x89PNG|\xff\xd8\xff|GIF8", "is a picture; load the file that holds the table"),
    (b"{\\\\rtf", "is a text document; export the table as CSV"),
    (
        b"(?i)\\s*<(?:!doctype html|html|head|body|table|meta)",
        f"is a web page (HTML); open it in Excel, and {_SHEET}",
    ),
    (b"\\s*<\\?xml", "is XML; export the table as CSV"),
    (b"(?s).{257}ustar", "is a tar archive; unpack it, and load the file or the folder in it"),
)
"""What is not read, by its first bytes, and the way out."""
_NOT_DATA: Final = re.compile(
    r"(?i)(?:readme|licen[cs]e|changelog|notice|copying)(?:\.(?:md|txt|rst))?|desktop\.ini|thumbs\.db|.*\.(?:md|ini|log|crc|md5|sha\d*|ctl|pdf|docx?|html?|sql|py)"
)
_PARTITION: Final = re.compile(r"([^=/]+)=(.*)")
_NULL_PARTITION: Final = "__HIVE_DEFAULT_PARTITION__"
_SHOWN: Final = 5


@dataclass(frozen=True)
class Piece:
    """A *file* that holds rows, its *name* in the folder, and what the names of its folders say of its rows."""

    file: Path
    name: str
    partition: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Pieces:
    """The files of a source, and the names of what is beside them and not read."""

    pieces: list[Piece]
    ignored: list[str] = field(default_factory=list)

    @property
    def note(self) -> str:
        more = ", ..." if len(self.ignored) > _SHOWN else ""
        return f" (not read: {', '.join(self.ignored[:_SHOWN])}{more})" if self.ignored else ""


def kind_of(path: Path) -> str:
    """
    csv, json, parquet or excel. Raises: Customer360Error for every other kind, with the way out.

    What a file is counts for more than its name: exports are called .csv and .xls whatever they are.
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
        raise Invalid(f"{path.name} is a packed file of another kind; unpack it, and load what is in it")
    return _KINDS.get(suffix, "csv")


def pieces_of(path: Path) -> Pieces:
    """The file, or the files of one kind in the directory, at *path*, those in folders such as country=ES too."""
    if not path.exists():
        raise Unavailable(f"there is no file {path}; give the path of the file that holds your customers")
    if not path.is_dir():
        if not path.is_file():
            raise Invalid(f"{path} is not a regular file; save its content to a file first")
        return Pieces([Piece(path, path.name)])
    found = list(_within(path, "", {}))
    pieces = [piece for piece in found if isinstance(piece, Piece)]
    kinds = sorted({kind_of(piece.file) for piece in pieces})
    if len(kinds) != 1:
        held = f"files of several kinds ({', '.join(kinds)})" if kinds else "no file"
        raise Invalid(f"{path} holds {held}; give a directory with files of one kind, or one file")
    return Pieces(pieces, [name for name in found if isinstance(name, str)])


def _within(folder: Path, prefix: str, partition: Mapping[str, str | None]) -> Iterator[Piece | str]:
    """The pieces in *folder*, and the names of what is none, but for mappings and what is hidden."""
    for entry in sorted(folder.iterdir()):
        name = prefix + entry.name
        said = _PARTITION.fullmatch(entry.name)
        if entry.is_dir() and said and not entry.name.startswith((".", "_")):
            value = None if said[2] == _NULL_PARTITION else unquote(said[2])
            yield from _within(entry, f"{name}/", {**partition, unquote(said[1]): value})
        elif entry.is_file() and not _is_beside(entry.name):
            yield Piece(entry, name, partition)
        elif not entry.name.startswith((".", "_")) and not entry.name.endswith(MAPPING_SUFFIX):
            yield f"{name}/" if entry.is_dir() else name


def _is_beside(name: str) -> bool:
    return name.startswith((".", "_")) or name.endswith(MAPPING_SUFFIX) or bool(_NOT_DATA.fullmatch(name))
