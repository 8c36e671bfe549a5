"""Order lines as events: purchases, refunds, amounts to the cent, and stable ids."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customer360.own_data.language.hashes import hashed_text
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.row_kinds import ORDER_LINES
from tests.own_data.test_hashed_ids import colliding
from tests.own_data.test_load import customers, events, found_in, reasons, spent

PRODUCT = {"customer_id": "id", "order_date": "day", "quantity": "n", "unit_price": "price"}


def lines(folder: Path, *rows: str, header: str = "id,day,n,price") -> Path:
    path = folder / "lines.csv"
    path.write_text("\n".join([header, *rows]))
    return path


@pytest.mark.parametrize(
    ("prices", "balance"),
    [
        (["0.335"] * 3, "1.01"),  # 1.005; line by line it would be 1.02, half to even 1.00
        (["0.0025"] * 4, "0.01"),  # line by line 0
        (["0.333333"] * 3, "1.00"),
        (["2.675", "0"], "2.68"),
        (["-0.335"] * 3, "-1.01"),
        (["10.004", "0.0005", "0.0005"], "10.01"),
    ],
)
@pytest.mark.parametrize("is_product", [True, False])
def test_cents_are_rounded_once_half_away_from_zero(
    tmp_path: Path, prices: list[str], balance: str, is_product: bool
) -> None:
    """As PostgreSQL rounds numeric: the sum of an order's lines is rounded, not each line."""
    path = lines(tmp_path, *(f"1,2024-01-01,1,{price}" for price in prices))
    columns = PRODUCT if is_product else {"customer_id": "id", "order_date": "day", "amount": "price"}

    mapping = ColumnMapping(columns, kind=ORDER_LINES).with_styles("decimal point")
    with found_in(path, mapping) as found:
        assert spent(found) == {1: Decimal(balance)}


def test_a_share_is_subtracted_from_the_product(tmp_path: Path) -> None:
    """For cancelled lines too; an amount is net of the discount; a share is between 0 and 1."""
    path = lines(
        tmp_path, "1,2024-01-02,3,10.00,0.15,", "1,2024-01-03,-1,10.00,0.15,", "2,2024-01-03,1,10.00,,",
        "3,2024-01-03,1,10.00,0.5,9.99", "4,2024-01-03,1,10.00,15,", "4,2024-01-03,1,10.00,-0.1,", header="id,day,n,price,off,paid",
    )  # fmt: skip
    mapping = ColumnMapping({**PRODUCT, "discount": "off", "amount": "paid"}, kind=ORDER_LINES)

    with found_in(path, mapping) as found:
        assert spent(found) == {1: Decimal("17.00"), 2: Decimal("10.00"), 3: Decimal("9.99")}
        assert reasons(found) == {6: {"discount_out_of_range"}, 7: {"discount_out_of_range"}}


def test_numbers_beyond_all_sums_reject_their_order(tmp_path: Path) -> None:
    """They do not stop the load."""
    largest = "999999999999"
    path = lines(
        tmp_path, f"1,2024-01-02,{largest},{largest}", f"1,2024-01-02,{largest},{largest}", "2,2024-01-02,1,5"
    )

    with found_in(path, ColumnMapping(PRODUCT, kind=ORDER_LINES)) as found:
        assert spent(found) == {2: 5}
        assert found.tally.reasons["event_amount_too_large"].rows == 2


BOUGHT = {
    "customer_id": "id",
    "order_id": "order",
    "order_date": "day",
    "amount": "paid",
    "loyalty_points": "points",
}
HEADER = "order,id,day,paid,points"


def happened(path: Path, mapping: ColumnMapping) -> set[tuple[object, ...]]:
    with found_in(path, mapping) as found:
        tally = found.tally
        assert tally.rows_loaded + tally.rows_rejected + tally.rows_left_out == tally.rows_in
        return {
            (e["customer_id"], e["order_id"], str(e["occurred_at"]), e["kind"], e["amount"], e["points"])
            for e in events(found)
        }


def test_a_purchase_is_an_order_or_a_day_if_lines_have_no_order_id(tmp_path: Path) -> None:
    """Orders are counted, not lines; an order of zero counts too, and the first moment is used."""
    path = lines(
        tmp_path, "A,1,2024-01-02 10:00,5,2", "A,1,2024-01-02 09:00,7,3", "A,2,2024-01-02 12:00,1,", ",1,2024-01-02 18:00,2,",
        ",1,2024-01-02 17:00,3,", ",1,2024-01-03 01:00,0,", header=HEADER,
    )  # fmt: skip

    assert happened(path, ColumnMapping(BOUGHT, kind=ORDER_LINES)) == {
        (1, "A", "2024-01-02 09:00:00", "purchase", 12, 5),
        (2, "A", "2024-01-02 12:00:00", "purchase", 1, None),
        (1, None, "2024-01-02 17:00:00", "purchase", 5, None),
        (1, None, "2024-01-03 01:00:00", "purchase", 0, None),
    }


