"""A file is read in its encoding or refused, and never silently in one that changes its letters."""

from __future__ import annotations

import io
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer360.errors import Customer360Error
from customer360.own_data.encodings import Utf8Blocks, encoding_of
from customer360.own_data.raw_tables import spool_file

WESTERN = {
    "German": "Jürgen Größe Königstraße \u201eÜberlingen\u201c Bär \u201aso\u2018 \u201esagt er\u201c",
    "French": "Zoë Hélène François Cœur Août où être naïve créée l\u2019Haÿ \xab\xa0Été\xa0\xbb 10\xa0000\xa0€",
    "Spanish": "José Muñoz Perú Ángel \xbfQué? María Nº 5 1ª pingüino",
    "Portuguese": "João Camões Simões Conceição à três",
    "Italian": "Niccolò Forlì lunedì perché più città",
    "Scandinavian": "Søren Ærø Åse Malmö Bjørn Håkon Göteborg",
    "Finnish": "Määttä Töölö Hyvää yötä",
    "Icelandic": "Guðrún Þór Sigurðsson Reykjavík",
    "signs": "5 m\xb2 20 \xb0C caf\xe9\u2122 \u201cquoted\u201d \u2013 \xa35 \xbd",
}
OTHERS = {
    "cp1250": ["Dvořák Jiří Němec", "Łukasz Żółć Paweł", "Erdős Győző Szűcs", "Constanţa Iaşi"],
    "cp1251": ["Анна Россия", "Київ"],
    "cp1253": ["Αθήνα"],
    "cp1254": ["Ayşe Şahin Yıldız"],
    "cp1257": ["Žemaitė Kęstutis Paškevičius Ružių"],
    "koi8-r": ["Иван Петров"],
    "shift_jis": ["山田太郎", "カタカナ", "東京", "さくら"],
    "gbk": ["张三 北京"],
    "big5": ["台北市"],
    "euc-kr": ["김철수 서울"],
    "cp850": ["José Müller", "Bär"],
    "mac-roman": ["José Müller", "Jürgen"],
}


@pytest.mark.parametrize("text", WESTERN.values(), ids=WESTERN)
def test_western_text_that_is_not_utf_8_is_read_as_windows_1252_with_a_note(tmp_path: Path, text: str) -> None:
    """The plan asks you to check the accented letters."""
    path = tmp_path / "members.csv"
    path.write_text(f"id,name\n1,{text}\n", encoding="cp1252")

    assert encoding_of(path) == "cp1252"
    with spool_file(path) as raw:
        assert "cp1252 (not UTF-8: check the accented letters, or choose with --encoding)" in raw.description
        assert raw.read(raw.files[0])["name"][0].as_py() == text


@pytest.mark.parametrize(("encoding", "text"), [(name, text) for name, texts in OTHERS.items() for text in texts])
def test_text_that_may_be_in_another_encoding_is_refused(tmp_path: Path, encoding: str, text: str) -> None:
    """The error shows the line as it would be read, and how to set the encoding."""
    path = tmp_path / "members.csv"
    path.write_bytes(b"id,name\n" + b"1,Ann\n" * 3 + f"2,{text}\n".encode(encoding))

    with pytest.raises(
        Customer360Error,
        match="its encoding is unclear: in cp1252 line 5 would be .*; set it with --encoding",
    ):
        encoding_of(path)


@pytest.mark.parametrize("shift", range(4))
@pytest.mark.parametrize("end", ["", "\n1,Zoë"])
def test_the_whole_file_decides_wherever_it_is_cut_while_reading(tmp_path: Path, shift: int, end: str) -> None:
    """Multi-byte characters may span two chunks."""
    path = tmp_path / "members.csv"
    path.write_bytes(b"x" * shift + "€😀é".encode() * 300_000 + end.encode())

    assert encoding_of(path) == "utf-8"


@pytest.mark.parametrize("bad", [b"\xe9", b"\x81", "€".encode()[:2]])
def test_one_byte_that_is_not_utf_8_does_not_change_the_encoding_of_all_others(tmp_path: Path, bad: bytes) -> None:
    """The error shows its line: with another encoding, all accented letters would be wrong."""
    path = tmp_path / "members.csv"
    path.write_bytes("José;Perú\n".encode() * 200_000 + b"Andr" + bad + b";Chile\n" + "Zoë;Porto\n".encode())

    with pytest.raises(
        Customer360Error, match="members.csv, line 200,001: 'Andr.*;Chile' is not UTF-8, but the rest"
    ):
        encoding_of(path)


@given(
    st.lists(st.text(st.sampled_from("a€é\r\n"), max_size=6), max_size=12).map("".join),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"]),
    st.integers(1, 7),
)
def test_blocks_are_the_text_as_utf_8_and_split_no_line_break(text: str, encoding: str, size: int) -> None:
    """No block begins with a line feed after a block that ends with a carriage return."""
    blocks = Utf8Blocks(io.BytesIO(text.encode(encoding)), encoding)
    read = list(iter(lambda: blocks.read(size), b""))

    assert b"".join(read).decode("utf-8-sig" if encoding == "utf-8-sig" else "utf-8") == text
    assert not any(first.endswith(b"\r") and second.startswith(b"\n") for first, second in pairwise(read))
    assert all(len(block) <= max(size, 2) for block in read)
