"""The folder as a whole: its files, their references to each other, and their schemas."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.power_bi.rules.tmdl import GUID

if TYPE_CHECKING:
    from jsonschema import Draft7Validator

SCHEMAS = Path(__file__).parents[1] / "microsoft" / "schemas"
BASE = "https://developer.microsoft.com/json-schemas/"
_REPORT = "fabric/item/report/definition/"
FAMILIES = {
    r"[^/]+\.pbip": "fabric/pbip/pbipProperties",
    r".+/\.platform": "fabric/gitIntegration/platformProperties",
    r".+\.Report/definition\.pbir": "fabric/item/report/definitionProperties",
    r".+\.SemanticModel/definition\.pbism": "fabric/item/semanticModel/definitionProperties",
    r".+/definition/report\.json": f"{_REPORT}report",
    r".+/definition/version\.json": f"{_REPORT}versionMetadata",
    r".+/pages/pages\.json": f"{_REPORT}pagesMetadata",
    r".+/pages/[\w-]+/page\.json": f"{_REPORT}page",
    r".+/visuals/[\w-]+/visual\.json": f"{_REPORT}visualContainer",
    r".+/visuals/[\w-]+/mobile\.json": f"{_REPORT}visualContainerMobileState",
}
SETTINGS = {
    "useStylableVisualContainerHeader": True,
    "exportDataMode": "AllowSummarized",
    "defaultDrillFilterOtherVisuals": True,
    "defaultFilterActionIsDataFilter": True,
    "allowChangeFilterTypes": True,
    "useEnhancedTooltips": True,
    "useDefaultAggregateDisplayName": True,
}
_RESOURCES = r".+\.Report/StaticResources/.+\.json"


def problems(files: Mapping[str, str], objects: Mapping[str, Any]) -> Iterator[str]:
    for path, text in files.items():
        if text.startswith("\ufeff") or "\r" in text:
            yield f"{path}: has a byte order mark or a carriage return"
    for path in objects:
        if not re.fullmatch(_RESOURCES, path):
            yield from _of_schema(path, files[path])
    yield from _items(files, objects)
    yield from _resources(files, objects)
    yield from _kept_out(files)


@cache
def _of_schema(path: str, text: str) -> tuple[str, ...]:
    return tuple(_against_schema(path, json.loads(text)))


def _against_schema(path: str, content: Any) -> Iterator[str]:
    family = next((name for pattern, name in FAMILIES.items() if re.fullmatch(pattern, path)), None)
    if family is None:
        yield f"{path}: is not a file that Power BI reads"
        return
    address = content.get("$schema", "")
    if not address.startswith(f"{BASE}{family}/") or address not in _schemas():
        yield f"{path}: $schema {address!r} is not a published version of {family}"
        return
    for error in _validator(address).iter_errors(content):
        yield f"{path}: {'/'.join(map(str, error.absolute_path))}: {error.message[:150]}"


def _items(files: Mapping[str, str], objects: Mapping[str, Any]) -> Iterator[str]:
    """The project refers to its report, the report to its model, and both are separate items."""
    projects = [path for path in objects if path.endswith(".pbip")]
    if len(projects) != 1:
        yield f"there are {len(projects)} projects"
        return
    report = objects[projects[0]]["artifacts"][0]["report"]["path"]
    reference = objects[f"{report}/definition.pbir"]["datasetReference"]["byPath"]["path"]
    model = reference.removeprefix("../")
    if not reference.startswith("../") or f"{model}/definition.pbism" not in files:
        yield f"the report reads a model at {reference}, which does not exist"
    platforms = {
        kind: objects.get(f"{folder}/.platform") for kind, folder in (("Report", report), ("SemanticModel", model))
    }
    for kind, platform in platforms.items():
        if platform is None or platform["metadata"]["type"] != kind:
            yield f"the {kind} has no .platform of its type"
        elif (
            not GUID.fullmatch(platform["config"]["logicalId"]) or not platform["metadata"]["displayName"].strip()
        ):
            yield f"the {kind} has no id or no name"
    ids = [platform["config"]["logicalId"] for platform in platforms.values() if platform]
    names = {platform["metadata"]["displayName"] for platform in platforms.values() if platform}
    if len(set(ids)) != len(ids) or len(names) != 1:
        yield "report and model share an id, or differ in name"
    versions = [
        objects[f"{report}/definition.pbir"].get("version"),
        objects[f"{model}/definition.pbism"].get("version"),
    ]
    versions.append(objects[f"{report}/definition/version.json"].get("version"))
    if versions != ["4.0", "4.2", "2.0.0"]:
        yield f"the versions are {versions}"
    wanted = ["database", "model", "expressions", "relationships"]
    for path in (f"{model}/definition/{name}.tmdl" for name in wanted):
        if path not in files:
            yield f"{path} is missing"


def _resources(files: Mapping[str, str], objects: Mapping[str, Any]) -> Iterator[str]:
    """The report refers to two themes, and both exist at their paths."""
    [path] = [path for path in objects if path.endswith("/definition/report.json")]
    folder, content = path.removesuffix("/definition/report.json"), objects[path]
    items = {
        (package["type"], item["name"]): f"{folder}/StaticResources/{package['name']}/{item['path']}"
        for package in content["resourcePackages"]
        for item in package["items"]
    }
    for place in items.values():
        if place not in files:
            yield f"{place} is missing"
    for theme in content["themeCollection"].values():
        place = items.get((theme["type"], theme["name"]), "")
        if place not in files:
            yield f"theme {theme['name']} is not in a package"
        elif json.loads(files[place])["name"] != theme["name"]:
            yield f"theme {theme['name']} has another name inside"
        elif theme["type"] == "RegisteredResources" and _digest(files[place]) not in theme["name"]:
            yield f"theme {theme['name']} is not named after its content"
    if set(content["themeCollection"]) != {"baseTheme", "customTheme"}:
        yield "a theme is missing"
    if content["settings"] != SETTINGS:
        yield f"the settings are {content['settings']}"


def _digest(theme: str) -> str:
    """Power BI Desktop caches themes by name: a changed theme under its old name is ignored."""
    content = {name: value for name, value in json.loads(theme).items() if name not in ("$schema", "name")}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:8]


def _kept_out(files: Mapping[str, str]) -> Iterator[str]:
    ignored = files.get(".gitignore", "").split()
    for pattern in ("**/.pbi/localSettings.json", "**/.pbi/cache.abf"):
        if pattern not in ignored:
            yield f".gitignore lets {pattern} through"
    if "eol=lf" not in files.get(".gitattributes", ""):
        yield ".gitattributes does not keep line ends"


@cache
def _schemas() -> dict[str, Any]:
    return {
        BASE + path.relative_to(SCHEMAS).as_posix(): json.loads(path.read_text("utf-8"))
        for path in SCHEMAS.rglob("*.json")
    }


@cache
def _validator(address: str) -> Draft7Validator:
    # Imported here: it takes seconds, and every process of a parallel run would wait for it.
    from jsonschema import Draft7Validator
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT7

    resources = {
        name: Resource.from_contents(schema, default_specification=DRAFT7) for name, schema in _schemas().items()
    }
    registry: Registry[Any] = Registry().with_resources(resources.items())
    return Draft7Validator(_schemas()[address], registry=registry)
