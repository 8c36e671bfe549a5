"""Damage to the folder: missing files and wrong references between files."""

from __future__ import annotations

from customer360.power_bi.placed import identity
from customer360.report.palette import LIGHT
from tests.power_bi.damages.apply import MODEL, Files, content, damage, renamed, without

# --- files -------------------------------------------------------------------------------------------------

without("no base theme", "BaseThemes/CY26SU10.json")
without("no relationships", "relationships.tmdl")
without("no .platform", "Customer 360.Report/.platform")
without("no definition.pbism", "definition.pbism")
renamed("a visual in a folder of another name", identity("overview", "acquisition"), "0" * 20)
renamed("a table in a file of another name", "tables/Country.tmdl", "tables/Countries.tmdl")
content(
    "an invalid logical id",
    "Customer 360.Report/.platform",
    lambda item: item["config"].update(logicalId="report"),
)
content(
    "a report of another model",
    "Customer 360.Report/definition.pbir",
    lambda pbir: pbir["datasetReference"]["byPath"].update(path="../Customers.SemanticModel"),
)
content("a report of no version", "Customer 360.Report/definition.pbir", lambda pbir: pbir.pop("version"))
content(
    "a project without a report",
    "Customer 360.pbip",
    lambda pbip: pbip["artifacts"][0]["report"].update(path="Customers.Report"),
)
content(
    "a theme with another name inside",
    "report.json",
    lambda report: report["themeCollection"]["customTheme"].update(name="Other.json"),
)
damage("a byte order mark", lambda files: {**files, f"{MODEL}model.tmdl": "\ufeff" + files[f"{MODEL}model.tmdl"]})
damage(
    "a report with the model's id",
    lambda files: {
        **files,
        "Customer 360.SemanticModel/.platform": files["Customer 360.Report/.platform"].replace(
            '"Report"', '"SemanticModel"'
        ),
    },
)
content(
    "a model of another version",
    "Customer 360.SemanticModel/definition.pbism",
    lambda pbism: pbism.update(version="1.0"),
)


def _colors(files: Files) -> Files:
    [path] = [path for path in files if "/RegisteredResources/" in path]
    return {**files, path: files[path].replace(LIGHT.main, "#000000")}


damage("a theme that changed under its name", _colors)
