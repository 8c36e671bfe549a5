"""Ledgers of events are detected, read and checked; every row is an event, identical to another, or rejected."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from customer360.errors import Customer360Error
from customer360.own_data.checks import OF_EVENTS, UNKNOWN_CUSTOMER
from customer360.own_data.evaluate import evaluated
from customer360.own_data.guess import guess
from customer360.own_data.loadable import Loadable, find_loadable
from customer360.own_data.mapped import with_source_id
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.planning import plan_load
from customer360.own_data.propose import kind_of_events
from customer360.own_data.raw_tables import spool_file
from customer360.own_data.request import Request
from customer360.own_data.row_kinds import EVENT_ROWS, ORDER_LINES, RowKind
from customer360.tables import EVENT_KINDS, EVENTS
from customer360.tables.forgotten import Forgotten, hashed
from tests.own_data.test_load import AS_OF, events, reasons

FORGOTTEN = Forgotten(b"", frozenset({hashed(b"", "customer_id", 360)}))
HEADER = "event_id,customer_id,occurred_at,kind,amount,points,order_id,expires_on,loyalty_status"


@contextmanager
def found_in(path: Path, mapping: ColumnMapping | None = None, known: range | None = None) -> Iterator[Loadable]:
    with spool_file(path) as raw:
        mapping = with_source_id(mapping or guess(raw.columns, raw.sample(), EVENT_ROWS), raw.columns)
        raw, mapping = evaluated(raw, mapping, as_of=AS_OF)
        customers = _known(path.parent / "known.parquet", known) if known else None
        found = find_loadable(raw, mapping, as_of=AS_OF, known=customers, forgotten=FORGOTTEN)
        tally = found.tally
        counted = tally.rows_loaded + tally.rows_rejected + tally.rows_identical + tally.rows_left_out
        assert counted == tally.rows_in == raw.rows
        yield found


def _known(path: Path, ids: range) -> list[Path]:
    columns = {"customer_id": pa.array(ids, pa.int64()), "source_id": pa.nulls(len(ids), pa.string())}
    pq.write_table(pa.table({**columns, "email": pa.nulls(len(ids), pa.string())}), path)
    return [path]


def ledger(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "ledger.csv"
    path.write_text("\n".join([header, *rows]))
    return path


def test_every_column_of_a_ledger_is_kept(tmp_path: Path) -> None:
    path = ledger(
        tmp_path, "1,7,2024-01-02 10:30,purchase,20.00,20,A1,2025-01-02,", "2,7,2024-01-03,refund,-5.00,-5,A1,,",
        "3,7,2024-02-01,tier_change,,,,,Gold",
    )  # fmt: skip

    with found_in(path) as found:
        assert events(found) == [
            dict(zip(EVENTS.column_names, row, strict=True)) for row in (
                (1, 7, datetime(2024, 1, 2, 10, 30), "purchase", Decimal(20), 20, "A1", date(2025, 1, 2), None),
                (2, 7, datetime(2024, 1, 3), "refund", Decimal(-5), -5, "A1", None, None),
                (3, 7, datetime(2024, 2, 1), "tier_change", None, None, None, None, "Gold"),
            )
        ]  # fmt: skip
        assert found.last_day == date(2024, 2, 1)
        assert found.facts(EVENTS)["rows"] == 3


REJECTED = {
    "x,7,2024-01-02,login,,,,,": {"event_id_unreadable"},
    ",7,2024-01-02,login,,,,,": {"event_id_missing"},
    "10,,2024-01-02,login,,,,,": {"event_customer_id_missing"},
    "11,7,,login,,,,,": {"event_date_missing"},
    "12,7,1899-12-29,login,,,,,": {"event_date_before_1900"},
    "13,7,2030-01-01,login,,,,,": {"date_in_future"},
    "14,7,2024-01-02,,,,,,": {"event_kind_missing"},
    "15,7,2024-01-02,dance,,,,,": {"event_kind_unknown"},
    "16,7,2024-01-02,purchase,-1,,,,": {"event_purchase_below_zero"},
    "17,7,2024-01-02,refund,1,,,,": {"event_refund_above_zero"},
    "18,7,2024-01-02,earn,,-1,,,": {"event_earned_below_zero"},
    "19,7,2024-01-02,purchase,1,-1,,,": {"event_earned_below_zero"},
    "20,7,2024-01-02,redeem,,1,,,": {"event_deduction_above_zero"},
    "21,7,2024-01-02,expire,,1,,,": {"event_deduction_above_zero"},
    "22,7,2024-01-02,refund,,1,,,": {"event_deduction_above_zero"},
    "23,7,2024-01-02,adjust,,100000000001,,,": {"event_too_many_points"},
    "24,7,2024-01-02,adjust,,-100000000001,,,": {"event_too_few_points"},
    "25,7,2024-01-02,earn,,1.5,,,": {"points_unreadable"},
    "26,7,2024-01-02,purchase,99999999999,,,,": {"amount_too_large"},
    "27,99,2024-01-02,login,,,,,": {"event_customer_unknown"},
    "29,360,2024-01-02,login,,,,,": {"event_forgotten"},
    "28,7,2024-01-02,login,,,,,\n28,7,2024-01-03,login,,,,,": {"event_id_duplicate"},
}


@pytest.mark.parametrize("row", REJECTED)
def test_an_event_that_no_run_would_accept_is_rejected_with_its_reason(tmp_path: Path, row: str) -> None:
    """The rest of the file is loaded."""
    with found_in(ledger(tmp_path, "1,7,2024-01-01,login,,,,,", row), known=range(1, 9)) as found:
        assert [event["event_id"] for event in events(found)] == [1]
        assert {reason for said in reasons(found).values() for reason in said} == REJECTED[row]


def test_each_single_row_check_of_events_has_a_row_here() -> None:
    told = {reason for said in REJECTED.values() for reason in said}
    assert {check.name for check in OF_EVENTS} | {UNKNOWN_CUSTOMER} <= told
    by_run = {check.name for check in EVENTS.rejects} - {"event_not_a_whole_number"}  # here *_unreadable
    assert by_run <= told


def test_allowed_signs_and_limits_are_accepted(tmp_path: Path) -> None:
    """Purchases and refunds of zero, corrections with either sign, and kinds in any letter case."""
    rows = [f"{n},7,2024-01-0{n},{kind.upper()},,,,," for n, kind in enumerate(EVENT_KINDS, 1)]
    rows += ["10,7,2024-01-02,purchase,0,0,,,", "11,7,2024-01-02,refund,0,0,,,", "12,7,2024-01-02,adjust,,-5,,,",
             "13,7,2024-01-02,adjust,,5,,,", "14,7,2024-01-02,adjust,,100000000000,,,"]  # fmt: skip

    with found_in(ledger(tmp_path, *rows)) as found:
        assert found.tally.rows_rejected == 0
        assert {event["kind"] for event in events(found)} == set(EVENT_KINDS)


def test_identical_events_count_once_and_different_ones_with_the_same_id_are_rejected(tmp_path: Path) -> None:
    """Identical rows count once; if two rows differ, it is unknown which one is right."""
    path = ledger(
        tmp_path, "1,7,2024-01-02,login,,,,,", "1,7,2024-01-02 00:00,LOGIN,,,,,", "2,7,2024-01-02,earn,,5,,,",
        "2,7,2024-01-02,earn,,6,,,",
    )  # fmt: skip

    with found_in(path) as found:
        assert [event["event_id"] for event in events(found)] == [1]
        assert found.tally.rows_identical == 1
        assert reasons(found) == {4: {"event_id_duplicate"}, 5: {"event_id_duplicate"}}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            ["event_id", "customer_id", "occurred_at", "kind", "amount", "points", "order_id", "expires_on", "loyalty_status"],
            {"event_id": "event_id", "customer_id": "customer_id", "occurred_at": "occurred_at", "kind": "kind",
             "amount": "amount", "points": "points", "order_id": "order_id", "expires_on": "expires_on",
             "loyalty_status": "loyalty_status"},
        ),
        (
            ["Id", "Member No", "Date", "Type", "Points", "Points Balance"],
            {"event_id": "Id", "customer_id": "Member No", "occurred_at": "Date", "kind": "Type", "points": "Points"},
        ),
        (
            ["Transaction ID", "Card Number", "Transaction Date", "Transaction Type", "Total", "Points Earned"],
            {"event_id": "Transaction ID", "customer_id": "Card Number", "occurred_at": "Transaction Date",
             "kind": "Transaction Type", "amount": "Total", "points": "Points Earned"},
        ),
        (
            ["uuid", "user_id", "timestamp", "event"],
            {"event_id": "uuid", "customer_id": "user_id", "occurred_at": "timestamp", "kind": "event"},
        ),
    ],
)  # fmt: skip
def test_the_columns_of_a_ledger_are_found_by_their_names(columns: list[str], expected: dict[str, str]) -> None:
    """A balance after the event is not what the event changed."""
    values = {
        "event_id": ["1", "2"], "customer_id": ["7", "8"], "occurred_at": ["2024-01-02", "2024-01-03"],
        "kind": ["Sale", "Redemption"], "amount": ["1.50", "2.50"], "points": ["5", "-3"], "order_id": ["A1", "A2"],
        "expires_on": ["2025-01-01"] * 2, "loyalty_status": ["Gold", "Silver"],
    }  # fmt: skip
    sample = {
        column: next((values[t] for t, c in expected.items() if c == column), ["9", "9"]) for column in columns
    }

    assert kind_of_events(columns, sample) is EVENT_ROWS
    assert dict(guess(columns, sample, EVENT_ROWS).columns) == expected


@pytest.mark.parametrize(
    ("header", "rows", "kind"),
    [
        ("order_id,customer_id,date,amount", ["A1,1,2024-01-02,5", "A1,1,2024-01-02,6"], ORDER_LINES),
        ("customer_id,date,quantity,amount", ["1,2024-01-02,1,5", "1,2024-01-02,1,5"], ORDER_LINES),
        # A line type and shared transactions: order lines.
        ("transaction_id,customer_id,date,type,amount", ["T1,1,2024-01-02,sale,5", "T1,1,2024-01-02,sale,6"], ORDER_LINES),
        ("transaction_id,customer_id,date,type,amount", ["T1,1,2024-01-02,sale,5", "T2,1,2024-01-02,return,-6"], EVENT_ROWS),
        ("customer_id,date,type,points", ["1,2024-01-02,earn,5", "1,2024-01-03,redeem,-6"], EVENT_ROWS),
    ],
)  # fmt: skip
def test_order_lines_and_events_are_distinguished(
    tmp_path: Path, header: str, rows: list[str], kind: RowKind
) -> None:
    """By an id and a kind in each row; the plan shows the result and the option to change it."""
    path = ledger(tmp_path, *rows, header=header)
    with spool_file(path) as raw:
        plan = plan_load(raw, Request(path, is_of_events=True, keeps_mapping=False))

    assert plan.mapping.kind is kind
    other = "--no-transactions" if kind is ORDER_LINES else "--transactions"
    assert other in plan.said[0]


def test_text_ids_are_hashed_and_an_event_without_an_id_gets_a_proposal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equal rows are never assumed to be one event: the proposal is a line to agree to."""
    monkeypatch.chdir(tmp_path)
    with found_in(ledger(tmp_path, "e-1,c-1,2024-01-02,login,,,,,", "e-2,c-1,2024-01-03,login,,,,,")) as found:
        assert len({event["event_id"] for event in events(found)}) == 2
    path = ledger(tmp_path, "1,2024-01-02,login", "1,2024-01-03,login", header="customer_id,date,type")
    with spool_file(path) as raw:
        plan = plan_load(raw, Request(path, is_of_events=True))
        with pytest.raises(Customer360Error, match="found for event_id;.*, such as: event_id = "):
            plan.require_complete()
    proposal = "event_id = \"hashed_id(concat_ws('|', `customer_id`, `date`, `type`))\""
    assert f"# {proposal}   # a proposal" in (tmp_path / "ledger.mapping.toml").read_text()


