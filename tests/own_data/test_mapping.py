"""A mapping is a file that you read, edit and trust."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer360.errors import Customer360Error
from customer360.own_data.mapped import with_source_id
from customer360.own_data.mapping import ColumnMapping, mapping_path, read_mapping, written
from customer360.own_data.row_kinds import ORDER_LINES

pytestmark = pytest.mark.skipif(not (find_spec("tomllib") or find_spec("tomli")), reason="no reader of TOML")
text = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(str.strip)


@given(text, text, st.dictionaries(text, text, max_size=3), st.lists(text, max_size=3, unique=True))
def test_what_is_written_reads_back(
    tmp_path_factory: pytest.TempPathFactory, column: str, constant: str, values: dict[str, str], order: list[str]
) -> None:
    """With any names of columns and values."""
    mapping = ColumnMapping(
        {"customer_id": column, "join_date": "make_date(y, m, 1)"},
        {"country": constant},
        {"join_date": "day first", "newest_by": "month first"},
        {"loyalty_status": values} if values else {},
        tuple(order),
        newest_by=column,
        where=column,
        currency=constant,
    )
    path = tmp_path_factory.mktemp("mapping") / "a.mapping.toml"
    path.write_text(written(mapping, "members.csv", ["id", 'od"d']), encoding="utf-8")

    assert read_mapping(path) == mapping


def test_a_mapping_says_what_is_missing_and_how_to_fill_it(tmp_path: Path) -> None:
    """Every target has a line, and every section an example."""
    shown = written(ColumnMapping({"customer_id": "id"}), "members.csv", ["id", "x"])

    assert "# join_date = not in the source" in shown
    assert '# order = ["Bronze", "Silver", "Gold"]   lowest first' in shown
    assert '# Columns of the source: "id", "x"' in shown


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('[colums]\na = "b"', "unknown section 'colums' in the mapping {path}. Did you mean 'columns'?"),
        (
            '[columns]\ncustomer = "b"',
            "unknown column 'customer' in [columns] of the mapping {path}. Did you mean 'customer_id'?",
        ),
        (
            '[formats]\njoin_date = "day_first"',
            "unknown format 'day_first' in the mapping {path}. Did you mean 'day first'?",
        ),
        ("[columns]\ncustomer_id = id", "the mapping {path} is not valid TOML"),
        ("[columns]\ncustomer_id = ['id']", "columns.customer_id in the mapping {path} must be a text"),
        ('columns = "id"', "must be a section; write [columns]"),
        ('[loyalty_status]\norder = "Gold"', 'order = ["Bronze", "Silver", "Gold"]'),
        (
            '[keep]\nnewest = "x"',
            "unknown key 'newest' in [keep] of the mapping {path}. Did you mean 'newest_by'?",
        ),
    ],
)
def test_a_mistake_in_a_mapping_is_named_with_the_nearest_valid_name(
    tmp_path: Path, content: str, said: str
) -> None:
    """Nothing in it is ignored."""
    path = tmp_path / "a.mapping.toml"
    path.write_text(content)

    with pytest.raises(Customer360Error) as raised:
        read_mapping(path)
    assert said.replace("{path}", str(path)) in str(raised.value)


def test_only_an_id_and_one_other_column_are_required() -> None:
    """Everything else may be missing: a list of names has neither dates nor balances."""
    for column in ("account_balance", "join_date", "name", "email"):
        ColumnMapping({"customer_id": "a", column: "b"}).require()
    with pytest.raises(Customer360Error, match="no column found for customer_id; name the missing columns"):
        ColumnMapping({"name": "a"}).require()
    with pytest.raises(Customer360Error, match="any other column"):
        ColumnMapping({"customer_id": "a", "source_id": "b"}).require()
    with pytest.raises(Customer360Error, match="order_date, amount or quantity and unit_price"):
        ColumnMapping({"customer_id": "a", "quantity": "b"}, kind=ORDER_LINES).require()


def test_a_mapping_says_what_the_rows_are(tmp_path: Path) -> None:
    """You need not repeat it, and an option takes precedence."""
    lines = ColumnMapping({"customer_id": "a", "order_date": "b", "amount": "c"}, kind=ORDER_LINES)
    path = tmp_path / "orders.mapping.toml"
    path.write_text(written(lines, "orders.csv", ["a", "b", "c"]))

    assert read_mapping(path) == read_mapping(path, kind=ORDER_LINES) == lines
    path.write_text('[source]\nrows = "orders"\n')
    with pytest.raises(
        Customer360Error, match="unknown kind of rows 'orders' in the mapping .*. Did you mean 'order lines'"
    ):
        read_mapping(path)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("members.csv.gz", "members"),
        ("Members 2024.XLSX", "Members_2024"),
        ("crm.members", "crm.members"),
        ("d", "d"),
    ],
)
def test_the_mapping_is_named_after_its_source(name: str, file: str) -> None:
    """So that the same command finds it again."""
    assert mapping_path(name) == Path(f"{file}.mapping.toml")


@pytest.mark.parametrize(
    ("columns", "kept"),
    [
        ({"customer_id": "Member No"}, "Member No"),
        ({"customer_id": "`member no`"}, "Member No"),
        ({"customer_id": "hashed_id(lower(`E-mail`))"}, "E-mail"),
        ({"customer_id": "Member No", "source_id": "E-mail"}, "E-mail"),
        ({"customer_id": "hashed_id(concat(`Member No`, `E-mail`))"}, None),
    ],
)
def test_the_id_of_the_source_is_kept(columns: dict[str, str], kept: str | None) -> None:
    """'00123' is not 123, and a hash does not help to find a customer."""
    mapping = with_source_id(ColumnMapping(columns), ["Member No", "E-mail"])

    assert mapping.columns.get("source_id") == kept


def test_a_constant_can_stand_for_the_id_of_the_source() -> None:
    """What you write in the mapping is not changed."""
    mapping = ColumnMapping({"customer_id": "id"}, constants={"source_id": "shop 7"})

    assert with_source_id(mapping, ["id"]) == mapping
