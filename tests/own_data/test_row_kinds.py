"""A kind of rows is a value with columns, synonyms and checks, so that a new kind needs only a declaration."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from customer360.errors import Invalid
from customer360.own_data import checks
from customer360.own_data.evidence import file_formats
from customer360.own_data.guess import guess
from customer360.own_data.mapping import read_mapping, written
from customer360.own_data.parts import examine
from customer360.own_data.raw_tables import spool_file
from customer360.own_data.row_kinds import CUSTOMER_ROWS, ORDER_LINES, ROW_KINDS, RowKind
from customer360.tables import CUSTOMERS, Column

AS_OF = date(2026, 6, 30)
COLUMNS = (
    CUSTOMERS["customer_id"],
    Column("order_date", "date", "Day of the visit."),
    Column("amount", "numeric(12,2)", "Amount, which has cents here and six decimals in an order line."),
)
VISITS = RowKind(
    name="visits", in_words="visits", fills=(CUSTOMERS,), columns=COLUMNS,
    synonyms={"customer_id": ("who",), "order_date": ("when",), "amount": ("paid",)},
    checks=(*checks.of_cells(COLUMNS), checks.ID_MISSING, *checks.of_dates("order_date")),
    needed=("customer_id",), one_of=(("order_date",),), one_of_means="the day",
    aids=frozenset(), money=("amount",), total="amount", no_name=re.compile(r"\d+"), dated_by="order_date",
)  # fmt: skip


@pytest.fixture
def visits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file with a kind of rows that only this test declares."""
    monkeypatch.setitem(ROW_KINDS, VISITS.name, VISITS)
    path = tmp_path / "visits.csv"
    path.write_text("who,when,paid\n1,2026-01-02,1.0051\n1,2026-01-02,2\n,2026-01-03,3\n2,1899-12-29,x\n")
    return path


def test_a_kind_of_rows_needs_only_its_declaration_to_be_guessed_written_read_and_examined(visits: Path) -> None:
    """The same customer in two rows is not a duplicate, and the amount has the type of its kind."""
    with spool_file(visits) as raw:
        guessed = guess(raw.columns, raw.sample(), VISITS)
        kept = visits.with_suffix(".mapping.toml")
        kept.write_text(written(guessed, raw.name, raw.columns))
        mapping = read_mapping(kept)
        (part,) = examine(raw, mapping, file_formats(mapping, raw, AS_OF), AS_OF, raw.folder.parent).parts
        good, lost = (pq.ParquetFile(file).read().to_pylist() for file in (part.good, part.rejected))

    assert mapping == guessed
    assert mapping.columns == {"customer_id": "who", "order_date": "when", "amount": "paid"}
    assert [(row["customer_id"], row["order_date"], row["amount"]) for row in good] == [
        (1, date(2026, 1, 2), Decimal("1.01")),
        (1, date(2026, 1, 2), Decimal("2.00")),
    ]
    assert [row["reasons"] for row in lost] == ["customer_id_missing", "amount_unreadable, date_before_1900"]


def test_a_mapping_names_only_columns_of_its_kind(tmp_path: Path) -> None:
    path = tmp_path / "orders.mapping.toml"
    path.write_text('[source]\nrows = "order lines"\n[columns]\nbirth_date = "born"\n')
    with pytest.raises(Invalid, match="birth_date"):
        read_mapping(path)
    assert read_mapping(path, kind=CUSTOMER_ROWS).columns == {"birth_date": "born"}


@pytest.mark.parametrize("kind", ROW_KINDS.values(), ids=ROW_KINDS)
def test_a_kind_refers_only_to_columns_that_it_or_its_table_has(kind: RowKind) -> None:
    said = {*kind.needed, *(name for group in kind.one_of for name in group), *kind.aids, *kind.money}
    assert said <= set(kind.targets)
    assert set(kind.synonyms) | {"source_id"} == set(kind.targets)
    assert {*kind.derived} <= {column.full_name for table in kind.fills for column in table.columns}
    assert {name for needed in kind.derived.values() for name in needed} <= set(kind.targets)
    assert kind.dated_by in {"", *kind.targets}


def test_the_kind_reports_what_a_mapping_lacks() -> None:
    assert CUSTOMER_ROWS.lacking({"customer_id"}) == ("any other column",)
    assert CUSTOMER_ROWS.lacking({"left_date", "is_active"}) == ("customer_id",)
    assert ORDER_LINES.lacking({"customer_id", "order_date", "quantity"}) == (
        "amount or quantity and unit_price or order_id and order_amount",
    )
    assert ORDER_LINES.lacking({"customer_id", "order_date", "order_id", "order_amount"}) == ()
