"""Building the folder: reproducible, all or nothing, and never over someone else's work."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from customer360.errors import Customer360Error
from customer360.power_bi import project
from customer360.power_bi.placed import identity
from customer360.power_bi.project import build
from customer360.report.missing import OF_EVENTS, named

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "power_bi"
TOP_TEN = identity("financial", "top_customers")
CHECKS = os.environ.get("POWER_BI_CHECKS_DIR", "")
"""A folder with check_all.sh, which runs Microsoft's tools on a project; they need Node.js and a download."""


def contents(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_two_builds_are_the_same_to_the_byte(tmp_path):
    """So a difference in the repository is a change of the report."""
    build(tmp_path / "one")
    build(tmp_path / "two")

    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_the_committed_project_is_a_fresh_build(tmp_path):
    """If this fails, run `make format`, review the difference and commit it."""
    build(tmp_path / "fresh")

    assert contents(COMMITTED) == contents(tmp_path / "fresh")


def test_a_build_says_what_to_open(tmp_path):
    """It names the file to double-click."""
    built = build(tmp_path / "out")

    assert built.project == tmp_path / "out" / "Customer 360.pbip"
    assert json.loads(built.project.read_text())["artifacts"] == [{"report": {"path": "Customer 360.Report"}}]
    assert built.files == len(contents(tmp_path / "out"))
    assert (built.pages, built.measures > 40) == (6, True)


def test_a_project_for_data_without_events_has_the_pages_of_the_brief(tmp_path):
    """Visuals that need events are omitted or replaced."""
    assert build(tmp_path / "out", missing=OF_EVENTS).pages == 4
    assert build(tmp_path / "shop", missing=named(["account_balance", "loyalty_points"])).pages == 6


def test_a_later_build_replaces_an_earlier(tmp_path):
    """Old files that the new build does not have are removed; Power BI Desktop's local files are kept."""
    build(tmp_path / "out", server="old.example")
    settings = tmp_path / "out" / "Customer 360.SemanticModel" / ".pbi" / "localSettings.json"
    settings.parent.mkdir()
    settings.write_text("{}")

    build(tmp_path / "out", server="new.example:5433")

    expressions = tmp_path / "out" / "Customer 360.SemanticModel" / "definition" / "expressions.tmdl"
    assert '"new.example:5433"' in expressions.read_text()
    assert settings.read_text() == "{}"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("options", [{}, {"overwrite": True}])
def test_files_in_folders_called_pbi_are_kept(tmp_path, options):
    """They were not built here, at any depth."""
    build(tmp_path / ".pbi" / "out")
    notes = [
        tmp_path / ".pbi" / "out" / folder / "notes.txt"
        for folder in (".pbi", "other/.pbi", "Customer 360.Report/definition/.pbi/deep")
    ]
    for path in notes:
        path.parent.mkdir(parents=True)
        path.write_text("mine")
    (notes[0].parent / "link").symlink_to("missing")

    build(tmp_path / ".pbi" / "out", **options)

    assert [path.read_text() for path in notes] == ["mine"] * 3
    assert (notes[0].parent / "link").is_symlink()


def test_a_folder_of_someone_else_is_refused(tmp_path):
    """Its files are not ours."""
    (tmp_path / "letters.txt").write_text("dear")

    with pytest.raises(Customer360Error, match="did not create; use a new or empty folder"):
        build(tmp_path)
    assert contents(tmp_path) == {"letters.txt": b"dear"}


def test_work_done_in_desktop_is_not_overwritten_unasked(tmp_path):
    """Saving in Power BI Desktop writes into the folder that a later build would replace."""
    build(tmp_path / "out")
    model = tmp_path / "out" / "Customer 360.SemanticModel" / "definition" / "model.tmdl"
    model.write_text(model.read_text() + "\nannotation Mine = 1\n")

    with pytest.raises(Customer360Error, match="has changed since it was built; .* --overwrite"):
        build(tmp_path / "out")
    assert "Mine" in model.read_text()

    build(tmp_path / "out", overwrite=True)
    assert "Mine" not in model.read_text()


def test_a_link_counts_as_a_change(tmp_path):
    """We never build one."""
    build(tmp_path / "out")
    (tmp_path / "out" / "drawings").symlink_to(tmp_path)

    with pytest.raises(Customer360Error, match="has changed since it was built"):
        build(tmp_path / "out")


def test_the_name_of_a_database_may_contain_spaces(tmp_path):
    build(tmp_path / "project", database="Sales 2024", schema="my results")

    text = "".join(path.read_text("utf-8") for path in (tmp_path / "project").rglob("expressions.tmdl"))
    assert '"Sales 2024" meta' in text
    assert '"my results" meta' in text


def test_an_empty_folder_and_missing_parents_are_fine(tmp_path):
    """It is the first thing that people try."""
    (tmp_path / "empty").mkdir()

    assert build(tmp_path / "empty").project.is_file()
    assert build(tmp_path / "a" / "b" / "c").project.is_file()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"storage": "imports"}, "unknown storage 'imports'. Did you mean 'import'"),
        ({"storage": "dual"}, "Valid: import, directquery"),
        ({"server": 'db" & x'}, "invalid server '.*'; use HOST or HOST:PORT, such as 127.0.0.1:54360"),
        ({"server": "my host:5432"}, "invalid server '.*'; use HOST or HOST:PORT"),
        ({"server": "db:port"}, "invalid server '.*'; use HOST or HOST:PORT"),
        ({"server": "postgresql://me:secret@db/x"}, "invalid server '.*'; use HOST or HOST:PORT"),
        ({"server": ""}, "invalid server '.*'; use HOST or HOST:PORT"),
        ({"database": 'a"b'}, "invalid database .*; use a name without quotes"),
        ({"schema": "my\nschema"}, "invalid schema .*; use a name without quotes, backslashes and line breaks"),
        ({"schema": " "}, "invalid schema ' '; use a name without"),
        ({"name": "  "}, "invalid name '  '; use one line of 1 to 200 characters"),
        ({"name": "x" * 201}, "invalid name .*; use one line of 1 to 200 characters"),
    ],
)
def test_an_invalid_option_gives_an_error_of_one_line_and_builds_nothing(tmp_path, options, message):
    """It is found before anything is written."""
    with pytest.raises(Customer360Error, match=message) as error:
        build(tmp_path / "out", **options)
    assert "\n" not in str(error.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("server", ["localhost", "10.0.0.7:5432", "db-1.example.com:6543", "[::1]:5432"])
def test_a_server_may_be_a_name_or_an_address_with_or_without_a_port(tmp_path, server):
    """As the PostgreSQL connector accepts it."""
    assert build(tmp_path / "out", server=server).project.is_file()


def items(folder):
    found = [json.loads(path.read_text()) for path in sorted(folder.rglob(".platform"))]
    return [item["metadata"]["displayName"] for item in found], [item["config"]["logicalId"] for item in found]


@pytest.mark.parametrize(
    "option",
    [
        {"name": "Customer 360 Test"},
        {"server": "db.example:5432"},
        {"database": "crm"},
        {"schema": "results"},
        {"storage": "directquery"},
    ],
)
def test_another_project_is_another_item(tmp_path, option):
    """A test and a production project can share a workspace only with different logical ids."""
    build(tmp_path / "one")
    build(tmp_path / "other", **option)
    names, ids = items(tmp_path / "other")

    assert not set(ids) & set(items(tmp_path / "one")[1])
    assert names == [option.get("name", "Customer 360")] * 2
    assert len(set(ids)) == 2


@pytest.mark.parametrize("storage", ["import", "directquery"])
def test_without_names_no_column_identifies_a_customer(tmp_path, storage):
    """Anyone who can build on a model can read all of it, so the table shows only customer_id."""
    build(tmp_path / "out", hide_names=True, storage=storage)
    texts = {path: content.decode() for path, content in contents(tmp_path / "out").items()}
    table = texts["Customer 360.SemanticModel/definition/tables/Top Customers.tmdl"]

    assert re.findall(r"sourceColumn: (name|source_id|email)$", "".join(texts.values()), re.M) == []
    assert '"name"' not in table
    assert '"source_id"' not in table
    [shown] = [
        json.loads(text)
        for path, text in texts.items()
        if f'"{TOP_TEN}"' in text and "/visuals/" in path and path.endswith("visual.json")
    ]
    values = shown["visual"]["query"]["queryState"]["Values"]["projections"]
    assert [each["queryRef"] for each in values] == [
        "Top Customers.customer_id",
        "Top Customers.Account Balance",
        "Loyalty Status.Loyalty Status",
    ]
    assert values[0]["displayName"] == "Customer ID"


def test_an_unwritable_destination_gives_an_error_of_one_line(tmp_path):
    """A file in place of a folder gives the same error as a missing permission, for every user."""
    (tmp_path / "file").write_text("x")

    with pytest.raises(Customer360Error, match="cannot write .*/file/out"):
        build(tmp_path / "file" / "out")
    with pytest.raises(Customer360Error, match="is not a folder"):
        build(tmp_path / "file")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_gives_an_error_of_one_line(tmp_path):
    """Nothing is left behind."""
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(Customer360Error, match="cannot write"):
            build(tmp_path / "out")
    finally:
        tmp_path.chmod(0o700)


def test_a_failed_build_leaves_the_old_one_in_place(tmp_path, monkeypatch):
    """After a full disk, the previous project still opens."""
    build(tmp_path / "out")
    before = contents(tmp_path / "out")
    real = Path.write_text

    def full_disk(self, *args, **kwargs):
        if self.name == "relationships.tmdl":
            raise OSError(28, "No space left on device")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Path, "write_text", full_disk)
    with pytest.raises(Customer360Error, match="No space left on device"):
        build(tmp_path / "out", server="other.example")

    assert contents(tmp_path / "out") == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_defaults_are_the_embedded_database():
    """So the committed project opens without changes on the machine that built the results."""
    from customer360 import tables
    from customer360.postgres import embedded

    assert f"{embedded.HOST}:{embedded.PREFERRED_PORT}" == project.SERVER
    assert (embedded.DATABASE, tables.RESULT_SCHEMA) == (project.DATABASE, project.SCHEMA)


