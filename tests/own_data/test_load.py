"""Loads files of any shape: customers, rejected rows and counts that add up, on the real database and Spark."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import process_time
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from customer360.commands.load import PlanOutcome
from customer360.errors import Customer360Error, Invalid
from customer360.mock_data.plan import Plan
from customer360.own_data.evaluate import evaluated
from customer360.own_data.guess import guess
from customer360.own_data.loadable import Loadable, find_loadable
from customer360.own_data.mapped import trees, with_source_id
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.planning import plan_load
from customer360.own_data.raw_tables import spool_file
from customer360.own_data.request import Request
from customer360.own_data.row_kinds import CUSTOMER_ROWS, ORDER_LINES
from customer360.pipeline.fill import fill_mock_data
from customer360.pipeline.load import Filling, load_found
from customer360.pipeline.run import run_operations
from customer360.postgres.connection import Database
from customer360.postgres.origin import origin
from customer360.tables import CUSTOMERS, EVENTS
from tests.statements import fetch

AS_OF = date(2026, 6, 30)


@contextmanager
def found_in(path: Path, mapping: ColumnMapping | None = None, **guessing: Any) -> Iterator[Loadable]:
    with spool_file(path) as raw:
        mapping = with_source_id(mapping or guess(raw.columns, raw.sample(), **guessing), raw.columns)
        raw, mapping = evaluated(raw, mapping, as_of=AS_OF)
        found = find_loadable(raw, mapping, as_of=AS_OF)
        assert found.tally.rows_in == raw.rows
        yield found


def customers(found: Loadable) -> dict[int, dict[str, Any]]:
    return {row["customer_id"]: row for row in rows_of(found.files[CUSTOMERS], CUSTOMERS.column_names)}


def events(found: Loadable) -> list[dict[str, Any]]:
    return rows_of(found.files[EVENTS], EVENTS.column_names)


def spent(found: Loadable) -> dict[int, Decimal]:
    """The spending of each customer, net of refunds."""
    sums: dict[int, Decimal] = {}
    for event in events(found):
        sums[event["customer_id"]] = sums.get(event["customer_id"], Decimal(0)) + (event["amount"] or 0)
    return sums


def rejected(found: Loadable) -> list[dict[str, Any]]:
    return rows_of(found.rejected, ("customer_id", "reasons", "original_row"))


def rows_of(files: Sequence[Path], columns: Sequence[str]) -> list[dict[str, Any]]:
    return [row for file in files for row in pq.read_table(file, columns=list(columns)).to_pylist()]


def reasons(found: Loadable) -> dict[int | None, set[str]]:
    """By line; rows of forgotten customers have no line."""
    return {
        json.loads(row["original_row"]).get("source_line"): set(row["reasons"].split(", "))
        for row in rejected(found)
    }


DIRTY = """Customer ID;Full Name;Member Since;First Order;Last Seen;Tier;Points;Total Spent;Active?
1;"Ann; ""A"" B";31/12/2023;;2024-05-01 10:00;Gold;1.200;1.234,50;Yes
2;Bob;01/02/2024;;01/03/2024 10:00;silver;;€ 12,00;0
2;Bob newer;01/02/2024;;2024-06-01 10:00;Silver;5;13,00;1
3;"Two
lines";30/02/2024;;;Bronze;x;abc;maybe
4;short
5;Eve;01/01/2024;01/12/2023;2023-01-01;Bronze;-5;1;y
;Nobody;01/01/2024;;;Bronze;5;99999999999,00;y
6;Old;01/01/1800;;;Bronze;5;NaN;y
7;Future;01/01/2031;;;Bronze;100000000001;-3,50;y
8;Null\0byte;01/01/2024;;;Bronze;5;1;y
9;Fine;15/01/2024;16/01/2024;;;;;
"""


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loadable]:
    path = tmp_path_factory.mktemp("dirty") / "members.csv"
    path.write_text(DIRTY.replace("\n", "\r\n"), encoding="utf-8-sig")
    with found_in(path) as found:
        yield found


def test_every_row_that_cannot_be_loaded_has_all_its_reasons(dirty: Loadable) -> None:
    """With the line number of an editor."""
    assert reasons(dirty) == {
        3: {"customer_id_duplicate"},
        5: {
            "join_date_unreadable",
            "loyalty_points_unreadable",
            "account_balance_unreadable",
            "is_active_unreadable",
        },
        7: {"wrong_number_of_fields"},
        8: {"first_purchase_before_join", "last_login_before_join", "negative_points"},
        9: {"customer_id_missing", "account_balance_too_large"},
        10: {"date_before_1900"},
        11: {"date_in_future", "too_many_points"},
        12: {"null_byte"},
    }
    assert dirty.tally.reasons["customer_id_duplicate"].first_line == 3


def test_every_other_row_is_a_customer(dirty: Loadable) -> None:
    """The newest of two rows is kept; columns that the source lacks are null."""
    found = customers(dirty)

    assert set(found) == {1, 2, 9}
    assert found[1] == dict.fromkeys(CUSTOMERS.column_names) | {
        "customer_id": 1, "source_id": "1", "name": 'Ann; "A" B', "join_date": date(2023, 12, 31), "loyalty_points": 1200,
        "last_login": datetime(2024, 5, 1, 10), "is_active": True, "loyalty_status": "Gold",
        "account_balance": Decimal("1234.50"),
    }  # fmt: skip
    assert (found[2]["name"], found[2]["account_balance"]) == ("Bob newer", Decimal("13.00"))
    assert (found[9]["loyalty_status"], found[9]["account_balance"], found[9]["is_active"]) == (None, None, None)


def test_the_counts_add_up_and_the_facts_say_what_is_missing(dirty: Loadable) -> None:
    """Rows in = rows loaded + rows rejected."""
    tally = dirty.tally
    assert (tally.rows_in, tally.rows_loaded, tally.rows_rejected, tally.customers) == (11, 3, 8, 3)
    assert dirty.facts(CUSTOMERS)["missing_columns"] == ["email", "gender", "birth_date", "country", "city"]
    assert dirty.facts(CUSTOMERS)["status_order"] == ["Bronze", "Silver", "Gold"]


def test_a_rejected_row_is_kept_unchanged(dirty: Loadable) -> None:
    """So that it can be fixed and loaded."""
    rows = [json.loads(row["original_row"]) for row in rejected(dirty)]
    found = {row["source_line"]: row for row in rows}

    assert found[7] == {"source_line": 7, "source_file": "members.csv", "text": "4;short"}
    assert found[12]["Full Name"] == "Null\0byte"
    assert list(found[3])[:4] == ["source_line", "source_file", "Customer ID", "Full Name"]


@pytest.mark.slow
def test_loading_replaces_mock_data_and_the_results_follow(
    spark: SparkSession, database: Database, dirty: Loadable
) -> None:
    """End to end: your own data replaces mock data and gives results; no loaded row is rejected later."""
    fill_mock_data(database, spark, Plan(500, as_of=AS_OF))

    load_found(database, [Filling(dirty, {"source": "members.csv", "as_of": AS_OF})], Request(max_rejected=0.8))

    with database.connect() as connection:
        found = origin(connection, CUSTOMERS.full_name)
    assert (found.kind, found.source, found.rows) == ("own", "members.csv", 3)
    assert found.comment["rejected"]["null_byte"] == 1
    found_by = "SELECT source, found_by, count(*) FROM analytics.rejected_rows GROUP BY 1, 2 ORDER BY 1, 2"
    assert fetch(database, found_by) == [("public.customers", "load", 8)]
    assert fetch(database, "SELECT name FROM public.customers ORDER BY customer_id") == [
        ('Ann; "A" B',), ("Bob newer",), ("Fine",),
    ]  # fmt: skip
    refresh = run_operations(database, spark)
    assert (refresh.as_of_date, refresh.source_kind, refresh.rows_out, refresh.rows_rejected) == (
        AS_OF,
        "own",
        3,
        0,
    )
    run_operations(database, spark)
    rejected = "SELECT count(*), count(DISTINCT original_row) FROM analytics.rejected_rows"
    assert fetch(database, rejected) == [(8, 8)]


@pytest.mark.slow
def test_rejected_rows_stay_as_long_as_the_customers_that_were_loaded_with_them(
    spark: SparkSession, database: Database, dirty: Loadable
) -> None:
    """Neither results of another table nor a backup restored without comments removes them."""
    rejected = "SELECT source, found_by, count(*) FROM analytics.rejected_rows GROUP BY 1, 2 ORDER BY 1, 2"
    loaded = ("public.customers", "load", 8)
    load_found(database, [Filling(dirty, {"source": "members.csv"})], Request(max_rejected=1))
    with database.connect() as connection:
        connection.execute("CREATE SCHEMA crm")
        connection.execute("CREATE TABLE crm.members AS SELECT customer_id, account_balance FROM public.customers")
        connection.execute("INSERT INTO crm.members VALUES (NULL, 5)")

    run_operations(database, spark, table="crm.members", as_of=AS_OF)
    assert fetch(database, rejected) == [("crm.members", "run", 1), loaded]
    run_operations(database, spark, as_of=AS_OF)
    assert fetch(database, rejected) == [loaded]

    with database.connect() as connection:
        (leaf,) = connection.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'public.customers'::regclass"
        ).fetchone() or ("",)
        connection.execute(f"COMMENT ON TABLE {leaf} IS NULL")
    run_operations(database, spark, as_of=AS_OF, allow_shrink=True)
    assert fetch(database, rejected) == [loaded]

    fill_mock_data(database, spark, Plan(100, as_of=AS_OF), replace=True)
    assert fetch(database, rejected) == []
    run_operations(database, spark)
    assert fetch(database, rejected) == []


def test_a_load_and_a_run_each_replace_the_rejected_rows_that_they_found_themselves(
    spark: SparkSession, database: Database, dirty: Loadable
) -> None:
    """Published results keep the reasons for missing rows until the next run."""
    found_by = "SELECT found_by, count(*) FROM analytics.rejected_rows GROUP BY 1 ORDER BY 1"
    fill_mock_data(database, spark, Plan(500, as_of=AS_OF, dirt=0.2))
    refresh = run_operations(database, spark)
    by_run = refresh.rows_rejected + refresh.events_rejected

    load_found(database, [Filling(dirty, {"source": "members.csv"})], Request(max_rejected=1))
    assert fetch(database, found_by) == [("load", 8), ("run", by_run)]
    load_found(database, [Filling(dirty, {"source": "members.csv"})], Request(max_rejected=1, replace=True))
    assert fetch(database, found_by) == [("load", 8), ("run", by_run)]

    run_operations(database, spark, as_of=AS_OF, allow_shrink=True)
    assert fetch(database, found_by) == [("load", 8)]


def test_too_many_rejected_rows_change_nothing(database: Database, dirty: Loadable) -> None:
    """Nor are existing customers of your own replaced, unless you say so."""
    with pytest.raises(
        Customer360Error, match=r"8 of 11 rows \(72.7%\) cannot be loaded, more than --max-rejected 5%"
    ):
        load_found(database, [Filling(dirty, {})], Request())
    assert fetch(database, "SELECT to_regclass('public.customers') IS NULL") == [(True,)]

    load_found(database, [Filling(dirty, {})], Request(max_rejected=1))
    with pytest.raises(Customer360Error, match="was loaded from your own data; nothing was deleted.*--replace"):
        load_found(database, [Filling(dirty, {})], Request(max_rejected=1))
    load_found(database, [Filling(dirty, {})], Request(max_rejected=1, replace=True))


def test_without_newest_by_no_duplicate_is_kept(tmp_path: Path) -> None:
    """It is unknown which one is right."""
    path = tmp_path / "members.csv"
    path.write_text("id,balance,version\n1,5,1\n2,6,9\n2,7,10\n")
    mapping = ColumnMapping({"customer_id": "id", "account_balance": "balance"})

    with found_in(path, mapping) as found:
        assert set(customers(found)) == {1}
    with found_in(path, ColumnMapping(mapping.columns, newest_by="version")) as found:
        assert customers(found)[2]["account_balance"] == 7
        assert reasons(found) == {3: {"customer_id_duplicate"}}


def test_files_of_a_directory_are_one_source(tmp_path: Path) -> None:
    """A column that one of them lacks is null there; of two equally new rows, that of the last file is kept."""
    (tmp_path / "a.csv").write_text("id,balance,seen\n1,5.50,2024-01-02\n2,6,2024-01-02\n")
    (tmp_path / "b.csv").write_text("seen;id;name\n2024-01-02;1;Ann\n")
    mapping = ColumnMapping(
        {"customer_id": "id", "account_balance": "balance", "name": "name"}, newest_by="seen"
    )  # fmt: skip

    with found_in(tmp_path, mapping) as found:
        rows = {key: (row["name"], row["account_balance"]) for key, row in customers(found).items()}
        assert rows == {1: ("Ann", None), 2: (None, 6)}
        (lost,) = (json.loads(row["original_row"]) for row in rejected(found))
        assert (lost["source_file"], lost["source_line"], lost["balance"]) == ("a.csv", 2, "5.50")


def test_expressions_are_evaluated_regardless_of_column_names(tmp_path: Path) -> None:
    """Rows that could not be split keep their text."""
    (tmp_path / "a.csv").write_text("id,first name,a.b {},\n1,Ann,x,é\n2,Bob,,\nx\n")
    mapping = ColumnMapping(
        {"customer_id": "id", "name": "concat(`first name`, ' ', `a.b {}`)", "account_balance": "id / 3"}
    )  # fmt: skip

    with spool_file(tmp_path / "a.csv") as raw:
        found = find_loadable(*evaluated(raw, mapping), as_of=AS_OF)
        rows = {key: (row["name"], row["account_balance"]) for key, row in customers(found).items()}
        assert rows == {1: ("Ann x", Decimal("0.33")), 2: ("Bob", Decimal("0.67"))}
        assert [json.loads(row["original_row"])["text"] for row in rejected(found)] == ["x"]


def test_typed_values_are_read_as_they_are_regardless_of_options(tmp_path: Path) -> None:
    """A database's 1.234 is never 1234, not even with --decimal comma, and needs no option."""
    path = tmp_path / "members.parquet"
    columns = {"id": [1, 2], "balance": [Decimal("1.234"), Decimal("5.678")], "points": ["1.234", "250"]}
    pq.write_table(pa.table(columns), path)
    mapping = ColumnMapping({"customer_id": "id", "account_balance": "balance", "loyalty_points": "points"})

    for one in (mapping, mapping.with_styles("decimal comma")):
        with found_in(path, one) as found:
            rows = {key: (row["account_balance"], row["loyalty_points"]) for key, row in customers(found).items()}
            assert rows == {1: (Decimal("1.23"), 1234), 2: (Decimal("5.68"), 250)}


