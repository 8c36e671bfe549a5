"""Reads the content of compressed files and of archives with a single file."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

import pyarrow as pa

from customer360.errors import Invalid

_OPENERS: Final[dict[bytes, Callable[[Path], Any]]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh[1-9]1AY": bz2.open,
    b"\xfd7zXZ": lzma.open,
    b"\\(\xb5/\xfd": lambda path: pa.input_stream(str(path), compression="zstd"),
}
"""By the first bytes of a compressed file."""
ZIP: Final = b"PK\x03\x04"
SUFFIXES: Final = (".gz", ".bz2", ".xz", ".zst", ".zip")
_WORKBOOK: Final = "xl/workbook.xml"
_METADATA: Final = ("__MACOSX/", ".")


def open_bytes(path: Path) -> IO[bytes]:
    """The bytes of the file at *path*, decompressed if necessary."""
    with path.open("rb") as file:
        start = file.read(16)
    if start.startswith(ZIP):
        return zipfile.ZipFile(path).open(_only_file(path))
    opener = next((opener for magic, opener in _OPENERS.items() if re.match(magic, start)), None)
    return opener(path) if opener else path.open("rb")


def is_workbook(path: Path) -> bool:
    """Whether the file at *path*, a zip archive with any name, is an Excel workbook."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _WORKBOOK in archive.namelist()
    except zipfile.BadZipFile:
        return False


def unpacked_name(path: Path) -> str:
    """The name of the file at *path* after unpacking."""
    with path.open("rb") as file:
        is_zip = file.read(4) == ZIP
    if is_zip and not is_workbook(path):
        return _only_file(path).filename
    ending = next((ending for ending in SUFFIXES if path.name.lower().endswith(ending)), "")
    return path.name[: len(path.name) - len(ending)]


def _only_file(path: Path) -> zipfile.ZipInfo:
    try:
        with zipfile.ZipFile(path) as archive:
            files = [
                one for one in archive.infolist() if not one.is_dir() and not one.filename.startswith(_METADATA)
            ]
            mimetype = archive.read("mimetype") if "mimetype" in archive.namelist() else b""
    except zipfile.BadZipFile:
        raise Invalid(f"{path.name} is a damaged zip archive; export it again") from None
    if b"opendocument" in mimetype:
        raise Invalid(f"{path.name} is an OpenDocument file; save it as .xlsx or CSV")
    if len(files) != 1:
        shown = ", ".join(one.filename for one in files[:5])
        raise Invalid(
            f"{path.name} is an archive of {len(files)} files ({shown}); unpack it, and load the folder or a file"
        )
    if files[0].flag_bits & 1:
        raise Invalid(f"{path.name} is a password-protected archive; unpack it, and load the file in it")
    return files[0]
