"""
Hooks that mkdocs calls while it builds the site (see mkdocs.yml).

Pages from elsewhere in the repository become part of the site, and links are rewritten to their place there. Other
files of the repository are not on the site: a link to one becomes its text.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any, Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT: Final = Path(__file__).parents[1]
DOCS: Final = "docs"
ELSEWHERE: Final = {
    "benchmarks.md": "benchmarks/README.md",
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "security.md": "SECURITY.md",
}
"""Page of the site -> file of the repository."""

_LINK: Final = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)")
_COMMENT: Final = re.compile(r"<!--.*?-->\n?", re.DOTALL)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Adds the decisions to the navigation in their order, without a list kept by hand."""
    pages = sorted(path.name for path in (ROOT / DOCS / "decisions").glob("*.md"))
    for entry in config.nav or []:
        if entry.get("Decisions"):
            entry["Decisions"] = [f"decisions/{name}" for name in pages]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    for page, source in ELSEWHERE.items():
        if (ROOT / source).exists():
            files.append(File.generated(config, page, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Page, files: Files, **_: Any) -> str:
    place = page.file.src_uri
    return _LINK.sub(lambda link: _turned(link, place, files), _COMMENT.sub("", markdown))


def _turned(link: re.Match[str], place: str, files: Files) -> str:
    text, address = link.groups()
    target, hash_, anchor = address.partition("#")
    if not target or re.match(r"[a-z]+:", target):
        return link[0]
    file = posixpath.normpath(posixpath.join(posixpath.dirname(_in_repository(place)), target))
    page = _on_site(file)
    if files.get_file_from_path(page):
        return f"[{text}]({posixpath.relpath(page, posixpath.dirname(place) or '.')}{hash_}{anchor})"
    return text if (ROOT / file).exists() else link[0]


def _in_repository(page: str) -> str:
    return ELSEWHERE.get(page, f"{DOCS}/{page}")


def _on_site(file: str) -> str:
    places = {source: page for page, source in ELSEWHERE.items()}
    return places.get(file, posixpath.relpath(file, DOCS))
