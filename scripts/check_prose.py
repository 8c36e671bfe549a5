"""
Finds odd phrases in docs, code and notebooks, and long lines in Markdown: `python scripts/check_prose.py`.

Each line of output names a file, a line, what is wrong and what to write instead; any makes the exit code 1.
Only the most frequent phrases are listed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
LONGEST_LINE = 120
EXEMPT = {"check_prose.py", "test_check_prose.py"}  # they quote the phrases
SUFFIXES = {".css", ".ipynb", ".js", ".md", ".py", ".svg", ".ts"}
PHRASES = {
    r"(?<![Tt]here )\b(?:is|are|was|were) no (?!longer|more|less|later|earlier|other)\w+": "'is not a', 'has no'",
    r"\bgo(?:es)? before (?:it|them|what)\b": "'takes precedence'",
    r"\bmend(?:s|ed|ing)?\b": "'fix', 'repair'",
    r"\banew\b": "'again', 'rebuild', 'regenerate'",
    r"\b(?:has|have) to be there\b": "'is required'",
    r"\b[Nn]othing has to\b": "'all you need is'",
    r"\bof whom\b|\bof whomever\b": "'whose', or two sentences",
    r"\bof which\b": "two sentences",
    r"\b(?:is|are|was|were) told\b|\btells? (?:it|them|so)\b": "'reported', 'shown', 'says so'",
    r"\bbeside\b": "'next to', 'alongside', 'at the same time as'",
    r"\b[Ww]hoever\b|\b[Ww]homever\b": "'anyone who', 'regardless of who'",
    r"\b[Ww]hatever\b": "'regardless of', 'any'",
    r"\b[Nn]owhere\b": "'not ... anywhere'",
    r"\blooked at\b": "'examined', 'checked', 'measured'",
    r"\bin silence\b|\bwithout a word\b": "'silently'",
    r"\bin truth\b": "'actually', or nothing",
    r"\bas it was\b|\bhow it is\b": "'unchanged', 'its state'",
    r"\bof one's own\b|\bof a person's own\b": "'your own', 'a user's'",
    r"\b(?:thereof|whereof|thence|whence|hitherto|likewise)\b": "plain words",
}
BLOCKS = {"```": "```", r"<!-- \[\[\[cog": "<!-- [[[end]]]", r"<!-- \w+: written by": "<!-- end of"}
ODD = re.compile("|".join(f"({phrase})" for phrase in PHRASES))
INSTEAD = list(PHRASES.values())


def main() -> None:
    found = [line for path in _files() for line in problems(path.relative_to(ROOT), path.read_text("utf-8"))]
    sys.exit("\n".join(found) or None)


def problems(name: Path, text: str) -> Iterator[str]:
    """One line for each odd phrase and each long line in *text*."""
    for number, line in enumerate(text.splitlines(), start=1):
        for match in ODD.finditer(line):
            yield f"{name}:{number}: {match.group()!r}; write {INSTEAD[(match.lastindex or 1) - 1]}"
    for number, line in _written(text) if name.suffix == ".md" else ():
        if len(line) > LONGEST_LINE:
            yield f"{name}:{number}: {len(line)} characters; break the line after {LONGEST_LINE} at most"


def _written(text: str) -> Iterator[tuple[int, str]]:
    """The numbered lines of *text* that can be broken: no code, tables, images or generated blocks."""
    end = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if end:
            end = "" if line.strip().startswith(end) else end
        elif opening := next((start for start in BLOCKS if re.match(start, line.strip())), None):
            end = BLOCKS[opening]
        elif not line.startswith(("|", "![")):
            yield number, line


def _files() -> Iterator[Path]:
    command = ["git", "ls-files", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout  # noqa: S603
    for name in listed.split("\0"):
        path = ROOT / name
        if path.suffix in SUFFIXES and path.name not in EXEMPT and "vendor" not in path.parts and path.exists():
            yield path


if __name__ == "__main__":
    main()