def test_the_files_of_a_folder_are_each_read_as_they_are_written(tmp_path: Path) -> None:
    """One file has the day first, the other the month; together, the longer one would decide for both."""
    folder = tmp_path / "exports"
    folder.mkdir()
    days = ["02/03/2023", "13/01/2023", *["14/02/2023"] * 50]
    (folder / "eu.csv").write_text(
        "id;joined;spent\n" + "".join(f"{i};{day};1.234,5\n" for i, day in enumerate(days))
    )
    (folder / "us.csv").write_text('id,joined,spent\n101,02/03/2023,"1,234.5"\n102,01/13/2023,"1,234"\n')
    mapping = ColumnMapping({"customer_id": "id", "join_date": "joined", "account_balance": "spent"})

    with found_in(folder, mapping) as found:
        rows = customers(found)
        assert found.tally.rows_rejected == 0
        assert found.mapping.formats == {
            "join_date": "day first in eu.csv and month first in us.csv",
            "account_balance": "decimal comma in eu.csv and decimal point in us.csv",
        }
    assert (rows[0]["join_date"], rows[101]["join_date"]) == (date(2023, 3, 2), date(2023, 2, 3))
    assert [rows[i]["account_balance"] for i in (0, 101, 102)] == [
        Decimal("1234.50"),
        Decimal("1234.50"),
        Decimal(1234),
    ]


