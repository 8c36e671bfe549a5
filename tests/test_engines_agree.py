"""No result depends on the engine: the embedded one and Apache Spark give the same, byte by byte."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from customer360.mock_data.generate import generate_block
from customer360.mock_data.plan import Plan
from customer360.own_data.guess import guess
from customer360.own_data.loadable import find_loadable
from customer360.own_data.mapped import with_source_id
from customer360.own_data.raw_tables import spool_file
from customer360.postgres.connection import Database
from customer360.tables import CUSTOMERS, columns_read
from tests import both_engines
from tests.both_engines import NEEDS_SPARK, REPOSITORY, Case, bytes_of
from tests.conftest import new_database
from tests.nasty_customers import Draw, day, moment, nasty_customers, utc

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),  # a cold Java on a busy machine
    NEEDS_SPARK,
]

AS_OF = date(2026, 6, 30)
NAN = float("nan")
ROWS = 400
HOSTILE_FILE = """\
Customer No;Name;Land;Beitritt;Letzter Login;Saldo;Punkte;Status;Aktiv
00017;Ana  ;CHILE;31.12.2025;2026-06-30T23:59:59+02:00;1.234,565;12;Gold;ja
00018;"Straße\u2028""x"" y";chile\u00a0;01.01.2020;;-0,005;0;gold ;nein
00018;doppelt;Chile;01.01.2020;;1;0;gold;nein
00019;\u202eabc;\u0130stanbul;29.02.2024;2024-02-29T00:00:00Z;9999999999,99;100000000001;GOLD;
00020;;;31.02.2024;;;;;
;ohne;Chile;01.01.2020;;1;1;Gold;ja
"""


def one_of(*values: Any) -> Draw:
    return lambda chance: chance.choice(values)


def amount(chance: random.Random) -> float | None:
    """Doubles at half a cent, next to it, or NaN and infinity."""
    half = chance.choice([chance.randrange(-(10**6), 10**6), chance.randrange(10**12)]) / 200
    near = half + chance.choice([1e-9, -1e-9])
    return chance.choice([None, NAN, float("inf"), -0.0, 1.005, 0.28999999999999998, half, half, near, chance.lognormvariate(4, 4)])  # fmt: skip


def amount_of_four_decimals(chance: random.Random) -> Decimal:
    odd = ["0.0050", "0.0049", "-0.0050", "2.5050", "9999999999.9949", "-9999999999.9949"]
    return Decimal(chance.choice([*odd, f"{chance.randrange(10**8) / 10**4:.4f}"]))


def whole(most: int, *odd: float) -> Draw:
    return lambda chance: chance.choice([None, *odd, *[float(chance.randrange(most))] * 5])


def decimal(draw: Draw) -> Draw:
    return lambda chance: None if (value := draw(chance)) is None else Decimal(str(value))


def iso(draw: Draw) -> Draw:
    return lambda chance: (value := draw(chance)) and value.isoformat()


def cases_of_nasty_customers() -> Iterator[Case]:
    """With the types of the source table, as of days in the past and in the future."""
    days = [AS_OF, date(2000, 2, 29), date(1969, 12, 31), date(2400, 2, 29)]
    for number, as_of in enumerate(days):
        customers = nasty_customers(ROWS, as_of=as_of, seed=number)
        yield Case(f"as-of-{as_of}", customers, as_of, parts=number + 1, status_order=("Silver", "gold")[:number])


def cases_of_missing_columns() -> Iterator[Case]:
    optional = [name for name in columns_read(CUSTOMERS) if name != "customer_id"]
    for kept in ("country", "last_login"):
        missing = tuple(name for name in optional if name != kept)
        yield Case(f"only-{kept}", nasty_customers(60, as_of=AS_OF, seed=1, missing=missing), AS_OF, parts=2)
    yield Case("no-rows", nasty_customers(0, as_of=AS_OF, seed=1), AS_OF)


def cases_of_other_types() -> Iterator[Case]:
    """Columns of the types in other people's tables and files; each with values at its bounds."""

    def case(title: str, **columns: tuple[pa.DataType, Draw]) -> Case:
        return Case(title, nasty_customers(ROWS, as_of=AS_OF, seed=7, missing=(), **columns), AS_OF, parts=2)

    day_of, moment_of = day(AS_OF, spread=500), moment(AS_OF, spread=300)
    yield case(
        "numeric-of-others",
        customer_id=(pa.decimal128(30, 4), decimal(whole(10**6, 1.5, 7.0001))),
        loyalty_points=(pa.decimal128(30, 4), decimal(whole(2_000, 0.5, 1e11, -0.0001))),
        account_balance=(pa.decimal128(30, 4), amount_of_four_decimals),
        loyalty_status=(pa.decimal128(30, 4), one_of(None, Decimal("1.5"), Decimal(2))),
        country=(pa.date32(), day_of),
    )
    yield case(
        "double",
        customer_id=(pa.float64(), whole(10**6, 1.5, -0.0, 2.0**53)),
        loyalty_points=(pa.float64(), whole(3_000, -0.0, 1.5, 1e11, 1e11 + 0.5)),
        account_balance=(pa.float64(), amount),
        source_id=(pa.float64(), whole(10**9, 2.5, 0.25, NAN)),
        country=(pa.float32(), one_of(None, 1.0, 2.5, 1e7, NAN)),
        name=(pa.timestamp("us"), moment_of),
    )
    yield case(
        "smallint-real-and-zones",
        customer_id=(pa.int32(), lambda chance: chance.randrange(10**6)),
        loyalty_points=(pa.int16(), one_of(None, 0, -1, 32767, -32768, 5)),
        account_balance=(pa.float32(), one_of(None, NAN, -0.0, 0.1, 0.005, 1e9, 16777216.0, 123.455)),
        is_active=(pa.int16(), one_of(None, 0, 1, 2)),
        join_date=(pa.timestamp("us", "America/Santiago"), utc(moment_of)),
        first_purchase=(pa.timestamp("us"), moment_of),
        last_login=(pa.timestamp("us", "Asia/Tokyo"), utc(moment_of)),
        source_id=(pa.timestamp("us", "Asia/Tokyo"), utc(moment_of)),
        country=(pa.bool_(), one_of(None, True, False)),
    )
    yield case(
        "text",
        customer_id=(
            pa.string(),
            lambda chance: chance.choice(["", " ", "+", "00"]).strip() + str(chance.randrange(10**6)),
        ),
        join_date=(pa.string(), iso(day_of)),
        first_purchase=(pa.string(), iso(day_of)),
        last_login=(pa.string(), iso(moment_of)),
        is_active=(pa.string(), one_of(None, "true", "t", "Yes", "1", "false", "f", "NO", "0", " True ")),
        loyalty_points=(pa.string(), one_of(None, "12", "-1", " 5 ", "007")),
        account_balance=(pa.string(), one_of(None, "12.345", "12.344", "-0.005", " 7.5 ", ".5", "5.", "+1")),
    )
    yield case(
        "login-is-a-day",
        last_login=(pa.date32(), day_of),
        account_balance=(pa.int64(), one_of(None, 7, -7)),
    )


