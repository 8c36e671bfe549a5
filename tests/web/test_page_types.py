"""The server sends the types that the page's JavaScript expects: those in static/types.d.ts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import get_args

import pytest

from customer360.report.expressions import Expression
from customer360.web.answers import answer
from customer360.web.cubes import cubes_of, encoded
from customer360.web.kept_answers import answer_without_small
from customer360.web.outline import outline
from customer360.web.people import offered
from customer360.web.replies import Memory, Reply
from customer360.web.store import hold
from customer360.web.view import view
from customer360.web.watch import State
from tests.web.published import WHOLE, miniature_results

ROOT = Path(__file__).parents[2]
TYPES = ROOT / "src/customer360/web/static/types.d.ts"


def test_the_page_has_every_expression_and_no_other():
    """The type checker then finds every missing case in measures.js."""
    known = re.findall(r'\bcase: "(\w+)"', TYPES.with_name("expressions.d.ts").read_text())

    assert sorted(known) == sorted(case.__name__ for case in get_args(Expression))


def has_types(sent, folder):
    """Fails if a value of *sent*, lists by the name of a type, lacks a property of its type or has another one."""
    program = ROOT / "node_modules/.bin/tsc"
    if not program.exists():
        pytest.skip("NOT CHECKED: there is no tsc; `make set-up` fetches it from the npm registry")
    imported = f'import type {{ {", ".join(sent)} }} from "{TYPES}";'
    values = [
        f"({Reply(value).body.decode()}) satisfies {name};" for name, found in sent.items() for value in found
    ]
    (folder / "sent.ts").write_text("\n".join([imported, *values]))
    config = {"extends": str(ROOT / "tsconfig.json"), "compilerOptions": {"types": []}, "include": ["sent.ts"]}
    (folder / "tsconfig.json").write_text(json.dumps(config))
    node = Path(sys.executable).with_name("node")
    checked = subprocess.run([node, program, "--project", folder], capture_output=True, text=True)
    assert not checked.returncode, checked.stdout[:2000]


def answers(results):
    """The answers of every page, for all customers and for none, also without small cells."""
    queries = [[], [("join_month", "1999-01..1999-02")]]
    asked = [view(page, query, results) for page in WHOLE.pages for query in queries]
    kept = [answer_without_small(one, results, 5) for one in asked]
    return [*(answer(one, results) for one in asked), *kept]


def headers(results):
    cubes = [encoded(table, results) for page in WHOLE.pages for table in cubes_of(page, results).values()]
    return [json.loads(cube[4 : 4 + int.from_bytes(cube[:4], "little")]) for cube in cubes]


def test_the_server_sends_the_types_of_the_page(results, tmp_path):
    """For complete data, and for data with missing columns, which has nulls and empty lists."""
    lacking = [("country", "account_balance"), ("join_date", "last_login", "is_active")]
    all_results = [results, *(hold(miniature_results(200, missing=columns)) for columns in lacking)]
    states = [State(None, Memory()), State(results, Memory(), datetime(2026, 6, 30))]

    sent = {
        "Report": [
            {**outline(one, smallest), "people": people}
            for one in all_results
            for smallest in (0, 5)
            for people in (None, offered(["a"], one))
        ],
        "Answer": [one for held in all_results for one in answers(held)],
        "CubeHeader": [one for held in all_results for one in headers(held)],
        "ServerState": [state.facts() for state in states],
    }

    has_types(sent, tmp_path)