def test_an_ambiguous_file_does_not_take_the_style_of_its_neighbours(tmp_path: Path) -> None:
    """It may have another origin; the error names the file, the line and the value."""
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "a.csv").write_text("id,joined\n1,13/01/2023\n")
    (folder / "b.csv").write_text("id,joined\n2,2023-01-02\n3,02/03/2023\n")
    mapping = ColumnMapping({"customer_id": "id", "join_date": "joined"})

    with (
        pytest.raises(
            Customer360Error,
            match=r"^b.csv, line 3: join_date 02/03/2023 can be read as day first or month first; choose",
        ),
        found_in(folder, mapping),
    ):
        pass
    with found_in(folder, mapping.with_styles("day first")) as found:
        assert customers(found)[3]["join_date"] == date(2023, 3, 2)


def test_typed_numbers_are_not_evidence_and_keep_their_point(tmp_path: Path) -> None:
    """A JSON number 12.345 is never 12345, even next to texts with decimal commas."""
    path = tmp_path / "members.jsonl"
    path.write_text(
        '{"id": 1, "spent": 12.345, "points": 250}\n{"id": 2, "spent": "1.234,50", "points": "1.234"}\n'
        '{"id": 3, "spent": "7.125", "points": 125.500}\n'
    )
    mapping = ColumnMapping({"customer_id": "id", "account_balance": "spent", "loyalty_points": "points"})

    with found_in(path, mapping) as found:
        rows = customers(found)
        assert reasons(found) == {3: {"loyalty_points_unreadable"}}
    assert (rows[1]["account_balance"], rows[2]["account_balance"]) == (Decimal("12.35"), Decimal("1234.50"))
    assert rows[2]["loyalty_points"] == 1234
    path.write_text('{"id": 1, "spent": 12.5, "points": 1}\n{"id": 2, "spent": "1.234", "points": 2}\n')
    with pytest.raises(Customer360Error, match="line 2: account_balance 1.234 can be"), found_in(path, mapping):
        pass