def test_words_are_read_as_kinds_and_others_are_mapped_by_hand(tmp_path: Path) -> None:
    """The plan names unknown words, and their rows are rejected."""
    path = ledger(
        tmp_path, "1,7,2024-01-02,Order Placed,5,,,,", "2,7,2024-01-02,POINTS_REDEEMED,,-3,,,", "3,7,2024-01-02,Espresso,4,,,,",
        "4,7,2024-01-02,Espresso,3,,,,", "5,7,2024-01-02,burn,,-1,,,",
    )  # fmt: skip
    with spool_file(path) as raw:
        plan = plan_load(raw, Request(path, is_of_events=True, keeps_mapping=False))
    assert any(
        "kind has unknown values in the first rows: Espresso (2); set in [values.kind]" in note.text
        for note in plan.notes
    )
    with found_in(path, plan.mapping) as found:
        assert reasons(found) == {4: {"event_kind_unknown"}, 5: {"event_kind_unknown"}}

    columns = {name: name for name in ("event_id", "customer_id", "occurred_at", "kind", "amount", "points")}
    mapped = ColumnMapping(columns, kind=EVENT_ROWS, values={"kind": {"Espresso": "purchase", "burn": "adjust"}})
    with found_in(path, mapped) as found:
        assert [event["kind"] for event in events(found)] == [
            "purchase",
            "redeem",
            "purchase",
            "purchase",
            "adjust",
        ]


