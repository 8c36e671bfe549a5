"""
Builds the Power BI project folder: a .pbip that opens in Power BI Desktop.

The folder is built next to its destination and swapped in when complete, so the destination is either complete or
unchanged. A marker contains a digest of what was built: a folder without the marker belongs to someone else, and
one that has changed since contains someone's work. Neither is replaced without being asked.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Final, cast, get_args

from customer360.errors import Invalid, Refused, Unavailable, nearest
from customer360.power_bi import model, pbir, theme, tmdl
from customer360.power_bi.tmdl import ModelSource, Storage
from customer360.report.missing import lacking
from customer360.report.pages import REPORT
from customer360.report.visuals import Report, Visual
from customer360.tables import CUSTOMER_PROFILES, CUSTOMERS, Column

NAME: Final = REPORT.name
MARKER: Final = ".customer360-power-bi"
SERVER: Final = "127.0.0.1:54360"
DATABASE: Final = "customer360"
SCHEMA: Final = "analytics"
"""The address of the embedded database, so that the project opens on the machine that built the results."""

_LONGEST_NAME: Final = 200
_FABRIC: Final = "https://developer.microsoft.com/json-schemas/fabric"
_MARKER_TEXT: Final = "Built by `customer360 power-bi`, which replaces this folder unless it was changed."
_LINE_ENDS: Final = "* text eol=lf\n"  # so that a checkout on Windows has the same digest
_IGNORED: Final = "**/.pbi/localSettings.json\n**/.pbi/cache.abf\n"


@dataclass(frozen=True)
class Built:
    """What was built: the file to open, and the numbers of files, pages and measures."""

    project: Path
    files: int
    pages: int
    measures: int


def build(
    folder: Path | str,
    *,
    server: str = SERVER,
    database: str = DATABASE,
    schema: str = SCHEMA,
    storage: str = "import",
    name: str = NAME,
    hide_names: bool = False,
    overwrite: bool = False,
    missing: Collection[Column] = (),
) -> Built:
    """
    Write the project into *folder*, replacing an earlier build; no database is needed.

    *name* is shown in a workspace. With *hide_names*, customers are identified only by customer_id. The report is
    built for data without the *missing* columns; the model is the same for all data.

    Raises Customer360Error for an unknown *storage*, a *server* that is not HOST or HOST:PORT, an invalid name, or
    a folder that is not ours, has changed since it was built (unless *overwrite*) or cannot be written. Nothing
    has changed in that case.
    """
    destination = Path(folder)
    source = _source(ModelSource(server, database, schema, cast(Storage, storage), name, hide_names))
    contents = files(source, missing)
    try:
        _refuse_what_is_not_ours(destination, overwrite)
        _swap_in(destination, contents)
    except OSError as error:
        raise Unavailable(f"cannot write {destination}: {error.strerror or error}") from error
    measures = sum(text.count("\n\tmeasure ") for text in contents.values())
    pages = len(REPORT.shown(missing).pages)
    return Built(destination / f"{NAME}.pbip", len(contents), pages, measures)


def files(source: ModelSource, missing: Collection[Column] = ()) -> dict[str, str]:
    """Every file of the project, path -> text: always the same for the same *source* and *missing* columns."""
    report, semantic_model = f"{NAME}.Report", f"{NAME}.SemanticModel"
    shown = REPORT.shown(missing)
    definition = pbir.files(_over(shown, source), _listed(source, missing))
    custom = theme.theme()
    objects = {
        f"{NAME}.pbip": _pbip(report),
        f"{report}/.platform": _platform("Report", source),
        f"{report}/definition.pbir": _pbir(semantic_model),
        **{f"{report}/definition/{path}": content for path, content in definition.items()},
        f"{report}/StaticResources/RegisteredResources/{custom['name']}": custom,
        f"{semantic_model}/.platform": _platform("SemanticModel", source),
        f"{semantic_model}/definition.pbism": _pbism(),
    }
    base = resources.files("customer360.power_bi").joinpath("base_theme.json").read_text("utf-8")
    contents = {
        ".gitattributes": _LINE_ENDS,
        ".gitignore": _IGNORED,
        **{path: json.dumps(content, indent=2, ensure_ascii=False) + "\n" for path, content in objects.items()},
        f"{report}/StaticResources/SharedResources/BaseThemes/{pbir.BASE_THEME}.json": base,
        **{f"{semantic_model}/definition/{path}": text for path, text in tmdl.files(source, shown).items()},
    }
    return {MARKER: f"{_MARKER_TEXT}\nsha256 {_digest(contents)}\n", **contents}


def _over(report: Report, source: ModelSource) -> Report:
    """The report for the model's tables, which may have no names."""
    if not source.hide_names:
        return report
    pages = (replace(page, visuals=tuple(map(_without_names, page.visuals))) for page in report.pages)
    return replace(report, pages=tuple(pages))