def test_zero_dates_and_births_of_the_last_century_cost_no_row(tmp_path: Path) -> None:
    """In the formats of MySQL, .NET, Excel and accounting."""
    path = tmp_path / "members.csv"
    never = ["0000-00-00", "0000-00-00 00:00:00", "00/00/0000", "00/01/1900", "1/0/1900", "0001-01-01T00:00:00", "1899-12-30",
             "0-Jan-00", "00:00:00"]  # fmt: skip
    path.write_text(
        "id,joined,seen,born,spent\n"
        + "".join(f"{i},2020-01-{i:02},{text},13/02/38,$ -\n" for i, text in enumerate(never, start=1))
        + "20,1899-12-29,,,1\n"
    )
    mapping = ColumnMapping(
        {
            "customer_id": "id",
            "join_date": "joined",
            "last_login": "seen",
            "birth_date": "born",
            "account_balance": "spent",
        }
    )

    with found_in(path, mapping) as found:
        rows = customers(found)
        assert reasons(found) == {11: {"date_before_1900"}}
    assert {row["last_login"] for row in rows.values()} == {None}
    assert {row["birth_date"] for row in rows.values()} == {date(1938, 2, 13)}
    assert {row["account_balance"] for row in rows.values()} == {Decimal(0)}


def test_ids_that_lost_their_last_digits_are_rejected_with_how_to_fix_it(tmp_path: Path) -> None:
    """1.23457E+12 may be any of a million customers; an exponent that keeps all digits is valid."""
    path = tmp_path / "members.csv"
    path.write_text('id,spent\n1.23457E+12,1\n1.2E+15,2\n="1E+12",3\n1e+05,4\n1.23456789012E+11,5\n')
    mapping = ColumnMapping({"customer_id": "id", "account_balance": "spent"})

    with found_in(path, mapping) as found:
        assert reasons(found) == {line: {"customer_id_damaged"} for line in (2, 3, 4)}
        assert set(customers(found)) == {100_000, 123_456_789_012}
        with pytest.raises(
            Customer360Error, match="customer_id_damaged .3, first in line 2.; export the ids as text"
        ):
            found.tally.require(0.05)


