"""The JavaScript of the page, in Node.js: each question is a visual on a separate page."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from customer360.report.dimensions import DIMENSIONS, Between, dimensions_of
from customer360.report.expressions import Known, Latest, Measure, OfStage, columns_of, parts
from customer360.tables import COHORT_RETENTION, TOP_CUSTOMERS, TOP_SPENDERS, Table
from customer360.web import outline
from customer360.web.cubes import encoded
from customer360.web.replies import Reply
from customer360.web.store import LOADED, Results, hold
from tests.engines import OF_SINGLE_CUSTOMERS, Answer, Ask, Customers, Question
from tests.web.published import in_arrow

NODE = Path(sys.executable).with_name("node")
LOCAL = Path(outline.__file__).parent / "static" / "local.js"
FACTS = (*(fact for fact in OF_SINGLE_CUSTOMERS if fact not in (TOP_CUSTOMERS, TOP_SPENDERS)), COHORT_RETENTION)
ASK = """
const [local, folder] = process.argv.slice(1);
const { readFile } = await import("node:fs/promises");
globalThis.fetch = async (address) => new Response(await readFile(`${folder}/${address.split(/[/?]/)[4]}`));
const { answer, load } = await import(local);
const { report, queries } = JSON.parse(await readFile(`${folder}/asked.json`));
const found = [];
for (const [page, query] of queries) {
  await load(report, page);
  found.push(answer(report, page, new URLSearchParams(query))?.visuals.asked ?? null);
}
console.log(JSON.stringify(found));
"""


def can(question: Question, one: Measure) -> bool:
    """Whether the page has the table; shares of stages and retention are compared only on their axes."""
    if question.fact not in FACTS or _is_left_to_the_server(one):
        return False
    if not columns_of(one) <= {*_held(question.fact).column_names}:
        return False
    axis = question.by.name if question.by else ""
    if isinstance(one.expression, OfStage):
        return axis == "funnel_stage" and axis not in question.filters
    return question.fact is not COHORT_RETENTION or axis == "months_since"


def _is_left_to_the_server(one: Measure) -> bool:
    return isinstance(one.expression, (Known, Latest)) or any(map(_is_left_to_the_server, parts(one)))


@contextmanager
def opened(customers: Customers, request: pytest.FixtureRequest) -> Iterator[Ask]:
    if not NODE.exists():
        pytest.skip("NOT CHECKED: there is no Node; `make set-up` installs it")
    results = hold(in_arrow(customers.results))
    folder = request.getfixturevalue("tmp_path_factory").mktemp("cubes")
    for fact in FACTS:
        (folder / fact.name).write_bytes(encoded(_held(fact), results))

    def ask(questions: Sequence[Question]) -> list[Answer]:
        (folder / "asked.json").write_bytes(_asked(questions, results))
        command = [NODE, "--input-type=module", "--eval", ASK, "--", LOCAL.as_uri(), folder]
        node = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert node.returncode == 0, node.stderr
        answers = zip(questions, json.loads(node.stdout), strict=True)
        return [_answer(question, found, results) for question, found in answers]

    yield ask


def _held(fact: Table) -> Table:
    """*fact* in the form that the dashboard stores."""
    return next(table for table in LOADED if table.full_name == fact.full_name)


def _asked(questions: Sequence[Question], results: Results) -> bytes:
    measures = {
        one.name: outline._measure(one.name, results) for question in questions for one in question.measures
    }
    pages = [_page(str(number), question, results) for number, question in enumerate(questions)]
    queries = [(str(number), urlencode(question.parameters)) for number, question in enumerate(questions)]
    members = {cut.name: outline._dimension(cut, results) for cut in DIMENSIONS if cut in results.members}
    cuts = {fact.name: [cut.name for cut in dimensions_of(fact)] for fact in FACTS}
    asked = {"measures": measures, "pages": pages, "dimensions": members, "facts": cuts}
    report = {**outline.outline(results), **asked}
    return bytes(Reply({"report": report, "queries": queries}).body)


def _page(name: str, asked: Question, results: Results) -> dict[str, Any]:
    [first, *more] = [one.name for one in asked.measures]
    visual = {
        "name": "asked", "kind": "bar", "fact": asked.fact.name, "measure": first, "more": more, "compare": None,
        "compared": None, "above": [], "below": [],
        "by": [asked.by.name] if asked.by else [], "missing": [],
        "only": {cut: _keys(cut, kept, results) for cut, kept in asked.filters.items()},
    }  # fmt: skip
    cube = {"name": asked.fact.name, "fact": asked.fact.name, "columns": _held(asked.fact).column_names}
    return {"name": name, "title": name, "visuals": [visual], "cubes": [cube]}


def _keys(cut: str, kept: Any, results: Results) -> list[Any]:
    """The members that a filter keeps; a customer at a stage has also reached the earlier ones."""
    members = next(found for one, found in results.members.items() if one.name == cut)
    if isinstance(kept, Between):
        return [key for key in members if kept.first <= key <= kept.last]
    return [key for key in members if key >= min(kept)] if cut == "funnel_stage" else list(kept)


def _answer(question: Question, found: dict[str, Any] | None, results: Results) -> Answer:
    assert found is not None, f"the page leaves {question} to the server"
    values = [found["values"][one.name] for one in question.measures]
    if question.by is None:
        return {None: tuple(values)}
    members = {str(key): key for key in results.members[question.by]}
    keys = [members[str(key)] for key in found["keys"][question.by.name]]
    return dict(zip(keys, zip(*values, strict=True), strict=True))
