"""The documentation as data: pages with their code blocks, commands, links and anchors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
GUIDES = [
    page
    for page in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "SECURITY.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    )
    if page.exists()
]
"""The pages that a reader follows, whose commands have to work."""
PAGES = [*GUIDES, ROOT / "CHANGELOG.md", ROOT / "benchmarks" / "README.md", ROOT / "examples" / "README.md"]

_FENCE = re.compile(r"^( *)```(\w*)$")
_NOT_RUN = re.compile(r"<!-- not run: (.+) -->")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_SHELLS = {"console", "bash", "sh", "shell"}


@dataclass(frozen=True)
class Block:
    """A fenced block; *not_run* is the reason in the comment above it, or None."""

    page: Path
    line: int
    language: str
    text: str
    not_run: str | None = None

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def is_shell(self) -> bool:
        return self.language in _SHELLS

    @property
    def commands(self) -> list[str]:
        """What a reader types. In a block with prompts, all other lines are output."""
        lines = self.text.replace("\\\n", " ").splitlines()
        typed = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        return typed or [line for line in lines if line.strip()]


def blocks(page: Path) -> Iterator[Block]:
    lines = iter(enumerate(page.read_text().splitlines(), start=1))
    above = ""
    for number, line in lines:
        if fence := _FENCE.match(line):
            indent, language = fence.groups()
            inner = []
            for _, within in lines:
                if within == f"{indent}```":
                    break
                inner.append(within.removeprefix(indent))
            reason = _NOT_RUN.search(above)
            yield Block(page, number, language, "\n".join(inner), reason[1] if reason else None)
        above = line


def prose(page: Path) -> str:
    """The page without its code blocks and comments."""
    text = _COMMENT.sub("", page.read_text())
    return re.sub(r"^( *)```.*?^\1```$", "", text, flags=re.DOTALL | re.MULTILINE)


def links(page: Path) -> list[str]:
    """The targets of the page's links and pictures, without those on other hosts."""
    found = re.findall(r"\]\(([^)\s]+)\)", prose(page))
    return [target for target in found if not re.match(r"[a-z]+:", target)]


def anchors(page: Path) -> set[str]:
    """The names of the page's headings, as GitHub and mkdocs generate them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    return {_anchor(re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)) for heading in headings}


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def commands_written(page: Path) -> Iterator[str]:
    """Every `customer360 ...` on the page, in blocks and in the text."""
    for block in blocks(page):
        if block.is_shell or block.language == "cron":
            yield from (line for line in block.commands if re.search(r"\bcustomer360 ", line))
    yield from re.findall(r"(?<!`)`(?:uv run )?(customer360 [^`]+)`(?!`)", prose(page))
