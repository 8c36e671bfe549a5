"""The notebooks: readable before anything has run, and running from top to bottom."""

from __future__ import annotations

import ast
import json
import platform
import re
import shutil
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from customer360 import settings
from customer360.commands.cli import cli
from customer360.commands.notebook import FOLDER, execute
from customer360.postgres.connection import Database
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.postgres.status import Status, status
from customer360.tables import PEOPLE_ACCESS, REJECTED_ROWS, RESULT_TABLES
from tests.conftest import new_home

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[2]
COMMITTED = sorted((REPOSITORY / FOLDER).glob("*.ipynb"))
LARGEST_BYTES = 300_000
MOST_LINES = 16
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}

each = pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.stem)


def read(path):
    import nbformat  # imported here: it takes seconds, in every process of a parallel run

    return nbformat.read(path, as_version=4)


def cells(path, kind):
    return [cell for cell in read(path).cells if cell.cell_type == kind]


def outputs(path):
    return [output for cell in cells(path, "code") for output in cell.outputs]


def shown(path):
    """The kind of each output in order, without what libraries write to stderr."""
    return [output.output_type for output in outputs(path) if output.get("name") != "stderr"]


def printed(path):
    return "".join(output.text for output in outputs(path) if output.output_type == "stream")


def prose(path):
    return "\n".join(cell.source for cell in cells(path, "markdown"))


# --- as a visitor finds them ------------------------------------------------------------------------------


def test_the_notebooks_of_the_readme_exist():
    """Every test below would pass if the folder were empty."""
    assert [path.stem for path in COMMITTED] == ["01_mock_data", "02_customer_operations", "03_your_own_data"]


@each
def test_it_starts_with_a_question(path):
    """Readers should see immediately whether it is for them."""
    first = read(path).cells[0]

    assert first.cell_type == "markdown"
    assert first.source.startswith("# ")
    assert "?" in first.source


@each
def test_the_first_code_cell_contains_the_parameters(path):
    """Papermill finds them by the tag, readers at the top."""
    first, *others = cells(path, "code")

    assert first.metadata.tags == ["parameters"]
    assert all(isinstance(statement, ast.Assign) for statement in ast.parse(first.source).body)
    assert not any(cell.metadata.get("tags") for cell in others)


@each
def test_it_has_run_from_top_to_bottom_without_errors(path):
    """Outputs of cells run in another order, or with an error below, would mislead."""
    code = cells(path, "code")

    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert {output.output_type for output in outputs(path)} <= {"stream", "display_data", "execute_result"}
    assert not [output.text for output in outputs(path) if output.get("name") == "stderr"]


@each
def test_a_visitor_sees_charts_and_tables_before_running_anything(path):
    """That is why they are committed with their outputs."""
    formats = [name for output in outputs(path) for name in output.get("data", {})]

    assert formats.count("image/png") >= 4
    assert formats.count("text/html") >= 2


@each
def test_every_chart_is_described_in_words(path):
    """Readers who cannot see it get its finding, what it measures, and its as-of date."""
    charts = [output for output in outputs(path) if "image/png" in output.get("data", {})]

    for chart in charts:
        assert chart.metadata["image/png"]["alt"] == chart.data["text/plain"]
        assert re.search(r"\. .+ as of \d{4}-\d\d-\d\d$", chart.data["text/plain"])


@each
def test_it_is_small(path):
    """Every new run stays in the history of the repository. To shrink it: `customer360 notebook --execute`."""
    assert path.stat().st_size < LARGEST_BYTES


@each
def test_it_shows_nothing_of_the_machine_it_ran_on(path):
    """No path, host, password or memory address."""
    text = json.dumps([without_pictures(output) for output in outputs(path)])

    assert not re.findall(r"(?<![\w.:/])/(?:home|Users|root|tmp|var|opt|usr|mnt|work)/", text)
    assert not re.findall(r"://[^/\s]*:[^/\s]*@", text)
    assert not re.findall(r"0x[0-9a-f]{6,}", text)
    for own in (platform.node(), str(Path.home()), str(REPOSITORY)):
        assert own not in text