def test_a_condition_a_currency_and_the_as_of_date_exclude_or_reject_rows(tmp_path: Path) -> None:
    """As for customers; events after the as-of date are not known yet."""
    header = "event_id,customer_id,date,type,amount,state,currency"
    path = ledger(
        tmp_path, "1,7,2024-01-02,sale,5,ok,EUR", "2,7,2024-01-03,sale,5,void,EUR", "3,7,2024-01-03,sale,5,ok,USD",
        "4,7,2024-05-01,sale,5,ok,EUR", header=header,
    )  # fmt: skip
    columns = {
        "event_id": "event_id",
        "customer_id": "customer_id",
        "occurred_at": "date",
        "kind": "type",
        "amount": "amount",
        "currency": "currency",
    }
    mapping = ColumnMapping(
        columns, kind=EVENT_ROWS, where="state <> 'void'", currency="EUR", until=date(2024, 4, 30)
    )

    with found_in(path, mapping) as found:
        assert [event["event_id"] for event in events(found)] == [1]
        assert found.tally.rows_left_out == 2
        assert reasons(found) == {4: {"other_currency"}}


def shapes(folder: Path) -> Iterator[tuple[str, Path]]:
    text = f'{HEADER}\n1,7,02/01/2024 10:00,sale,"1.234,50",5,,,\n2,8,31/01/2024,login,"0,00",,,,\n'.replace(
        "sale", "Sale"
    )
    (folder / "bom.csv").write_text(text, encoding="utf-8-sig")
    yield "byte order mark", folder / "bom.csv"
    (folder / "wide.csv").write_text(text, encoding="utf-16")
    yield "UTF-16", folder / "wide.csv"
    (folder / "packed.csv.gz").write_bytes(gzip.compress(text.encode()))
    yield "packed", folder / "packed.csv.gz"
    (folder / "many").mkdir()
    header, first, second, _ = text.split("\n")
    (folder / "many" / "a.csv").write_text(f"{header}\n{first}\n3,7,31/01/2024,login,,,,,\n")
    (folder / "many" / "b.csv").write_text(f"{header}\n{second}\n3,7,31/01/2024,login,,,,,\n")
    yield "a folder", folder / "many"
    table = pa.table({"event_id": [1, 2], "customer_id": ["7", "8"], "occurred_at": [datetime(2024, 1, 2, 10), datetime(2024, 1, 31)],
                      "kind": ["sale", "login"], "amount": [Decimal("1234.50"), Decimal(0)], "points": [5, None]})  # fmt: skip
    pq.write_table(table, folder / "typed.parquet")
    yield "Parquet", folder / "typed.parquet"
    if find_spec("openpyxl"):
        from openpyxl import Workbook

        book = Workbook()
        book.active.append(table.schema.names)
        for row in table.to_pylist():
            book.active.append([*row.values()])
        book.save(folder / "book.xlsx")
        yield "Excel", folder / "book.xlsx"