def test_text_ids_that_lost_their_last_digits_are_rejected_too(tmp_path: Path) -> None:
    """The hash of a shortened id would be the same number for a million customers."""
    path = tmp_path / "members.csv"
    path.write_text('id,spent\nC-1,1\n1.23457E+12,2\n="C-2",3\nC-2,4\n')
    mapping = ColumnMapping({"customer_id": "hashed_id(id)", "account_balance": "spent"})

    with found_in(path, mapping) as found:
        assert reasons(found) == {
            3: {"customer_id_damaged"}, 4: {"customer_id_duplicate"}, 5: {"customer_id_duplicate"},
        }  # fmt: skip


@pytest.mark.slow
def test_ten_times_as_many_columns_take_ten_times_as_long(tmp_path: Path) -> None:
    """Not a hundred times: survey exports have thousands of columns."""
    path = tmp_path / "survey.csv"
    names, row = ",".join(f"q{i}" for i in range(8_000)), ",".join("1" * 8_000)
    path.write_text(f"customer_id,join_date,{names}\n" + f"1,2024-01-02,{row}\n2,2024-01-02,{row}\n")
    before = process_time()

    with spool_file(path) as raw:
        planned = plan_load(raw, Request(path=path, dry_run=True))
        lines = list(PlanOutcome(planned).lines())
        found = find_loadable(raw, planned.mapping, as_of=AS_OF)

    assert found.tally.customers == 2
    assert next(line for line in lines if "not used" in line).endswith("q48, q49 and 7,950 more")
    assert process_time() - before < 20


def test_the_last_possible_day_may_be_the_as_of_date(tmp_path: Path) -> None:
    """There is no day after it."""
    path = tmp_path / "members.csv"
    path.write_text("id,joined\n1,9999-12-31\n")

    with spool_file(path) as raw:
        mapping = ColumnMapping({"customer_id": "id", "join_date": "joined"})
        assert find_loadable(raw, mapping, as_of=date.max).tally.customers == 1


def test_a_right_side_may_be_quoted_or_in_other_case_and_a_constant_takes_precedence(tmp_path: Path) -> None:
    """As in SQL; neither makes it an expression."""
    path = tmp_path / "members.csv"
    path.write_text("ID,Total Spent,Land\n1,5,Spain\n")
    mapping = ColumnMapping(
        {"customer_id": "id", "account_balance": "`total spent`", "country": "Land"}, {"country": "Portugal"}
    )

    with found_in(path, mapping) as found:
        (row,) = customers(found).values()
    assert (row["customer_id"], row["account_balance"], row["country"]) == (1, 5, "Portugal")
    assert trees(mapping, ["ID", "Total Spent", "Land"]) == {}
    assert [*trees(replace(mapping, newest_by="upper(Land)"), ["ID", "Total Spent", "Land"])] == ["newest_by"]


