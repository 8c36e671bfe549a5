"""
The page's files: read and compressed once, and cached forever under a URL that contains their digest.

A changed file changes the digest and therefore the URL: no file is requested twice, and none is ever stale.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from customer360.report.palette import DARK, LIGHT, Palette

_TYPES: Final = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}
_FOLDER: Final = Path(__file__).with_name("static")
_SHELL: Final = "index.html"
_EARLY: Final = "early.js"
_PALETTE: Final = "palette.css"


@dataclass(frozen=True)
class Asset:
    """A file, ready to be sent."""

    content: bytes
    type: str
    compressed: bytes


def _asset(name: str, content: bytes) -> Asset:
    return Asset(content, _TYPES[_ending(name)], gzip.compress(content, mtime=0))


@dataclass(frozen=True)
class Assets:
    """Every file of the page by path, and the HTML that refers to them."""

    files: dict[str, Asset]
    digest: str
    shell: Asset


def assets() -> Assets:
    """The files of this installation, including the generated palette."""
    found = {
        path.relative_to(_FOLDER).as_posix(): path.read_bytes() for path in _FOLDER.rglob("*") if path.is_file()
    }
    shell = found.pop(_SHELL)
    found[_PALETTE] = palette_css()
    everything = b"".join(name.encode() + content for name, content in sorted(found.items()))
    digest = hashlib.sha256(everything + shell).hexdigest()[:12]
    files = {name: _asset(name, content) for name, content in found.items() if _ending(name) in _TYPES}
    modules = sorted((name for name in files if _ending(name) == "js"), key=lambda name: -len(files[name].content))
    html = shell.decode().replace("{{modules}}", "\n  ".join(map(_preload, modules)))
    return Assets(files, digest, _asset(_SHELL, html.replace("{{static}}", f"/static/{digest}").encode()))


def _preload(module: str) -> str:
    """Preloads a module; the browser would otherwise find it only when another module imports it."""
    return f'<link rel="modulepreload" href="{{{{static}}}}/{module}">' if module != _EARLY else ""


def palette_css() -> bytes:
    """The palette as custom properties: light or dark, following the reader's system or choice."""
    light = f"color-scheme: light; {_properties(LIGHT)}"
    dark = f"color-scheme: dark; {_properties(DARK)}"
    return (
        f":root {{ {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root:not([data-theme=light]) {{ {dark} }} }}\n"
        f":root[data-theme=dark] {{ {dark} }}\n"
        f"@media print {{ :root:root:root {{ {light} }} }}\n"
    ).encode()


def _properties(palette: Palette) -> str:
    colors = {field.name.replace("_", "-"): getattr(palette, field.name) for field in fields(palette)}
    shades = {f"status-{number}": shade for number, shade in enumerate(colors.pop("statuses"), start=1)}
    return " ".join(f"--{name}: {color};" for name, color in {**colors, **shades}.items())


def _ending(name: str) -> str:
    """The file's extension. Licences next to vendored files have no known one and are not served."""
    return name.rpartition(".")[2]
