"""The encoding of a text file, detected from all of its bytes, or an error instead of a guess."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

import pyarrow as pa

from customer360.errors import Invalid
from customer360.own_data.packed import open_bytes

_CHUNK: Final = 1 << 20
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
WESTERN: Final = "cp1252"
_LETTER: Final = "[A-Za-zÀ-ÖØ-öø-ÿŠŒŽšœžŸ]"
_SIGN: Final = "[ƒ„†‡ˆ‰‹›•˜™“”¡-ª¬-¶¸-º¼-¿×÷]"
_HIGH: Final = "[À-ÿŠŒŽšœžŸƒ‚„†‡ˆ‰‹›•˜™¡-ª¬-¶¸-º¼-¿]"
_NOT_WESTERN: Final = re.compile(
    "\N{REPLACEMENT CHARACTER}"  # a byte that cp1252 does not have
    f"|{_HIGH}{{3}}"  # Cyrillic, Greek, Chinese: Western languages have at most two accented letters in a row
    f"|{_LETTER}{_SIGN}{_LETTER}|[ƒ†‡ˆ‰˜]{_LETTER}|{_LETTER}[ƒ‡ˆ‰˜‚„]"  # Polish, Japanese, MS-DOS
    rf"|[£¤¥¯][^\d\s.,+-]|ª{_LETTER}{{2}}|{_LETTER}{{3}}[³¹]"  # Polish, Romanian, Chinese
    "|[a-zß-ÿ][ŠŒŽŸ]|[A-Z][ŠŒŽŸ][a-zß-ÿ]"  # Macintosh
    "|[ìù][a-zß-ÿ]|ø[a-zß-ÿ]*[áíýèìù]|[áíýèìù][a-zß-ÿ]*ø"  # Czech and Slovak
    "|[õÕ][a-df-zA-DF-Z]|[a-zß-ÿ]þ"  # Hungarian, Turkish, Baltic languages
)
"""What text in another encoding contains when it is read as cp1252, and Western European text hardly ever does."""
_ODD: Final = re.compile("[^\x00-\x7f]")


def encoding_of(path: Path) -> str:
    """
    By the byte order mark; else UTF-16 by its zero bytes; else UTF-8 if all bytes are valid; else Windows-1252.

    The whole file is examined: one accented name on the last line decides. Raises: Customer360Error when a part of
    the file has another encoding than the rest, and when several encodings are possible.
    """
    with open_bytes(path) as file:
        start = file.read(4096)
    for bom, encoding in _BOMS:
        if start.startswith(bom):
            return encoding
    if start.count(0) > len(start) // 4:
        return "utf-16-le" if start[1::2].count(0) > start[0::2].count(0) else "utf-16-be"
    if _is_utf_8(path):
        return "utf-8"
    _require_no_damaged_utf_8(path)
    _require_western(path)
    return WESTERN


def _is_utf_8(path: Path) -> bool:
    """Arrow validates the bytes many times faster than Python decodes them."""
    rest = b""
    try:
        for chunk in _chunks(path):
            whole = rest + chunk
            cut = next((-place for place in (1, 2, 3) if whole[-place:][:1] >= b"\xc0"), len(whole))
            pa.array([whole[:cut]], pa.binary()).cast(pa.string())
            rest = whole[cut:]
        pa.array([rest], pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        return False
    return True


def _require_no_damaged_utf_8(path: Path) -> None:
    """Text in another encoding hardly ever contains valid UTF-8 sequences by chance."""
    good = bad = 0
    first: tuple[int, str] | None = None
    for line, text in _texts(path, "utf-8", "surrogateescape"):
        odd = _ODD.findall(text)
        broken = sum("\udc80" <= character <= "\udcff" for character in odd)
        good, bad = good + len(odd) - broken, bad + broken
        if broken and first is None:
            first = _place(line, text, re.search("[\udc80-\udcff]", text))
    if first and good > bad:
        raise Invalid(
            f"{path.name}, line {first[0]:,}: {first[1]!r} is not UTF-8, but the rest of the file is; correct it, "
            "or set the encoding of the whole file with --encoding"
        )


def _require_western(path: Path) -> None:
    for line, text in _texts(path, WESTERN, "replace"):
        if found := _NOT_WESTERN.search(text):
            number, shown = _place(line, text, found)
            raise Invalid(
                f"{path.name} is not UTF-8, and its encoding is unclear: in {WESTERN} line {number:,} would be "
                f"{shown!r}; set it with --encoding, such as cp1250, cp1251, shift_jis or {WESTERN}"
            )


def _place(line: int, text: str, found: re.Match[str] | None) -> tuple[int, str]:
    """The line of *found* in a *text* that begins on *line*, and the words around it."""
    start = found.start() if found else 0
    around = text[max(0, text.rfind("\n", 0, start) + 1, start - 20) : start + 20].splitlines()[0]
    return line + text.count("\n", 0, start), around.encode("utf-8", "replace").decode()


def _texts(path: Path, encoding: str, errors: str) -> Iterator[tuple[int, str]]:
    """The text of the file in parts of whole lines, each with the line that it begins on."""
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    rest, line = "", 1
    for chunk in (*_chunks(path), b""):
        text = rest + decoder.decode(chunk, final=not chunk)
        whole = text if not chunk else text[: text.rfind("\n") + 1]
        yield line, whole
        rest, line = text[len(whole) :], line + whole.count("\n")


def _chunks(path: Path) -> Iterator[bytes]:
    with open_bytes(path) as file:
        while chunk := file.read(_CHUNK):
            yield chunk


class Utf8Blocks(io.RawIOBase):
    """
    The bytes of *file* as UTF-8, in blocks that never end between the two characters of a line break.

    Arrow drops a line feed at the start of a block if the block before ends with a carriage return, even in
    quotes. *rewritten* is applied to whole lines.
    """

    def __init__(self, file: IO[bytes], encoding: str, rewritten: Callable[[str], str] | None = None) -> None:
        self._file, self._rewritten, self._line = file, rewritten, b""
        is_utf_8 = encoding.replace("-sig", "") == "utf-8"
        self._decoder = None if is_utf_8 else codecs.getincrementaldecoder(encoding)()
        self._ahead = b""
        self._is_at_end = False

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        while not self._is_at_end and (size < 0 or len(self._ahead) <= size):
            self._ahead += self._next(size)
        end = len(self._ahead) if size < 0 else size
        if self._ahead[end - 1 : end + 1] == b"\r\n":
            end += 1 if end == 1 else -1
        block, self._ahead = self._ahead[:end], self._ahead[end:]
        return block

    def _next(self, size: int) -> bytes:
        chunk = self._file.read(size)
        self._is_at_end = not chunk
        if self._decoder is not None:
            chunk = self._decoder.decode(chunk, final=self._is_at_end).encode()
        return chunk if self._rewritten is None else self._whole_lines(chunk, self._rewritten)

    def _whole_lines(self, chunk: bytes, rewritten: Callable[[str], str]) -> bytes:
        text = self._line + chunk
        end = len(text) if self._is_at_end else text.rfind(b"\n") + 1
        self._line = text[end:]
        return rewritten(text[:end].decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