def test_duplicates_are_found_across_the_files_of_a_long_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One row per customer is kept, and every other is rejected with its cells and its line."""
    monkeypatch.setattr("customer360.own_data.raw_tables.FILE_ROWS", 100)
    path = tmp_path / "members.csv"
    filling = "x" * 20_000
    path.write_text(
        "id,balance,version,name\n" + "".join(f"{i % 400},{i}.50,{i},{filling}\n" for i in range(1_000))
    )
    mapping = ColumnMapping({"customer_id": "id", "account_balance": "balance"}, newest_by="version")

    with found_in(path, mapping) as found:
        assert len(found.files[CUSTOMERS]) > 3
        kept = {key: row["account_balance"] for key, row in customers(found).items()}
        lost = [json.loads(row["original_row"]) for row in rejected(found)]

    assert kept == {i % 400: Decimal(i) + Decimal("0.5") for i in range(600, 1_000)}
    assert {(row["source_line"], row["version"]) for row in lost} == {(i + 2, str(i)) for i in range(600)}


def test_a_mapping_takes_expressions_constants_value_maps_and_odd_names(tmp_path: Path) -> None:
    """An expression that fails for a row is null there and does not stop the load."""
    path = tmp_path / "flights.csv"
    path.write_text(
        "Loyalty Number,a.b `c`,Enrollment Year,Enrollment Month,Cancellation Year,CLV\n"
        "480934,Star,2016,2,,3839.14\n549612,aurora,2016,13,2018,x\n"
    )
    mapping = ColumnMapping(
        {"customer_id": "Loyalty Number", "join_date": "make_date(`Enrollment Year`, `Enrollment Month`, 1)",
         "is_active": "`Cancellation Year` = ''", "loyalty_status": "a.b `c`",
         "account_balance": "try_cast(CLV AS double) / 3"},
        constants={"country": "Canada"},
        values={"loyalty_status": {"Star": "Bronze"}},
        status_order=("Bronze", "Aurora"),
    )  # fmt: skip

    with found_in(path, mapping) as found:
        one, two = customers(found)[480934], customers(found)[549612]

    assert (one["join_date"], one["is_active"], one["loyalty_status"], one["country"], one["account_balance"]) == (
        date(2016, 2, 1), True, "Bronze", "Canada", Decimal("1279.71"),
    )  # fmt: skip
    assert (two["join_date"], two["is_active"], two["loyalty_status"], two["account_balance"]) == (
        None, False, "Aurora", None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("jioned", "unknown column 'jioned' in the expression for join_date. Did you mean 'joined'?"),
        ("to_date(jioned)", "unknown column 'jioned' in the expression for join_date. Did you mean 'joined'?"),
        ("to_date(joined", "syntax error at ^ in the expression for join_date: to_date(joined^"),
        ("to_date(joined))", "syntax error at ^ in the expression for join_date: to_date(joined)^)"),
        (
            "to_dat(joined)",
            "calls to_dat(), which is not allowed; the nearest allowed function is to_date()",
        ),
        ("array(joined)", "returns array<string>; return one value"),
        ("sum(joined) + id", "calls sum(), which is not allowed"),
        (
            "date_add(joined)",
            "the expression for join_date: date_add() does not accept string; it takes 2 arguments",
        ),
        ("joined - id + true", "the expression for join_date: + does not accept double, boolean; cast to a type"),
    ],
)
def test_an_invalid_mapping_is_one_line(tmp_path: Path, expression: str, said: str) -> None:
    """It says what is wrong and where."""
    path = tmp_path / "members.csv"
    path.write_text("id,joined\n1,2024-01-02\n")
    mapping = ColumnMapping({"customer_id": "id", "join_date": expression})

    with pytest.raises(Customer360Error) as raised, found_in(path, mapping):
        pass

    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
    assert "SQLSTATE" not in str(raised.value)


LINES = """Invoice,StockCode,Quantity,InvoiceDate,Price,Customer ID,Country
1,A,6,12/1/2010 8:26,2.555,17850.0,United Kingdom
1,B,2,12/13/2010 8:26,1.00,17850.0,United Kingdom
C2,A,-1,1/5/2011 9:00,2.555,17850.0,France
3,A,1,12/2/2010 10:00,5,,United Kingdom
C4,A,-3,12/2/2010 10:00,4,13047.0,Spain
5,A,x,12/2/2010 10:00,4,13047.0,Spain
6,A,1,12/2/2010 10:00,,13047.0,Spain
"""


def test_events_and_customers_are_derived_from_order_lines(tmp_path: Path) -> None:
    """Returns are refunds; every line is in an event or rejected; a purchase does not count as a login."""
    path = tmp_path / "lines.csv"
    path.write_text(LINES)

    with found_in(path, kind=ORDER_LINES) as found:
        rows, tally, happened = customers(found), found.tally, events(found)
        assert reasons(found) == {
            5: {"customer_id_missing"}, 7: {"quantity_unreadable"}, 8: {"amount_missing"},
        }  # fmt: skip
        assert found.columns(CUSTOMERS) == ("customer_id", "source_id", "country", "join_date", "first_purchase")
        assert found.columns(EVENTS) == (
            "event_id", "customer_id", "occurred_at", "kind", "amount", "order_id",
        )  # fmt: skip
        assert found.missing_columns(EVENTS) == ["points", "expires_on", "loyalty_status"]

    assert (tally.rows_in, tally.rows_loaded, tally.rows_rejected) == (7, 4, 3)
    assert (tally.customers, tally.events, tally.cancelled_lines) == (2, 3, 2)
    one, two = rows[17850], rows[13047]
    assert (one["join_date"], one["first_purchase"], one["country"]) == (date(2010, 12, 1),) * 2 + ("France",)
    assert (two["join_date"], two["first_purchase"]) == (date(2010, 12, 2), None)
    shown = {e["order_id"]: (e["customer_id"], e["kind"], e["occurred_at"], e["amount"]) for e in happened}
    assert shown == {
        "1": (17850, "purchase", datetime(2010, 12, 1, 8, 26), Decimal("17.33")),  # 15.33 + 2
        "C2": (17850, "refund", datetime(2011, 1, 5, 9), Decimal("-2.56")),  # -2.555, away from zero
        "C4": (13047, "refund", datetime(2010, 12, 2, 10), Decimal(-12)),
    }


def test_sums_that_are_out_of_range_are_rejected_with_all_lines(tmp_path: Path) -> None:
    """Each line is in range and counted once; the sum of a customer's points has a range too."""
    path = tmp_path / "lines.csv"
    path.write_text(
        "customer,date,amount,points\n1,2024-01-02,9999999999.00,5\n1,2024-01-02,1.50,5\n"
        "2,2024-01-02,1.50,-5\n3,2024-01-02,1.50,5\n3,2024-01-03,-1.50,5\n"
    )
    mapping = ColumnMapping(
        {"customer_id": "customer", "order_date": "date", "amount": "amount", "loyalty_points": "points"},
        kind=ORDER_LINES,
    )

    with found_in(path, mapping) as found:
        shown = {
            row["customer_id"]: (row["reasons"], json.loads(row["original_row"])["lines"])
            for row in rejected(found)
        }
        assert shown == {
            1: ("event_amount_too_large", 2),
            2: ("negative_points", 1),
            3: ("event_deduction_above_zero", 1),
        }
        assert (found.tally.rows_loaded, found.tally.rows_rejected, found.tally.customers) == (1, 4, 1)
        assert customers(found)[3]["loyalty_points"] == 5
        assert [event["customer_id"] for event in events(found)] == [3]