def _listed(source: ModelSource, missing: Collection[Column]) -> list[str]:
    """The columns of a list of customers that the data has."""
    there = [name for name in model.LISTED if not lacking(CUSTOMER_PROFILES[name].derived_from, missing)]
    return [name for name in there if not (source.hide_names and name in model.NAMING)]


def _without_names(visual: Visual) -> Visual:
    if not visual.columns:
        return visual
    kept = (column for column in visual.columns if column not in model.NAMING)
    return replace(visual, columns=(CUSTOMERS.key[0], *kept))


def _source(source: ModelSource) -> ModelSource:
    """*source*, if it is valid."""
    server, storage = source.server, source.storage
    if storage not in get_args(Storage):
        raise Invalid(f"unknown storage '{storage}'.{nearest(storage, get_args(Storage))}")
    if not re.fullmatch(r"[A-Za-z0-9._-]+(:\d{1,5})?|\[[0-9A-Fa-f:]+\](:\d{1,5})?", server):
        raise Invalid(f"invalid server '{server}'; use HOST or HOST:PORT, such as {SERVER}")
    for kind, name in (("database", source.database), ("schema", source.schema)):
        if not re.fullmatch(r"[^\s\"'\\](?:[^\"'\\\x00-\x1f]*[^\s\"'\\])?", name):
            raise Invalid(f"invalid {kind} {name!r}; use a name without quotes, backslashes and line breaks")
    if not source.name.strip() or not source.name.isprintable() or len(source.name) > _LONGEST_NAME:
        raise Invalid(f"invalid name '{source.name}'; use one line of 1 to {_LONGEST_NAME} characters")
    return source


def _refuse_what_is_not_ours(folder: Path, overwrite: bool) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise Refused(f"{folder} is not a folder; name one that `customer360 power-bi` may replace")
    if not folder.is_dir() or not any(folder.iterdir()):
        return
    marker = folder / MARKER
    if not marker.is_file():
        raise Refused(
            f"{folder} contains files that `customer360 power-bi` did not create; use a new or empty folder"
        )
    if not overwrite and _digest(_present(folder)) not in marker.read_text("utf-8"):
        raise Refused(
            f"{folder} has changed since it was built; use another folder, or --overwrite to discard the changes"
        )


def _present(folder: Path) -> dict[str, str]:
    """The folder's files, except the marker and those in folders called .pbi, which are not ours."""
    found = {path: _text(folder / path) for path in _paths(folder) if ".pbi" not in path.parts}
    return {path.as_posix(): text for path, text in found.items() if path != Path(MARKER)}


def _paths(folder: Path) -> Iterator[Path]:
    """Every file and link in *folder*, relative to it."""
    paths = (path for path in folder.rglob("*") if path.is_file() or path.is_symlink())
    return (path.relative_to(folder) for path in paths)


def _text(path: Path) -> str:
    return f"link to {path.readlink()}" if path.is_symlink() else path.read_text("utf-8", errors="replace")


def _digest(contents: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for path in sorted(contents):
        digest.update(f"{path}\0{contents[path]}\0".encode())
    return digest.hexdigest()


def _swap_in(destination: Path, contents: dict[str, str]) -> None:
    """Files in folders called .pbi were not built here, and are kept."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{destination.name}-", dir=destination.parent) as staging:
        new, old = Path(staging, "new"), Path(staging, "old")
        for path, text in contents.items():
            target = new / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
        if destination.exists():
            _keep(destination, new)
            destination.rename(old)
        try:
            new.rename(destination)
        except OSError:
            if old.exists():
                old.rename(destination)
            raise


def _keep(destination: Path, new: Path) -> None:
    for path in _paths(destination):
        if ".pbi" in path.parts:
            (new / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(destination / path, new / path, follow_symlinks=False)


def _pbip(report: str) -> dict[str, object]:
    return {
        "$schema": f"{_FABRIC}/pbip/pbipProperties/1.0.0/schema.json",
        "version": "1.0",
        "artifacts": [{"report": {"path": report}}],
        "settings": {"enableAutoRecovery": True},
    }


def _platform(kind: str, source: ModelSource) -> dict[str, object]:
    """Items with the same logical id are the same item, so another name or database gives another id."""
    project = (source.name, source.server, source.database, source.schema, source.storage)
    return {
        "$schema": f"{_FABRIC}/gitIntegration/platformProperties/2.0.0/schema.json",
        "metadata": {"type": kind, "displayName": source.name},
        "config": {"version": "2.0", "logicalId": tmdl.identity("item", kind, *project)},
    }


def _pbir(semantic_model: str) -> dict[str, object]:
    return {
        "$schema": f"{_FABRIC}/item/report/definitionProperties/2.0.0/schema.json",
        "version": "4.0",
        "datasetReference": {"byPath": {"path": f"../{semantic_model}"}},
    }


def _pbism() -> dict[str, object]:
    return {
        "$schema": f"{_FABRIC}/item/semanticModel/definitionProperties/1.0.0/schema.json",
        "version": "4.2",
        "settings": {},
    }