def test_a_return_is_a_refund_of_its_order_or_day(tmp_path: Path) -> None:
    """One refund per day of returns; returned units subtract their points."""
    path = lines(
        tmp_path, "A,1,2024-01-02,10,5,1", "A,1,2024-01-02,20,5,1", "A,1,2024-02-03,10,5,-1", "A,1,2024-02-03,-4,-1,1",
        "A,1,2024-03-04,-6,,1", ",1,2024-03-05,9,,1", ",1,2024-03-05,-9,,1", "C,1,2024-03-06,-1,,1",
        header=f"{HEADER},n",
    )  # fmt: skip

    assert happened(path, ColumnMapping({**BOUGHT, "quantity": "n"}, kind=ORDER_LINES)) == {
        (1, "A", "2024-01-02 00:00:00", "purchase", 30, 10),
        (1, "A", "2024-02-03 00:00:00", "refund", -14, -6),
        (1, "A", "2024-03-04 00:00:00", "refund", -6, None),
        (1, None, "2024-03-05 00:00:00", "purchase", 9, None),
        (1, None, "2024-03-05 00:00:00", "refund", -9, None),
        (1, "C", "2024-03-06 00:00:00", "refund", -1, None),
    }


def test_a_refunded_amount_is_a_refund_at_the_moment_of_the_order(tmp_path: Path) -> None:
    """No other moment is known; with returns on that day it is one refund."""
    path = lines(
        tmp_path, "A,1,2024-01-02 08:00,10,,2.50", "A,1,2024-01-02 08:00,5,,-0.50", "A,1,2024-01-02 12:00,-1,,",
        header=f"{HEADER},back",
    )  # fmt: skip

    assert happened(path, ColumnMapping({**BOUGHT, "refunded": "back"}, kind=ORDER_LINES)) == {
        (1, "A", "2024-01-02 08:00:00", "purchase", 15, None),
        (1, "A", "2024-01-02 08:00:00", "refund", -4, None),
    }


def test_negative_points_on_a_paid_line_are_redeemed(tmp_path: Path) -> None:
    path = lines(tmp_path, "A,1,2024-01-02,10,40", "A,1,2024-01-02,5,-30", header=HEADER)

    assert happened(path, ColumnMapping(BOUGHT, kind=ORDER_LINES)) == {
        (1, "A", "2024-01-02 00:00:00", "purchase", 15, 40),
        (1, "A", "2024-01-02 00:00:00", "redeem", None, -30),
    }
    with found_in(path, ColumnMapping(BOUGHT, kind=ORDER_LINES)) as found:
        assert customers(found)[1]["loyalty_points"] == 10


def test_an_order_amount_without_an_order_id_is_a_separate_order(tmp_path: Path) -> None:
    """Orders of a day are one purchase; the amount of an order with an id counts once."""
    columns = {"customer_id": "id", "order_id": "order", "order_date": "day", "order_amount": "paid"}
    path = lines(
        tmp_path, "A,1,2024-01-02,10,", "A,1,2024-01-02,10,", ",1,2024-01-02,3,", ",1,2024-01-02,4,", "B,1,2024-01-05,-2,",
        header=HEADER,
    )  # fmt: skip

    assert happened(path, ColumnMapping(columns, kind=ORDER_LINES)) == {
        (1, "A", "2024-01-02 00:00:00", "purchase", 10, None),
        (1, None, "2024-01-02 00:00:00", "purchase", 7, None),
        (1, "B", "2024-01-05 00:00:00", "refund", -2, None),
    }


def test_the_id_of_an_event_is_that_of_its_key_in_every_file(tmp_path: Path) -> None:
    """The same order in another file is the same event, and versions agree on its id."""
    mapping = ColumnMapping(BOUGHT, kind=ORDER_LINES)
    found_ids = []
    for rows in (
        ["A,1,2024-01-02,10,", ",1,2024-01-02,3,", "A,1,2024-01-05,-2,"],
        ["B,1,2024-01-01,1,", "A,1,2024-01-02,10,", ",1,2024-01-02,3,"],
    ):
        with found_in(lines(tmp_path, *rows, header=HEADER), mapping) as found:
            found_ids.append({(e["kind"], e["order_id"]): e["event_id"] for e in events(found)})

    first, second = found_ids
    assert first["purchase", "A"] == second["purchase", "A"] == hashed_text("1|purchase||A")
    assert first["purchase", None] == second["purchase", None] == hashed_text("1|purchase|2024-01-02|")
    assert first["refund", "A"] == hashed_text("1|refund|2024-01-05|A")