IDS = st.one_of(st.integers(1, 12).map(str), st.sampled_from(["", "x", "1.5", str(2**70), " 3 ", "4.0"]))
DAYS = st.one_of(
    st.dates(date(1890, 1, 1), date(2030, 1, 1)).flatmap(
        lambda day: st.sampled_from(
            [day.isoformat(), day.strftime("%d/%m/%Y"), day.strftime("%d %b %Y"), f"{day} 10:30"]
        )
    ),
    st.sampled_from(["", "NULL", "31/02/2024", "tomorrow", "2024-13-01", "0001-01-01"]),
)
AMOUNTS = st.one_of(
    st.decimals(-(10**11), 10**11, places=2).flatmap(
        lambda x: st.sampled_from([str(x), f"€ {x:,.2f}", f"{x:.3e}"])
    ),
    st.sampled_from(["", "NaN", "inf", "1,23", "12 apples", "9" * 30]),
)
FLAGS = st.sampled_from(["Yes", "no", "1", "0", "Y", "N", "true", "FALSE", "", "maybe"])
NAMES = st.text(st.characters(codec="utf-8"), max_size=6)
ROWS = st.lists(st.tuples(IDS, NAMES, DAYS, DAYS, DAYS, FLAGS, NAMES, AMOUNTS, AMOUNTS), min_size=30, max_size=120)


