"""Ids that are texts need no Spark: simple expressions have the very values that Spark gives, and no two ids become one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession
from xxhash import xxh64_intdigest

from customer360.own_data.evaluate import evaluated_simply
from customer360.own_data.expressions import evaluated
from customer360.own_data.guess import guess
from customer360.own_data.load import Loadable, loadable
from customer360.own_data.mapped import with_source_id
from customer360.own_data.mapping import CustomerMapping
from customer360.own_data.sources import Source, file_source
from customer360.tables import CUSTOMERS
from tests.own_data.test_load import AS_OF, reasons, rows_of

ODD = [
    None, "", " ", "a", "Ab ", " NULL", "n/a", "\\N", "-", "\u2013", "None", "NaN", "\tx\t", "\u00a0y", "İZMİR", "ΟΔΟΣ", "ẞß", "ǅ",
    "Å\u0301", "日本語", "👩‍👩‍👧 id", "\u200b", "QUICK", "1e5", "0012", *("x" * length for length in range(1, 40)), "é" * 33, "y" * 200,
    "2012", " 7 ", "12.0", "12.9", "+5", "-3", "abc", "2024.", "99999", "1\n", "5+",
]  # fmt: skip
EXPRESSIONS = {
    "customer_id": "hashed_id(a)", "email": "hashed_id(lower(`a`))", "name": "concat_ws(' ', filled_text(`a`), filled_text(b))",
    "country": "filled(a)", "city": "LOWER( trim(a) )", "gender": "concat_ws('', b, 'x', lower(filled(a)))",
    "join_date": "make_date(a, b, 1)", "birth_date": "make_date(2024, a, b)",
}  # fmt: skip


@contextmanager
def found_in(path: Path, mapping: CustomerMapping | None = None) -> Iterator[Loadable]:
    with file_source(path) as source:
        mapping = with_source_id(mapping or guess(source.columns, source.sample()), source.columns)
        simple = evaluated_simply(source, mapping)
        assert simple is not None
        found = loadable(*simple, as_of=AS_OF)
        assert found.tally.rows_in == source.rows
        yield found


def odd(folder: Path) -> Path:
    rng = random.Random(36)
    texts = ODD + ["".join(rng.choices("aB 0é\u0130\u03a3.", k=rng.randrange(50))) for _ in range(500)]
    path = folder / "odd.parquet"
    both = {"a": [*texts, None, "NULL"], "b": [*reversed(texts), None, None]}
    pq.write_table(pa.table(both, pa.schema([("a", pa.string()), ("b", pa.string())])), path)
    return path


def made(source: Source) -> list[dict[str, Any]]:
    rows = [row for batch in source.batches() for row in batch.to_pylist()]
    return sorted(rows, key=lambda row: row["source_line"])


def test_simple_expressions_give_byte_for_byte_what_spark_gives(spark: SparkSession, tmp_path: Path) -> None:
    mapping = CustomerMapping(EXPRESSIONS)
    with file_source(odd(tmp_path)) as source:
        simple = evaluated_simply(source, mapping)
        by_spark, mapped_by_spark = evaluated(source, mapping, spark)
        assert simple is not None
        assert made(simple[0]) == made(by_spark)
        assert (simple[0].columns, simple[0].typed) == (by_spark.columns, by_spark.typed)
        assert simple[1] == mapped_by_spark


def test_a_customer_without_any_name_keeps_their_row(tmp_path: Path) -> None:
    """Words for nothing in every part of a name leave nothing to join."""
    path = tmp_path / "members.csv"
    path.write_text("customer_id,first_name,last_name,join_date\n1,Ada,NULL,2023-01-05\n2,NULL,NULL,2023-01-05\n")

    with found_in(path) as found:
        names = {row["customer_id"]: row["name"] for row in rows_of(found.customers, CUSTOMERS)}

    assert names == {1: "Ada", 2: None}


def test_the_hash_of_an_id_never_changes(tmp_path: Path) -> None:
    """Customers keep their numbers from load to load, and from version to version."""
    (tmp_path / "members.csv").write_text("id,balance\nQUICK,1\nALFKI,2\n")
    with found_in(tmp_path / "members.csv") as found:
        ids = {row["source_id"]: row["customer_id"] for row in rows_of(found.customers, CUSTOMERS)}

    assert ids == {"QUICK": -3781657594407154599, "ALFKI": -8806105664273942092}


@pytest.mark.parametrize(
    "text",
    [
        "upper(a)",
        "hashed_id(substr(a, 1, 3))",
        "a || b",
        "lower(a) = 'x'",
        "lower(hashed_id(a))",
        "lower('A')",
        "concat_ws(a, b)",
    ],
)
def test_every_other_expression_is_left_to_spark(tmp_path: Path, text: str) -> None:
    with file_source(odd(tmp_path)) as source:
        assert evaluated_simply(source, CustomerMapping({"customer_id": "hashed_id(a)", "name": text})) is None


def hashed(text: str) -> int:
    return xxh64_intdigest(text.encode(), 42)


def collision() -> tuple[str, str]:
    """Two ids with the same hash: of eight characters each hash has one text, which now and then is of letters and signs."""
    number = 0
    while True:
        number += 1
        longer = f"CUSTOMER-{number}"
        found = _of_eight(hashed(longer))
        if found.isascii() and found.decode().isprintable() and not set(b"\",' ;\t|\\") & {*found}:
            return longer, found.decode()


P1, P2, P3, P4, P5 = (
    0x9E3779B185EBCA87,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)
WORD = 1 << 64


def _of_eight(hashed: int) -> bytes:
    """The eight bytes with this XXH64, computed backwards."""
    h = hashed ^ hashed >> 32
    h = h * pow(P3, -1, WORD) % WORD
    h ^= h >> 29 ^ h >> 58
    h = h * pow(P2, -1, WORD) % WORD
    h ^= h >> 33
    h = (h - P4) * pow(P1, -1, WORD) % WORD
    k = _rotated(h, 64 - 27) ^ (42 + P5 + 8) % WORD
    k = k * pow(P1, -1, WORD) % WORD
    return (_rotated(k, 64 - 31) * pow(P2, -1, WORD) % WORD).to_bytes(8, "little")


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) % WORD


@pytest.mark.parametrize("transactions", [False, True])
def test_two_ids_with_one_hash_never_become_one_customer(tmp_path: Path, transactions: bool) -> None:
    """In order lines the one would get the orders of the other, and nobody would see it."""
    first, second = collision()
    assert hashed(first) == hashed(second)
    path = tmp_path / "members.csv"
    path.write_text(
        f"customer_id,order_date,amount,updated_at\n{first},2024-01-01,1,1\n{second},2024-01-02,2,2\nC-3,2024-01-03,4,3\nc-3,2024-01-04,8,4\n"
    )
    mapping = CustomerMapping(
        {"customer_id": "hashed_id(customer_id)", **(
            {"order_date": "order_date", "amount": "amount"} if transactions else {"join_date": "order_date", "account_balance": "amount"}
        )}, transactions=transactions, newest_by=None if transactions else "updated_at",
    )  # fmt: skip

    with found_in(path, mapping) as found:
        assert reasons(found) == {2: {"customer_id_collision"}, 3: {"customer_id_collision"}}
        assert sorted(row["source_id"] for row in rows_of(found.customers, CUSTOMERS)) == ["C-3", "c-3"]
