"""What `make lint` says of odd phrases and long lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.check_prose import LONGEST_LINE, problems


@pytest.mark.parametrize("line", ["31 June is no date.", "Whoever reads it", "The file is told.", "Made anew"])
def test_an_odd_phrase_is_found_with_what_to_write_instead(line: str) -> None:
    (found,) = problems(Path("page.md"), f"# Title\n{line}\n")

    assert found.startswith("page.md:2: ")
    assert "; write " in found


@pytest.mark.parametrize("line", ["There is no date.", "It is no longer here.", "The date is not valid."])
def test_plain_english_is_not_found(line: str) -> None:
    assert list(problems(Path("module.py"), line)) == []


def test_a_long_line_of_markdown_is_found_where_it_can_be_broken() -> None:
    """Tables, code and generated blocks are as wide as what they show."""
    line = "word " * (LONGEST_LINE // 5 + 1)
    page = f"| {line} |\n```\n{line}\n```\n<!-- [[[cog\n]]] -->\n{line}\n<!-- [[[end]]] -->\n{line}\n"

    assert [found.split(": ")[0] for found in problems(Path("page.md"), page)] == ["page.md:9"]
    assert list(problems(Path("module.py"), page)) == []
