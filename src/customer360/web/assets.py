"""
The page's files: read and compressed once, served for ever under an address that holds their digest.

A changed file changes the digest, and with it the address: nothing is ever asked for twice, nothing is ever stale.
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
    """A file as it is sent."""

    content: bytes
    type: str
    compressed: bytes


def _asset(name: str, content: bytes) -> Asset:
    return Asset(content, _TYPES[_ending(name)], gzip.compress(content, mtime=0))


@dataclass(frozen=True)
class Assets:
    """Every file of the page by its path, and the shell that names them."""

    files: dict[str, Asset]
    digest: str
    shell: Asset


def assets() -> Assets:
    """The files that this installation carries, the palette among them."""
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
    """Asks for a module at once; the browser would find it only when another one imports it."""
    return f'<link rel="modulepreload" href="{{{{static}}}}/{module}">' if module != _EARLY else ""


def palette_css() -> bytes:
    """The palette as custom properties: light, dark where the reader's system is, or as the reader chose."""
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
    """Licences, which lie beside the files they are of and have none we know, are not part of the page."""
    return name.rpartition(".")[2]
