"""Text ids become numbers, and no two ids become the same number."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from xxhash import xxh64_intdigest

from customer360.own_data.evaluate import evaluated
from customer360.own_data.guess import guess
from customer360.own_data.language.hashes import hashed_text
from customer360.own_data.loadable import Loadable, find_loadable
from customer360.own_data.mapped import with_source_id
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.raw_tables import spool_file
from customer360.own_data.row_kinds import CUSTOMER_ROWS, EVENT_ROWS, ORDER_LINES, ROW_KINDS, RowKind
from customer360.tables import CUSTOMERS, EVENTS
from tests.own_data.test_load import AS_OF, reasons, rows_of


@contextmanager
def found_in(path: Path, mapping: ColumnMapping | None = None) -> Iterator[Loadable]:
    with spool_file(path) as raw:
        mapping = with_source_id(mapping or guess(raw.columns, raw.sample()), raw.columns)
        found = find_loadable(*evaluated(raw, mapping), as_of=AS_OF)
        assert found.tally.rows_in == raw.rows
        yield found


def test_a_customer_without_any_name_keeps_their_row(tmp_path: Path) -> None:
    """If every part of a name is missing, there is nothing to join."""
    path = tmp_path / "members.csv"
    path.write_text("customer_id,first_name,last_name,join_date\n1,Ada,NULL,2023-01-05\n2,NULL,NULL,2023-01-05\n")

    with found_in(path) as found:
        names = {
            row["customer_id"]: row["name"] for row in rows_of(found.files[CUSTOMERS], CUSTOMERS.column_names)
        }

    assert names == {1: "Ada", 2: None}


def test_the_hash_of_an_id_never_changes(tmp_path: Path) -> None:
    """Customers keep their numbers from load to load, and from version to version."""
    (tmp_path / "members.csv").write_text("id,balance\nQUICK,1\nALFKI,2\n")
    with found_in(tmp_path / "members.csv") as found:
        ids = {
            row["source_id"]: row["customer_id"] for row in rows_of(found.files[CUSTOMERS], CUSTOMERS.column_names)
        }

    assert ids == {"QUICK": -3781657594407154599, "ALFKI": -8806105664273942092}


def hashed(text: str) -> int:
    return xxh64_intdigest(text.encode(), 42)


def colliding(prefix: str = "") -> tuple[str, str]:
    """
    Two texts with *prefix* that have the same hash.

    For each hash there is one text of eight more bytes, which is sometimes printable.
    """
    number, start = 0, prefix.encode()
    filler = b"0" * (-len(start) % 8)
    while True:
        number += 1
        longer = f"CUSTOMER-{number}"
        found = _last_eight(start + filler, hashed(prefix + longer))
        if found.isascii() and found.decode().isprintable() and not set(b"\",' ;\t|\\") & {*found}:
            return longer, (filler + found).decode()


P1, P2, P3, P4, P5 = (
    0x9E3779B185EBCA87,
    0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9,
    0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5,
)
WORD = 1 << 64


def _last_eight(start: bytes, hashed: int) -> bytes:
    """The eight bytes that give *start*, of whole words, this XXH64, computed backwards from both ends."""
    state = (42 + P5 + len(start) + 8) % WORD
    for word in range(0, len(start), 8):
        lane = int.from_bytes(start[word : word + 8], "little") * P2 % WORD
        state = (_rotated(state ^ _rotated(lane, 31) * P1 % WORD, 27) * P1 + P4) % WORD
    h = hashed ^ hashed >> 32
    h = h * pow(P3, -1, WORD) % WORD
    h ^= h >> 29 ^ h >> 58
    h = h * pow(P2, -1, WORD) % WORD
    h ^= h >> 33
    h = (h - P4) * pow(P1, -1, WORD) % WORD
    k = _rotated(h, 64 - 27) ^ state
    k = k * pow(P1, -1, WORD) % WORD
    return (_rotated(k, 64 - 31) * pow(P2, -1, WORD) % WORD).to_bytes(8, "little")


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) % WORD


@pytest.mark.parametrize("kind", ROW_KINDS.values(), ids=ROW_KINDS)
def test_two_ids_with_the_same_hash_never_become_one_customer(tmp_path: Path, kind: RowKind) -> None:
    """In order lines, one would silently get the orders of the other."""
    first, second = colliding()
    assert hashed(first) == hashed(second)
    path = tmp_path / "members.csv"
    path.write_text(
        f"customer_id,order_date,amount,version,kind\n{first},2024-01-01,1,1,sale\n{second},2024-01-02,2,2,sale\n"
        "C-3,2024-01-03,4,3,sale\nc-3,2024-01-04,8,4,sale\n"
    )
    columns = {
        CUSTOMER_ROWS: {"join_date": "order_date", "account_balance": "amount"},
        ORDER_LINES: {"order_date": "order_date", "amount": "amount"},
        EVENT_ROWS: {"event_id": "version", "occurred_at": "order_date", "kind": "kind", "amount": "amount"},
    }[kind]
    newest_by = "version" if kind is CUSTOMER_ROWS else None
    mapping = ColumnMapping({"customer_id": "hashed_id(customer_id)", **columns}, kind=kind, newest_by=newest_by)

    with found_in(path, mapping) as found:
        assert reasons(found) == {2: {"customer_id_collision"}, 3: {"customer_id_collision"}}
        table = CUSTOMERS if CUSTOMERS in found.files else EVENTS
        ids = {row["customer_id"] for row in rows_of(found.files[table], ["customer_id"])}
        assert ids == {hashed_text("C-3"), hashed_text("c-3")}