def test_two_events_with_the_same_hash_are_rejected_with_their_lines(tmp_path: Path) -> None:
    """Otherwise one would replace the other."""
    first, second = colliding("1|purchase||")
    path = lines(tmp_path, f"{first},1,2024-01-02,10,", f"{second},1,2024-01-03,20,", f"{second},1,2024-01-03,5,",
                 "C,1,2024-01-04,30,", header=HEADER)  # fmt: skip

    assert first != second
    with found_in(path, ColumnMapping(BOUGHT, kind=ORDER_LINES)) as found:
        assert [event["order_id"] for event in events(found)] == ["C"]
        assert found.tally.reasons["event_id_collision"].rows == 3
        assert found.tally.rows_loaded == 1


def test_a_hundred_thousand_lines_of_one_customer_are_one_customer(tmp_path: Path) -> None:
    """Regardless of skew."""
    path = tmp_path / "lines.csv"
    path.write_text(HEADER + "\n" + "".join(f"{i % 1000},1,2024-01-02,1,\n" for i in range(100_000)))

    with found_in(path, ColumnMapping(BOUGHT, kind=ORDER_LINES)) as found:
        assert (found.tally.customers, found.tally.events, found.tally.rows_loaded) == (1, 1000, 100_000)
        assert spent(found) == {1: 100_000}


LINES_DRAWN = st.lists(
    st.tuples(
        st.sampled_from(["1", "2", "3", ""]),
        st.sampled_from(["A", "B", "2024-01-02", "|", ""]),
        st.sampled_from(["2024-01-02", "2024-01-02 10:30", "2024-01-03", "2024-02-01 23:59:59", "never"]),
        st.sampled_from(["10", "0.01", "0", "-3.50", "7.25", "x"]),
        st.sampled_from(["1", "2", "-1", "0", ""]),
        st.sampled_from(["", "5", "0", "-2"]),
    ),
    min_size=1,
    max_size=40,
)


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=LINES_DRAWN)
def test_for_any_lines_money_points_and_rows_add_up(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[str, ...]]
) -> None:
    """Computed by hand: each line is in one order, as paid or returned, and nothing is lost or counted twice."""
    path = tmp_path_factory.mktemp("lines") / "lines.csv"
    path.write_text("\n".join(["id,order,day,paid,n,points", "9,Z,2024-01-01,1,1,", *map(",".join, drawn)]))
    mapping = ColumnMapping({**BOUGHT, "quantity": "n"}, kind=ORDER_LINES)

    with found_in(path, mapping.with_styles("year first")) as found:
        loaded, tally, refused = events(found), found.tally, reasons(found)

    assert tally.rows_loaded + tally.rows_rejected == tally.rows_in == len(drawn) + 1
    assert len({event["event_id"] for event in loaded}) == len(loaded)
    lines_read = [row for row in drawn if row[0] and row[2] != "never" and row[3] != "x"]
    keys = {
        (event["customer_id"], event["order_id"], event["kind"], event["occurred_at"].date()) for event in loaded
    }
    if None not in refused:  # otherwise an order or a customer was rejected for points
        assert sum(event["amount"] or 0 for event in loaded) == 1 + sum(_net(row) for row in lines_read)
    orders = {
        (int(c), o or None, None if o else d[:10]) for c, o, d, paid, n, _ in lines_read if not _is_back(paid, n)
    }
    bought = {(c, o, None if o else str(day)) for c, o, kind, day in keys if kind == "purchase" and c != 9}
    assert bought <= orders
    assert all(event["amount"] >= 0 for event in loaded if event["kind"] == "purchase")
    assert all(
        event["amount"] <= 0 and (event["points"] or 0) <= 0 for event in loaded if event["kind"] == "refund"
    )


def _is_back(paid: str, pieces: str) -> bool:
    return Decimal(paid) < 0 or Decimal(pieces or 0) < 0


def _net(row: tuple[str, ...]) -> Decimal:
    paid = Decimal(row[3])
    return -abs(paid) if Decimal(row[4] or 0) < 0 else paid
