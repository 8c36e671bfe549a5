"""Lists outside the browser: selections, order, and that each list is logged before it is shown."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import subprocess
from collections.abc import Sequence
from typing import Any

import pytest
from click.testing import CliRunner, Result
from psycopg import sql
from psycopg.conninfo import make_conninfo

from customer360 import connect
from customer360.commands.cli import cli
from customer360.errors import Invalid, Refused, Unavailable
from customer360.people import audiences
from customer360.pipeline.people import Chosen, open_people, people_frame, results_of, save_audience
from customer360.postgres.connection import Database
from tests.statements import execute, fetch

pytestmark = [pytest.mark.spark, pytest.mark.published]

GOLD_IN_SPAIN = {"loyalty_status": "Gold", "country": "Spain"}
OF_PROFILES = (
    "SELECT customer_id FROM analytics.customer_profiles "
    "WHERE status_member = 'Gold' AND country_member = 'Spain' ORDER BY spent DESC, customer_id"
)


def ids(database: Database, chosen: Chosen, **how: Any) -> list[int]:
    return people_frame(
        database,
        chosen,
        results_of(database),
        columns=["customer_id"],
        **{"sort": "customer_id", "limit": None, **how},
    )["customer_id"].tolist()


def command(database: Database, *words: str) -> Result:
    return CliRunner().invoke(cli, [*words, "--database", database.url], catch_exceptions=False)


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_a_list_has_the_customers_in_the_requested_order(small: Database) -> None:
    wanted = [customer for (customer,) in fetch(small, OF_PROFILES)]

    assert ids(small, Chosen(GOLD_IN_SPAIN), sort="-spent") == wanted
    assert ids(small, Chosen(GOLD_IN_SPAIN), sort="-spent", limit=3) == wanted[:3]


def test_a_sum_is_listed_by_customer(small: Database) -> None:
    c = connect(small.url)
    frame = c.people(measure="points_earned", where={"activity_month": "2026-05"}, columns=["customer_id"])
    [whole] = c.ask("points_earned", where={"activity_month": "2026-05"}).points_earned

    assert frame.points_earned.sum() == whole
    assert (frame.points_earned != 0).all()


def test_dimensions_that_a_measure_lacks_still_filter_the_list(small: Database) -> None:
    """Customers have more attributes than the fact of a measure."""
    both = ids(small, Chosen({"gender": "Female"}, "customers_with_balance"))
    query = (
        "SELECT count(*) FROM analytics.customer_profiles WHERE gender = 'Female' AND account_balance IS NOT NULL"
    )

    assert [(len(both),)] == fetch(small, query)


@pytest.mark.parametrize(
    ("chosen", "how", "said"),
    [
        (Chosen({"loyalty_status": "Golt"}), {}, "Did you mean 'Gold'"),
        (Chosen({"loyalty_statuss": "Gold"}), {}, "Did you mean 'loyalty_status'"),
        (Chosen(measure="actve_customers"), {}, "Did you mean 'active_customers'"),
        (Chosen(measure="holdout_ratio"), {}, "has no list of customers"),
        (Chosen({"activity_month": "2026-05"}), {}, "combine it with a measure"),
        (Chosen(), {"sort": "name"}, "cannot be sorted by 'name'"),
        (Chosen(), {"columns": ["e_mail"]}, "Did you mean 'email'"),
        (Chosen(audience="nobody"), {}, "audience save"),
        (Chosen(measure="new_customers", parameters={"balance_threshold": 3}), {}, "has no parameter"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(
    small: Database, chosen: Chosen, how: dict[str, Any], said: str
) -> None:
    with pytest.raises(Invalid, match=said), open_people(small, chosen, **how):
        pass


def test_a_list_is_logged_before_it_is_shown_and_without_names(small: Database) -> None:
    with open_people(small, Chosen(GOLD_IN_SPAIN, "active_customers")) as people:
        [entry] = fetch(
            small,
            "SELECT action, selection, customers FROM analytics.people_access ORDER BY accessed_at DESC LIMIT 1",
        )
        told = sum(1 for _ in people.rows())

    assert entry == ("list", "measure=active_customers, loyalty_status=Gold, country=Spain", told)


def test_the_reader_sees_no_people(small: Database) -> None:
    execute(small, "DROP ROLE IF EXISTS test_reads_only")
    execute(small, "CREATE ROLE test_reads_only; GRANT USAGE ON SCHEMA analytics TO test_reads_only")
    execute(small, "GRANT SELECT ON ALL TABLES IN SCHEMA analytics TO test_reads_only")
    execute(small, "REVOKE ALL ON analytics.customer_contacts FROM test_reads_only")
    try:
        with pytest.raises(Refused, match="customer360_people"), open_people(acting(small), Chosen()):
            pass
    finally:
        execute(small, "DROP OWNED BY test_reads_only; DROP ROLE test_reads_only")


def acting(database: Database) -> Database:
    return Database(make_conninfo(database.url, options="-c role=test_reads_only"))


# --- files -------------------------------------------------------------------------------------------------


def test_a_file_for_spreadsheets_says_that_it_is_utf_8_and_has_every_customer(small: Database, tmp_path) -> None:
    file = tmp_path / "gold.csv"

    done = command(small, "people", "--where", "loyalty_status=Gold", "--sort", "-spent", "--csv", str(file))

    assert done.output == f"{len(ids(small, Chosen({'loyalty_status': 'Gold'}))):,} customers written to {file}\n"
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    assert file.stat().st_mode & 0o077 == 0
    header, *rows = rows_of(file.read_text("utf-8-sig"))
    assert header[:3] == ["customer_id", "name", "email"]
    assert [int(row[0]) for row in rows] == ids(small, Chosen({"loyalty_status": "Gold"}), sort="-spent")
    with pytest.raises(Unavailable, match="already exists; remove it"):
        command(small, "people", "--csv", str(file))


def test_hashes_are_those_of_the_trimmed_address_in_lower_case(small: Database, tmp_path) -> None:
    """The FIPS 180-2 test vector checks the algorithm; the format is what advertising platforms require."""
    assert hashlib.sha256(b"abc").hexdigest().startswith("ba7816bf8f01cfea414140de5dae2223")
    addresses = [" ABC ", "Ünïcode@Example.COM", "", None, "\tx@y.example\n"]
    people = [customer for (customer,) in fetch(small, OF_PROFILES)][: len(addresses)]
    with Contacts(small, "email", dict(zip(people, addresses, strict=True))):
        told = {row[0]: row[1] for row in exported(small, "customer_id,email", tmp_path, "--hashed", "email")}

    for customer, address in zip(people, addresses, strict=True):
        cleaned = (address or "").strip(" \t\r\n").lower()
        hashed = hashlib.sha256(cleaned.encode()).hexdigest()
        assert told.get(str(customer)) == (hashed if address else None)


FORMULAS = [
    "=1+1", "+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", " =1+1", '"=1', "a;=1+1", "a,=1", "x\n=2", "＝1", "a;  -1", "'=1",
]  # fmt: skip
HARMLESS = ["Ana-Maria", "O'Brien", "Müller; Söhne", "a+b", "Jean–Luc", "李", "Zoë =", "C++"]


def test_no_text_begins_a_formula_anywhere_and_others_stay_as_they_are(small: Database, tmp_path) -> None:
    people = [customer for (customer,) in fetch(small, "SELECT customer_id FROM analytics.customer_profiles")]
    names = dict(zip(people, [*FORMULAS, *HARMLESS], strict=False))
    assert len(names) == len(FORMULAS) + len(HARMLESS)
    with Contacts(small, "name", names):
        told = {int(row[0]): row[1] for row in exported(small, "customer_id,name", tmp_path)}

    for customer, name in names.items():
        if name in HARMLESS:
            assert told[customer] == name
        else:
            assert told[customer].replace("'", "") == name.replace("'", "")
            assert not [cell for cell in cells(told[customer]) if cell.lstrip(' "')[:1] in set("=+-@＝＋－＠")]
            assert told[customer][:1] not in set("\t\r\n")


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_evaluates_no_cell(small: Database, tmp_path) -> None:
    """LibreOffice splits cells at commas and semicolons here; a formula would become its value."""
    people = [customer for (customer,) in fetch(small, "SELECT customer_id FROM analytics.customer_profiles")]
    names = dict(zip(people, [f"{sign}1+1" for sign in ("=", "+", "-", "@", "\t=", "a;=", "a,=")], strict=False))
    with Contacts(small, "name", names):
        exported(small, "customer_id,name", tmp_path)
    separators = "44/59,34,76,1,,0,false,true,false"  # comma and semicolon, quotes, UTF-8, from row 1, formulas on
    command = ["soffice", f"-env:UserInstallation=file://{tmp_path}/profile", "--headless"]
    command += [f"--infilter=CSV:{separators}", "--convert-to", "fods", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(tmp_path / "people.csv")], check=True, capture_output=True, timeout=120)

    sheet = (tmp_path / "people.fods").read_text()
    assert sheet.count("1+1") == len(names)
    assert "table:formula" not in sheet


def cells(text: str) -> list[str]:
    """*text* split into cells at other separators."""
    for sign in ",;\t\r\n":
        text = text.replace(sign, "\0")
    return text.split("\0")


def exported(database: Database, columns: str, folder, *words: str) -> Sequence[list[str]]:
    file = folder / "people.csv"
    assert command(database, "people", "--columns", columns, "--csv", str(file), *words).exit_code == 0
    return rows_of(file.read_bytes().decode("utf-8-sig"))[1:]


class Contacts:
    """A context in which some customers have different contact data."""

    def __init__(self, database: Database, column: str, values: dict[int, str | None]) -> None:
        self.database, self.column, self.values = database, column, values

    def __enter__(self) -> None:
        self.before = dict(
            fetch(self.database, f"SELECT customer_id, {self.column} FROM analytics.customer_contacts")
        )
        self._set(self.values)

    def __exit__(self, *_: object) -> None:
        self._set({customer: self.before[customer] for customer in self.values})

    def _set(self, values: dict[int, Any]) -> None:
        update = sql.SQL("UPDATE analytics.customer_contacts SET {} = %s WHERE customer_id = %s")
        with self.database.connect() as connection, connection.cursor() as cursor:
            cursor.executemany(
                update.format(sql.Identifier(self.column)), [(text, customer) for customer, text in values.items()]
            )


# --- the command -------------------------------------------------------------------------------------------


def test_the_command_prints_a_table_and_json(small: Database) -> None:
    words = ("people", "--where", "loyalty_status=Gold", "--where", "country=Spain", "--limit", "2")
    table = command(small, *words, "--columns", "customer_id,name").output.splitlines()
    told = json.loads(command(small, *words, "--json").output)

    assert table[0].split() == ["customer_id", "name"]
    assert table[-1].endswith("of them not shown; to write all: --csv FILE")
    assert told["count"] == len(ids(small, Chosen(GOLD_IN_SPAIN)))
    assert [one["customer_id"] for one in told["customers"]] == [line.split()[0] for line in table[1:3]]


@pytest.mark.parametrize(
    "words", [["--where", "loyalty_status"], ["--hashed", "email"], ["--parameter", "x=y"], ["--limit", "0"]]
)
def test_a_misuse_is_an_error_of_one_line(small: Database, words: list[str]) -> None:
    done = CliRunner().invoke(cli, ["people", *words, "--database", small.url])

    assert done.exit_code != 0


# --- audiences ---------------------------------------------------------------------------------------------


def test_an_audience_is_a_view_that_follows_every_refresh(small: Database) -> None:
    """Months counted back from the as-of date move with it; a named month stays."""
    save_audience(small, "fresh", Chosen(measure="new_customers"))
    save_audience(small, "of_2025", Chosen({"join_month": "2025-01..2025-03"}))
    before = [fetch(small, f"SELECT count(*) FROM audience.{name}") for name in ("fresh", "of_2025")]
    wanted = [[(len(ids(small, Chosen(measure="new_customers"))),)], before[1]]
    latest = "WHERE refresh_id = (SELECT max(refresh_id) FROM analytics.refreshes)"
    execute(small, f"UPDATE analytics.refreshes SET as_of_date = as_of_date - 365 {latest}")
    try:
        earlier = [fetch(small, f"SELECT count(*) FROM audience.{name}") for name in ("fresh", "of_2025")]
        joined = fetch(
            small,
            "SELECT count(*) FROM analytics.customer_profiles WHERE join_month BETWEEN '2024-06-01' AND '2025-05-01'",
        )
    finally:
        execute(small, f"UPDATE analytics.refreshes SET as_of_date = as_of_date + 365 {latest}")

    assert before == wanted
    assert earlier == [joined, before[1]]


def test_an_audience_filters_lists_and_can_be_replaced_and_dropped(small: Database) -> None:
    assert command(small, "audience", "save", "some", "--where", "loyalty_status=Gold").exit_code == 0
    first = ids(small, Chosen(audience="some"))
    assert command(small, "audience", "save", "some", "--where", "loyalty_status=Silver").exit_code == 0
    second = ids(small, Chosen({"country": "Spain"}, audience="some"))

    assert first == ids(small, Chosen({"loyalty_status": "Gold"}))
    assert second == ids(small, Chosen({"loyalty_status": "Silver", "country": "Spain"}))
    assert "some: loyalty_status=Silver" in command(small, "audience", "list").output
    assert command(small, "audience", "drop", "some").output == "audience.some was dropped\n"
    with small.connect() as connection, pytest.raises(Invalid, match="no audience 'some'"):
        audiences.drop(connection, "some")


def test_somebody_elses_view_is_neither_replaced_nor_dropped(small: Database) -> None:
    execute(small, "CREATE SCHEMA IF NOT EXISTS audience; CREATE VIEW audience.theirs AS SELECT 1 AS one")
    with pytest.raises(Refused, match="not made by customer360"):
        save_audience(small, "theirs", Chosen())
    with small.connect() as connection, pytest.raises(Refused, match="not made by customer360"):
        audiences.drop(connection, "theirs")

    assert fetch(small, "SELECT one FROM audience.theirs") == [(1,)]
    execute(small, "DROP VIEW audience.theirs")


@pytest.mark.parametrize("name", ["Gold", "a-b", "1st", "x" * 51, "a;drop"])
def test_invalid_audience_names_are_refused(small: Database, name: str) -> None:
    with pytest.raises(Invalid, match="invalid audience name"):
        save_audience(small, name, Chosen())


def test_bands_are_not_kept_as_they_move_with_the_data(small: Database) -> None:
    with pytest.raises(Invalid, match="bands change"):
        save_audience(small, "rich", Chosen({"balance_band": "0 to 500"}))