def cases_of_mock_and_own_data(folder: Path) -> Iterator[Case]:
    yield Case(
        "dirty-mock-data", pa.table(generate_block(Plan(3_000, as_of=AS_OF, dirt=0.3), 0)), date(2026, 1, 31)
    )
    hostile = folder / "hostile.csv"
    hostile.write_text(HOSTILE_FILE, "utf-8")
    for title, file in (("own-data", REPOSITORY / "examples" / "members.csv"), ("hostile-own-data", hostile)):
        yield Case(title, own_customers(file), AS_OF, parts=2)


def own_customers(file: Path) -> pa.Table:
    """The customers that are loaded from *file*."""
    with spool_file(file) as raw:
        mapping = with_source_id(guess(raw.columns, raw.sample()), raw.columns)
        found = find_loadable(raw, mapping, as_of=AS_OF)
        return pa.concat_tables(
            pq.read_table(each, columns=list(CUSTOMERS.column_names)) for each in found.files[CUSTOMERS]
        )


class Computed(NamedTuple):
    folder: Path
    embedded: Database
    spark: Database


@pytest.fixture(scope="module")
def computed(
    spark: SparkSession, server: Database, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Computed]:
    folder = tmp_path_factory.mktemp("cases")
    for case in (
        *cases_of_nasty_customers(),
        *cases_of_missing_columns(),
        *cases_of_other_types(),
        *cases_of_mock_and_own_data(tmp_path_factory.mktemp("own")),
    ):
        case.write(folder)
    with new_database(server) as embedded, new_database(server) as of_spark:
        other = both_engines.on_spark(folder, "spark", of_spark.url)
        try:
            both_engines.compute(spark, folder, "embedded")
            both_engines.fill_and_run(spark, embedded)
            output, _ = other.communicate()
        finally:
            other.kill()
        assert other.returncode == 0, output[-3000:]
        yield Computed(folder, embedded, of_spark)


def test_every_operation_says_the_same_on_both_engines(computed: Computed) -> None:
    """Published results must not depend on where they were computed."""
    assert list(both_engines.differences(computed.folder, "embedded", "spark")) == []
    assert both_engines.refused(computed.folder, "embedded") == {}


def test_mock_data_and_every_table_in_the_database_are_the_same_bytes(computed: Computed) -> None:
    """All the way from the seed to the data of a report."""
    assert both_engines.tables_that_differ(computed.embedded, computed.spark) == []
    assert len(bytes_of(computed.embedded, CUSTOMERS).splitlines()) == both_engines.MOCK_CUSTOMERS


def test_what_differs_is_found(tmp_path: Path) -> None:
    """A value of one row, its type, or a missing result."""
    Case("few", pa.table({"customer_id": [1]}), AS_OF).write(tmp_path)
    rows = {"a": pa.table({"x": [1.0, 2.0]}), "b": pa.table({"x": [2.0, -1.0]}), "c": pa.table({"x": [1, 2]})}
    for name, table in rows.items():
        (tmp_path / name / "few").mkdir(parents=True)
        both_engines._write(table, tmp_path / name / "few" / "bands")
    (tmp_path / "d" / "few").mkdir(parents=True)

    assert list(both_engines.differences(tmp_path, "a", "a")) == []
    assert all(len(list(both_engines.differences(tmp_path, "a", other))) == 1 for other in "bcd")
