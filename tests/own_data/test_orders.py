"""Lines of one order: the cells that they inherit from its first line, and amounts that count once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from customer360.errors import Customer360Error
from customer360.own_data import raw_tables
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.orders import inherited
from customer360.own_data.planning import plan_load
from customer360.own_data.propose import proposed
from customer360.own_data.raw_tables import spool_batches, spool_file
from customer360.own_data.request import Request
from customer360.own_data.row_kinds import CUSTOMER_ROWS, ORDER_LINES
from tests.own_data.test_load import customers, events, found_in, spent

ORDER = {"customer_id": "member", "order_id": "order", "order_date": "day", "order_amount": "total"}


def written(folder: Path, *lines: str) -> Path:
    path = folder / "orders.csv"
    path.write_text("\n".join(lines))
    return path


def test_the_amount_of_an_order_counts_once(tmp_path: Path) -> None:
    """On its first line or on each; a partial or full refund belongs to the order."""
    path = written(
        tmp_path, "order,member,day,total,back", "A1,7,2024-01-02,30.00,0", "A1,7,2024-01-02,30.00,0",
        "A2,7,2024-02-03,20.00,-5.00", "A2,7,2024-02-03,,", "A3,7,2024-03-04,10.00,10.00", "A4,8,2024-03-04,9.00,9.00",
    )  # fmt: skip

    with found_in(path, ColumnMapping({**ORDER, "refunded": "back"}, kind=ORDER_LINES)) as found:
        assert (found.tally.rows_loaded, found.tally.rows_left_out) == (6, 0)
        assert set(customers(found)) == {7, 8}
        assert spent(found) == {7: Decimal("45.00"), 8: 0}
        amounts = {(event["order_id"], event["kind"]): event["amount"] for event in events(found)}

    assert amounts == {
        ("A1", "purchase"): 30, ("A2", "purchase"): 20, ("A2", "refund"): -5, ("A3", "purchase"): 10,
        ("A3", "refund"): -10, ("A4", "purchase"): 9, ("A4", "refund"): -9,
    }  # fmt: skip


def test_a_refund_on_its_own_line_belongs_to_its_order(tmp_path: Path) -> None:
    """On the day of the return; before it, the order counts as paid."""
    mapping = ColumnMapping(
        {"customer_id": "member", "order_id": "order", "order_date": "day", "amount": "paid"}, kind=ORDER_LINES
    )
    path = written(
        tmp_path, "order,member,day,paid", "A1,7,2024-01-02,30.00", "A1,7,2024-05-02,-10.00", "A2,7,2024-02-02,5.00",
        "A2,7,2024-06-02,-5.00",
    )  # fmt: skip

    with found_in(path, mapping) as found:
        happened = [(str(e["occurred_at"].date()), e["order_id"], e["kind"], e["amount"]) for e in events(found)]

    assert happened == [
        ("2024-01-02", "A1", "purchase", 30), ("2024-02-02", "A2", "purchase", 5), ("2024-05-02", "A1", "refund", -10),
        ("2024-06-02", "A2", "refund", -5),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["A1,7,2024-01-02,30.00", "A1,7,2024-01-02,20.00"], "order 'A1' has two order amounts, 20.000000 and 30"),
        (["A1,7,2024-01-02,30.00", "A2,7,2024-01-02,"], "order A2 has no order_amount on any of its lines"),
    ],
)
def test_an_order_has_one_amount(tmp_path: Path, lines: list[str], said: str) -> None:
    """Two amounts belong to lines, and would be miscounted in either case."""
    path = written(tmp_path, "order,member,day,total", *lines)

    with (
        pytest.raises(Customer360Error, match=said),
        found_in(path, ColumnMapping(ORDER, kind=ORDER_LINES)),
    ):
        pass


def test_a_line_inherits_cells_that_only_the_first_line_of_its_order_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only blank cells, from the same order, in mapped columns; also across the files of a raw table."""
    monkeypatch.setattr(raw_tables, "FILE_ROWS", 2)
    rows = [
        ("A1", "7", "2024-01-02", "30.00", "paid", "gift"), ("A1", "", None, "", "", ""),
        ("A1", "", "2024-01-05", "", " ", None), ("A2", "", "2024-01-06", "5.00", "", ""),
    ]  # fmt: skip
    names = ["order", "member", "day", "total", "state", "note"]
    table = pa.table({name: pa.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)})
    mapping = ColumnMapping(ORDER, kind=ORDER_LINES, where="state = 'paid'")

    with spool_batches("orders", "rows", table.to_batches(max_chunksize=2)) as raw:
        taken = inherited(raw, mapping)
        assert len(taken.files) == len(raw.files) == 2
        found = [row for batch in taken.batches() for row in batch.to_pylist()]

    assert [(row["member"], row["day"], row["total"], row["state"], row["note"]) for row in found] == [
        ("7", "2024-01-02", "30.00", "paid", "gift"),
        ("7", "2024-01-02", "", "paid", ""),
        ("7", "2024-01-05", "", "paid", None),
        ("", "2024-01-06", "5.00", "", ""),
    ]