def test_building_needs_no_spark_and_no_database():
    """The report is built from definitions, on a laptop without Java in a second."""
    loaded = "import sys, customer360.power_bi.project, customer360.web.sql; print(*sys.modules)"

    modules = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    ).stdout.split()

    assert not {name.split(".")[0] for name in modules} & {"pyspark", "psycopg", "adbc_driver_manager", "duckdb"}
    assert not [name for name in modules if name.startswith(("customer360.postgres", "customer360.operations"))]


def test_every_file_is_utf8_without_a_mark_and_json_is_json(tmp_path):
    """Microsoft's reader rejects a byte order mark."""
    build(tmp_path / "out")

    for path, content in contents(tmp_path / "out").items():
        assert not content.startswith(b"\xef\xbb\xbf")
        assert b"\r" not in content
        if path.endswith((".json", ".pbip", ".pbir", ".pbism", ".platform")):
            assert json.loads(content)["$schema" if "BaseThemes" not in path else "name"]


@pytest.mark.slow
@pytest.mark.parametrize("storage", ["import", "directquery"])
def test_microsofts_own_checks_find_nothing(tmp_path, storage):
    """JSON schemas, the PBIR validator, the Tabular Object Model, references, M and DAX."""
    script = Path(CHECKS, "check_all.sh")
    if not CHECKS or not script.is_file() or not shutil.which("node"):
        pytest.skip("NOT CHECKED by Microsoft's tools: set POWER_BI_CHECKS_DIR to their folder, and install node")
    build(tmp_path / "out", storage=storage)

    result = subprocess.run(
        ["bash", str(script), str(tmp_path / "out")], capture_output=True, text=True, check=False
    )

    assert "ALL PASSED" in result.stdout, result.stdout + result.stderr
    assert re.search(r'"errorCount": 0,\s+"warningCount": 0', result.stdout)