def test_a_ledger_may_have_any_shape_that_a_list_of_customers_may_have(tmp_path: Path) -> None:
    """The same event in two files of a folder counts once."""
    for name, path in shapes(tmp_path):
        with found_in(path) as found:
            shown: list[Any] = sorted(
                (e["event_id"], e["occurred_at"], e["kind"], e["amount"]) for e in events(found)
            )
        assert shown[:2] == [
            (1, datetime(2024, 1, 2, 10), "purchase", Decimal("1234.50")),
            (2, datetime(2024, 1, 31), "login", Decimal(0)),
        ], name
        assert len(shown) == (3 if name == "a folder" else 2)


def test_events_inherit_no_cells_from_each_other(tmp_path: Path) -> None:
    """A blank cell of an event stays blank, even if the row above belongs to the same order."""
    path = ledger(tmp_path, "1,7,2024-01-02,purchase,5,,A1,,", "2,7,,refund,-5,,A1,,")
    with spool_file(path) as raw:
        from customer360.own_data.orders import inherited

        mapping = guess(raw.columns, raw.sample(), EVENT_ROWS)
        assert inherited(raw, mapping) is raw


@pytest.mark.parametrize(
    ("rows", "is_of_events", "said"),
    [("events", False, "load them with --events"), ("customers", True, "omit --events")],
)
def test_a_mapping_of_other_rows_is_refused(tmp_path: Path, rows: str, is_of_events: bool, said: str) -> None:
    path = ledger(tmp_path, "1,7,2024-01-02,purchase,5,,A1,,")
    with spool_file(path) as raw, pytest.raises(Customer360Error, match=said):
        plan_load(
            raw,
            Request(
                path,
                is_of_events=is_of_events,
                mapping={"source": {"rows": rows}, "columns": {"customer_id": "customer_id"}},
            ),
        )


