import json
from datetime import date, datetime
from decimal import Decimal

import pytest

from customer360.operations.checks import checked
from customer360.operations.rejected_rows import rejected_rows
from customer360.tables import CUSTOMERS

from .literals import AS_OF, rows

pytestmark = pytest.mark.spark


def rejected(customers):
    return rejected_rows(
        checked(customers, CUSTOMERS, as_of=AS_OF, keys_are_unique=False), CUSTOMERS, "crm.members"
    )


def test_a_rejected_row_names_all_its_reasons(customers):
    """You want to fix a row once; a warning is not a reason for rejection."""
    table = customers(
        "customer_id join_date first_purchase loyalty_points",
        (1, date(2026, 2, 1), None, 0),
        (2, date(2026, 2, 1), date(2026, 1, 1), -1),
        (3, None, None, 0),
        (3, None, None, -1),
    )

    assert rows(rejected(table), "source found_by key reasons") == [
        ("crm.members", "run", "2", "first_purchase_before_join, negative_points"),
        ("crm.members", "run", "3", "customer_id_duplicate"),
        ("crm.members", "run", "3", "customer_id_duplicate, negative_points"),
    ]


def test_a_rejected_row_is_kept_unchanged(customers):
    """Nothing is rounded or omitted: nulls, Unicode, microseconds, and a login in the future."""
    table = customers(
        "customer_id name last_login account_balance country",
        (None, 'Ren\u00e9e "Zo\u00eb"\n\u674e', datetime(2027, 1, 1, 0, 0, 0, 1), Decimal("-0.10"), ""),
    )

    (row,) = rejected(table).collect()

    assert json.loads(row["original_row"], parse_float=Decimal) == {
        "customer_id": None,
        "source_id": None,
        "name": 'Ren\u00e9e "Zo\u00eb"\n\u674e',
        "email": None,
        "gender": None,
        "birth_date": None,
        "country": "",
        "join_date": None,
        "first_purchase": None,
        "last_login": "2027-01-01T00:00:00.000001",
        "is_active": None,
        "loyalty_status": None,
        "loyalty_points": None,
        "account_balance": Decimal("-0.10"),
    }


def test_a_row_that_joins_later_is_not_rejected(customers):
    """Joining after the as-of date of a report is not an error."""
    assert rows(rejected(customers("customer_id join_date", (None, date(2026, 7, 1)))), "key") == []