def without_pictures(output):
    data = {name: text for name, text in output.get("data", {}).items() if not name.startswith("image/")}
    return {**output, "data": data}


@each
def test_only_what_a_reader_needs_is_saved(path):
    """With times and versions, every run would be a difference."""
    notebook = read(path)

    assert notebook.metadata == {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    assert {name for cell in notebook.cells for name in cell.metadata} <= {"tags"}


@each
def test_a_cell_is_a_few_lines(path):
    """Logic is in the package, where it is tested; a notebook calls it."""
    for cell in cells(path, "code"):
        statements = [
            node for node in ast.parse(cell.source).body if not isinstance(node, (ast.Import, ast.ImportFrom))
        ]
        functions = [node for node in statements if isinstance(node, (ast.ClassDef, ast.FunctionDef))]

        assert sum(node.end_lineno - node.lineno + 1 for node in statements) <= MOST_LINES, cell.id
        assert all(len(function.body) == 1 for function in functions), cell.id


@each
def test_it_imports_the_public_api_and_nothing_else_of_ours(path):
    """Other modules may be renamed without breaking a user's copy of a notebook."""
    nodes = [node for cell in cells(path, "code") for node in ast.walk(ast.parse(cell.source))]
    modules = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    modules += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    ours = {module for module in modules if module.split(".")[0] == "customer360"}

    assert ours == {"customer360", "customer360.notebooks.charts"}


@each
def test_it_ends_with_what_to_open_next(path):
    """Readers should not have to guess where to continue."""
    last = read(path).cells[-1]
    others = [other.name for other in COMMITTED if other != path]

    assert last.cell_type == "markdown"
    assert last.source.startswith("## What to open next")
    assert any(f"]({other})" in last.source for other in others)


@each
def test_its_links_lead_somewhere(path):
    """A link does not notice that a file was moved."""
    links = re.findall(r"\]\((?!https?:)([^)#]+)", prose(path))

    assert links
    assert [link for link in links if not (path.parent / link).exists()] == []


@each
def test_the_commands_it_names_exist(path):
    """A renamed command would give the reader an error."""
    for words in re.findall(r"`customer360 ([^`]+)`", prose(path)):
        group: click.Command = cli
        for word in words.split():
            if not isinstance(group, click.Group):
                break
            assert word in group.commands, words
            group = group.commands[word]


# --- the whole story --------------------------------------------------------------------------------------

CUSTOMERS = 3_000


class Story(NamedTuple):
    """A folder of notebooks that have run, and the content of the database after the second and at the end."""

    folder: Path
    with_mock_data: Status
    with_own_data: Status
    database: Database


@pytest.fixture(scope="module")
def story():
    """
    The notebooks, run from top to bottom with few customers, and the state of the new database along the way.
    """
    home = new_home()
    for folder in (FOLDER, "examples"):
        shutil.copytree(REPOSITORY / folder, home / "work" / folder)
    try:
        with pytest.MonkeyPatch.context() as patch:
            for name in settings.SETTINGS:
                patch.delenv(name, raising=False)
            patch.setenv(settings.HOME, str(home))
            patch.chdir(home / "work")
            execute("01_mock_data", customers=CUSTOMERS, as_of="2026-03-31", dirt=0.05)
            execute("02_customer_operations", as_of="2026-03-31")
            with_mock_data = status(EmbeddedPostgres(home).database())
            execute("03_your_own_data")
        database = EmbeddedPostgres(home).database()
        yield Story(home / "work" / FOLDER, with_mock_data, status(database), database)
    finally:
        EmbeddedPostgres(home).stop()
        shutil.rmtree(home)


@pytest.mark.spark
@pytest.mark.timeout(1200)
def test_the_notebooks_fill_the_customers_and_every_result_table(story):
    """From an empty database to everything that the report reads."""
    found = story.with_mock_data

    assert found.rows["public.customers"] == CUSTOMERS
    assert found.rows["public.events"] > 10 * CUSTOMERS
    assert [table for table in RESULT_TABLES if not found.rows.get(table.full_name)] == []
    assert found.rows[PEOPLE_ACCESS.full_name] == 1  # the list in the second notebook
    assert found.rows["analytics.refreshes"] == 1


@pytest.mark.spark
@pytest.mark.timeout(1200)
def test_the_results_are_those_of_the_customers_that_were_filled(story):
    """The second notebook reads what the first has written, as of the same day, and loses no customer."""
    refresh = story.with_mock_data.last_refresh

    assert refresh["source_kind"] == "mock"
    assert refresh["as_of_date"] == "2026-03-31"
    assert refresh["rows_in"] == CUSTOMERS
    assert refresh["rows_out"] + refresh["rows_rejected"] == CUSTOMERS
    with story.database.connect() as connection:
        rejected = connection.execute(
            "SELECT sum(rows_rejected), min(rows_rejected) > 0 FROM analytics.refresh_sources WHERE refresh_id = 1"
        )
        assert rejected.fetchall() == [(story.with_mock_data.rows[REJECTED_ROWS.full_name], True)]


@pytest.mark.spark
@pytest.mark.timeout(1200)
def test_the_second_stores_its_own_tables(story):
    """That is its purpose; their content is about these customers and their events."""
    with story.database.connect() as connection:
        rows = connection.execute("SELECT count(*), min(account_balance) > 2500 FROM public.worth_a_call")
        [(count, is_worth_it)] = rows.fetchall()
        rows = connection.execute("SELECT number, orders FROM public.days_between_orders ORDER BY number")
        numbers, orders = zip(*rows.fetchall(), strict=True)

    assert count > 0
    assert is_worth_it
    assert numbers == (2, 3, 4, 5, 6, 7)
    assert list(orders) == sorted(orders, reverse=True)
    assert f"{count:,} customers in public.worth_a_call" in printed(story.folder / COMMITTED[1].name)


@pytest.mark.spark
@pytest.mark.timeout(1200)
def test_a_run_with_other_numbers_tells_another_story(story):
    """Titles state what was found in the data; none is hard-coded."""
    for committed in COMMITTED[:2]:
        run = story.folder / committed.name
        assert shown(run) == shown(committed)
        assert f"{CUSTOMERS:,}" in printed(run)
        assert f"{CUSTOMERS:,}" not in printed(committed)


@pytest.mark.spark
@pytest.mark.timeout(1200)
def test_the_third_replaces_customers_and_events_by_those_of_files(story):
    """Every row is accounted for, statuses keep the order of the mapping, and missing columns are known."""
    found, refresh = story.with_own_data, story.with_own_data.last_refresh

    assert found.sources["customers"].origin.kind == refresh["source_kind"] == "own"
    assert refresh["rows_out"] == found.rows["public.customers"] == found.sources["customers"].origin.rows
    rejected = [found.sources[name].origin.rows_rejected for name in ("customers", "events")]
    assert found.rows[REJECTED_ROWS.full_name] == sum(rejected)
    assert all(rejected)
    assert found.sources["events"].origin.kind == "own"
    assert found.rows["public.events"] == found.sources["events"].origin.rows > 2_000
    assert refresh["missing_columns"] == "email, gender, birth_date"
    with story.database.connect() as connection:
        statuses = connection.execute(
            "SELECT loyalty_status FROM analytics.loyalty_statuses ORDER BY status_order"
        )
        assert [name for (name,) in statuses] == ["Green", "Red", "Black", "Unknown"]


@pytest.mark.spark
@pytest.mark.timeout(1200)
def test_the_third_gives_the_same_outputs_for_the_same_file(story):
    """What is committed is what everyone gets, word for word."""
    committed, run = (folder / COMMITTED[2].name for folder in (REPOSITORY / FOLDER, story.folder))

    assert shown(run) == shown(committed)
    assert printed(run) == printed(committed)