def written(rows: list[tuple[str, ...]], damage: list[int]) -> str:
    """A CSV file of *rows*; some of its lines have a field too many or too few."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerow(["id", "name", "joined", "first_order", "last_seen", "active", "tier", "points", "balance"])
    writer.writerow(["1000", "anchor", "31/12/2020", "", "", "", "", "1", "0.50"])
    for number, row in enumerate(rows):
        writer.writerow({0: (*row, "more"), 1: row[:-2]}.get(damage[number % len(damage)], row))
    return text.getvalue()


@pytest.mark.slow
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(rows=ROWS, damage=st.lists(st.integers(0, 20), min_size=1, max_size=9), keeps=st.booleans())
def test_in_any_file_every_row_is_counted_once_and_no_loaded_row_breaks_a_rule(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, ...]],
    damage: list[int],
    keeps: bool,
) -> None:
    """The operations would reject no loaded row."""
    path = tmp_path_factory.mktemp("dirty") / "members.csv"
    path.write_bytes(written(rows, damage).encode())
    mapping = ColumnMapping(
        {"customer_id": "id", "name": "name", "join_date": "joined", "first_purchase": "first_order",
         "last_login": "last_seen", "is_active": "active", "loyalty_status": "tier", "loyalty_points": "points",
         "account_balance": "balance"},
        newest_by="last_seen" if keeps else None,
    )  # fmt: skip

    try:
        with found_in(path, mapping) as found:
            loaded, lost, tally = (
                rows_of(found.files[CUSTOMERS], CUSTOMERS.column_names),
                rejected(found),
                found.tally,
            )
    except Invalid as error:
        if "choose with" not in str(error):
            raise
        return  # decimal mark or date order: nothing in the file decides, so an option is required

    assert tally.rows_loaded + tally.rows_rejected + tally.rows_identical == tally.rows_in == len(rows) + 1
    assert (len(loaded), len(lost)) == (tally.rows_loaded, tally.rows_rejected)
    assert all(row["reasons"] and json.loads(row["original_row"])["source_line"] > 1 for row in lost)
    assert len({row["customer_id"] for row in loaded}) == len(loaded)
    for row in loaded:
        joined, first, last = row["join_date"], row["first_purchase"], row["last_login"]
        days = [joined, first, last and last.date()]
        assert all(day is None or date(1900, 1, 1) <= day <= AS_OF + timedelta(days=1) for day in days)
        assert joined is None or all(day is None or day >= joined for day in days[1:])
        assert row["loyalty_points"] is None or 0 <= row["loyalty_points"] <= 10**11
        assert all("\0" not in (text or "") for text in (row["name"], row["loyalty_status"]))


def test_the_reasons_cover_every_reject_check_of_the_operations() -> None:
    """With the same names."""
    from customer360.own_data.checks import DUPLICATE

    own = {check.name for check in CUSTOMER_ROWS.checks} | {DUPLICATE}
    unreadable = {"not_a_whole_number"}  # `load` calls it customer_id_unreadable or loyalty_points_unreadable
    assert {check.name for check in CUSTOMERS.checks if check.severity == "reject"} <= own | unreadable


def test_the_id_of_the_source_is_kept_unchanged(tmp_path: Path) -> None:
    """A customer is found by the shop's own id, regardless of the number that joins the tables."""
    members, orders = tmp_path / "members.csv", tmp_path / "orders.csv"
    members.write_text("Member No,Joined\n00123,2024-01-02\n 42 ,2024-01-03\n")
    orders.write_text("customer_id,date,amount\n007,2024-01-02,5\n7,2024-02-02,5\n")

    with found_in(members) as found:
        assert {key: row["source_id"] for key, row in customers(found).items()} == {123: "00123", 42: "42"}
    with found_in(orders, kind=ORDER_LINES) as found:
        assert {key: row["source_id"] for key, row in customers(found).items()} == {7: "7"}


def test_order_lines_after_the_as_of_date_are_excluded(tmp_path: Path) -> None:
    """A report of the past does not know later purchases, which are not errors either."""
    path = tmp_path / "lines.csv"
    path.write_text(
        "customer_id,date,amount\n1,2017-12-30,5\n1,2018-01-01,7\n2,2017-12-31 23:59,3\n3,2018-01-01,9\n4,2019-01-01,x\n"
    )
    with spool_file(path) as raw:
        mapping = guess(raw.columns, raw.sample(), kind=ORDER_LINES)
        found = find_loadable(raw, replace(mapping, until=date(2017, 12, 31)), as_of=date(2017, 12, 31))
        assert spent(found) == {1: 5, 2: 3}
        assert (found.tally.rows_in, found.tally.rows_left_out, found.tally.rows_rejected) == (5, 3, 0)
        assert found.last_day == date(2017, 12, 31)


def test_identical_rows_are_one_customer(tmp_path: Path) -> None:
    """They are counted separately from rejected rows; rows that differ in a mapped column are duplicates."""
    path = tmp_path / "members.csv"
    path.write_text(
        "customer_id,join_date,account_balance,note\n1,2024-01-01,1.50,a\n1,2024-01-01,1.5,b\n2,2024-01-01,2,\n"
        "2,2024-01-01,3,\n3,2024-01-01,3,\n1,2024-01-01,1.50,a\n"
    )

    with found_in(path) as found:
        tally = found.tally
        assert sorted(customers(found)) == [1, 3]
        assert reasons(found) == {4: {"customer_id_duplicate"}, 5: {"customer_id_duplicate"}}

    assert (tally.rows_in, tally.rows_loaded, tally.rows_rejected, tally.rows_identical) == (6, 2, 2, 2)
    assert found.facts(CUSTOMERS)["rows_identical"] == 2


def test_identical_order_lines_are_both_counted(tmp_path: Path) -> None:
    """Two units of the same item; without an order_id they are one purchase of that day."""
    path = tmp_path / "lines.csv"
    path.write_text("customer_id,order_date,amount\n1,2024-01-01,5\n1,2024-01-01,5\n")

    with found_in(path, kind=ORDER_LINES) as found:
        assert [event["amount"] for event in events(found)] == [Decimal(10)]
