"""
Rules for the files of a project: each rule yields a line for every violation.

They read the files as text, as Power BI does. Of the code that wrote them they use only the definitions: tables,
dimensions, measures and the report.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from customer360.report.pages import REPORT
from customer360.report.visuals import Report
from tests.power_bi.rules import dax, folder, layout, meaning, model, pages, people, queries, report, shown, tmdl

Files = Mapping[str, str]


WHOLE = REPORT.shown(())
"""The report for complete data."""


def problems(files: Files, shown_report: Report = WHOLE) -> Iterator[str]:
    """
    Each violation in the files of a project (path -> text) that shows *shown_report*.

    A file that cannot be read hides its other violations.
    """
    try:
        yield from _problems(files, shown_report)
    except (
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        SyntaxError,
        RuntimeError,
        AssertionError,
    ) as error:
        yield f"cannot be read: {type(error).__name__}: {error}"


def _problems(files: Files, shown_report: Report) -> Iterator[str]:
    objects: dict[str, Any] = {
        path: json.loads(text)
        for path, text in files.items()
        if path.endswith((".json", ".pbip", ".pbir", ".pbism", ".platform"))
    }
    definition = {
        path.partition("/definition/")[2]: text for path, text in files.items() if path.endswith(".tmdl")
    }
    read = tmdl.read(definition)
    yield from folder.problems(files, objects)
    yield from report.problems(objects)
    yield from layout.problems(objects, shown_report)
    yield from pages.problems(objects, shown_report)
    yield from shown.problems(objects, shown_report)
    yield from people.problems(objects, shown_report)
    yield from read.problems
    yield from model.problems(read, shown_report)
    yield from people.roles(read)
    yield from queries.problems(read)
    yield from dax.problems(read)
    yield from report.references(objects, read)
    if not read.problems:
        yield from meaning.problems(dict(files), shown_report)
        yield from people.numbers(dict(files), shown_report)