@pytest.mark.parametrize(
    ("row", "hint"),
    [
        ("2,7,2024-01-02,redeem,,5,,,", "redeemed and expired points must be negative"),
        ("2,7,2024-01-02,refund,5,,,,", "refunds must be negative"),
        ("2,7,2024-01-02,dance,,,,,", r"map the words to kinds in \[values.kind\]"),
        ("2,9,2024-01-02,login,,,,,", "load the customers of these events too, or raise --max-rejected"),
    ],
)
def test_a_refusal_says_how_to_fix_it(tmp_path: Path, row: str, hint: str) -> None:
    """If a ledger has no signs, one line of the mapping fixes it."""
    refused = pytest.raises(Customer360Error, match=hint)
    with refused, found_in(ledger(tmp_path, "1,7,2024-01-02,login,,,,,", row), known=range(1, 9)) as found:
        found.tally.require(0.05)


def test_the_fix_for_a_missing_sign_works(tmp_path: Path) -> None:
    columns = {"event_id": "event_id", "customer_id": "customer_id", "occurred_at": "occurred_at", "kind": "kind"}
    points = "CASE WHEN `kind` IN ('Redemption', 'Expiry') THEN -`points` ELSE `points` END"
    path = ledger(tmp_path, "1,7,2024-01-02,earn,,5,,,", "2,7,2024-01-02,Redemption,,3,,,")

    with found_in(path, ColumnMapping({**columns, "points": points}, kind=EVENT_ROWS)) as found:
        assert [event["points"] for event in events(found)] == [5, -3]