def test_a_line_inherits_nothing_from_another_file(tmp_path: Path) -> None:
    """Each shop and each year may begin with order 1."""
    for name, member in (("a.csv", "7"), ("b.csv", "")):
        (tmp_path / name).write_text(f"order,member,day,total\n1,{member},2024-01-02,30.00\n")

    with spool_file(tmp_path) as raw:
        assert inherited(raw, ColumnMapping(ORDER, kind=ORDER_LINES)) is raw


def test_a_source_without_such_lines_is_unchanged(tmp_path: Path) -> None:
    """Nothing is copied, and lines without an order are not filled."""
    path = written(tmp_path, "order,member,day,total", "A1,7,2024-01-02,30.00", ",,2024-01-02,30.00", ",8,,1.00")

    with spool_file(path) as raw:
        assert inherited(raw, ColumnMapping(ORDER, kind=ORDER_LINES)) is raw


@pytest.mark.parametrize(
    ("header", "lines", "target"),
    [
        # Only on the first line; the same on each line though the prices differ; named like an order's amount.
        ("order_id,member_id,date,total", ["1,7,2024-01-02,30", "1,7,2024-01-02,", "2,8,2024-01-03,9"], "order_amount"),
        ("order_id,member_id,date,qty,price,total", ["1,7,2024-01-02,1,10,30", "1,7,2024-01-02,1,20,30"], "order_amount"),
        ("order_id,member_id,date,grand total", ["1,7,2024-01-02,30", "1,7,2024-01-02,30"], "order_amount"),
        ("order_id,member_id,date,total", ["1,7,2024-01-02,30", "1,7,2024-01-02,20"], "amount"),
        ("order_id,member_id,date,total", ["1,7,2024-01-02,30", "2,7,2024-01-02,30"], "amount"),
    ],
)  # fmt: skip
def test_the_lines_show_whether_an_amount_is_that_of_the_order(
    tmp_path: Path, header: str, lines: list[str], target: str
) -> None:
    """Otherwise it would be counted once per line; the plan says so."""
    with spool_file(written(tmp_path, header, *lines)) as raw:
        found = proposed(raw, raw.sample())

    assert found.mapping.kind is ORDER_LINES
    assert {"amount", "order_amount"} & set(found.mapping.columns) == {target}
    assert any("counted once per order_id" in line for line in found.said) == (target == "order_amount")


def test_an_ambiguous_amount_is_never_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two lines with 20 may be an order of 20 or 40: you decide with one line in the mapping."""
    path = written(tmp_path, "order_id,member_id,date,total", "1,7,2024-01-02,20.00", "1,7,2024-01-02,20.00")
    monkeypatch.chdir(tmp_path)

    with spool_file(path) as raw:
        planned = plan_load(raw, Request(path=path))

    assert planned.mapping.lacking
    assert "total is the same on every line of an order, such as 20.00 in order 1" in planned.said[-1]
    text = (tmp_path / "orders.mapping.toml").read_text()
    assert '# amount = "total"   # a proposal' in text
    assert '# order_amount = "total"   # a proposal' in text


def test_rows_that_name_an_order_a_day_and_an_amount_are_order_lines(tmp_path: Path) -> None:
    """The plan says so, you can change it, and the mapping keeps it for the next load."""
    path = written(tmp_path, "order no.,customer email,order date,total", "1,a@example.com,2024-01-02,20.00")

    with spool_file(path) as raw:
        found = proposed(raw, raw.sample())
        assert found.mapping.kind is ORDER_LINES
        assert "the rows are read as order lines" in found.said[0]
        assert proposed(raw, raw.sample(), kind=CUSTOMER_ROWS).mapping.kind is CUSTOMER_ROWS


@pytest.mark.parametrize(
    ("header", "line", "customer_id"),
    [
        ("order_id,id,email,date,total", "A1,9,a@example.com,2024-01-02,5", "hashed_id(lower(`email`))"),
        ("payment id,record id,email,date,amount", "A1,9,a@example.com,2024-01-02,5", "hashed_id(lower(`email`))"),
        ("order_id,customer,date,total", "A1,17,2024-01-02,5", "customer"),
        (
            "order_id,customer,email,date,total",
            "A1,Ann Berg,a@example.com,2024-01-02,5",
            "hashed_id(lower(`email`))",
        ),
        # All guests are customer 0 of the shop.
        ("order_id,customer_id,email,date,total", "A1,0,a@example.com,2024-01-02,5", "hashed_id(lower(`email`))"),
    ],
)
def test_an_order_or_a_payment_is_not_a_customer(tmp_path: Path, header: str, line: str, customer_id: str) -> None:
    """An e-mail address or a column called like a customer is used; a name is not an id, as two may share it."""
    with spool_file(written(tmp_path, header, line)) as raw:
        assert proposed(raw, raw.sample(), kind=ORDER_LINES).mapping.columns["customer_id"] == customer_id


def test_guests_without_an_id_are_identified_by_their_address(tmp_path: Path) -> None:
    """Otherwise their orders would be rejected although the customer is known."""
    path = written(
        tmp_path, "order_id,customer_id,email,date,total", "1,c7,a@example.com,2024-01-02,5",
        "2,,b@example.com,2024-01-03,5",
    )  # fmt: skip

    with spool_file(path) as raw:
        assert proposed(raw, raw.sample()).mapping.columns["customer_id"] == "hashed_id(lower(`email`))"


def test_orders_with_only_a_customer_name_are_refused_with_the_line_that_uses_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two people may share a name, so you have to confirm that it identifies customers."""
    path = written(tmp_path, "Receipt,Customer,Date,Total", "1,Ann Berg,2024-01-02,5", "2,Bo Ek,2024-01-03,7")
    monkeypatch.chdir(tmp_path)

    with spool_file(path) as raw:
        planned = plan_load(raw, Request(path=path, dry_run=True))

    assert planned.mapping.kind is ORDER_LINES
    assert planned.mapping.lacking == ("customer_id",)
    assert '# customer_id = "hashed_id(lower(`Customer`))"' in (tmp_path / "orders.mapping.toml").read_text()


def test_rows_with_only_a_customer_a_day_and_an_amount_are_order_lines(tmp_path: Path) -> None:
    """As in published ledgers without order ids; as customers they would be refused anyway."""
    path = written(
        tmp_path, "customer_id date number_of_cds dollar_value", "00004 19970101 2 29.33", "00004 19970118 2 29.73"
    )

    with spool_file(path) as raw:
        found = proposed(raw, raw.sample())

    assert found.mapping.kind is ORDER_LINES
    assert found.mapping.columns["amount"] == "dollar_value"
