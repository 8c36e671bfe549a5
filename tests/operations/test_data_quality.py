from datetime import date

import pytest

from customer360.operations.checks import checked
from customer360.operations.data_quality import data_quality
from customer360.tables import CUSTOMERS

from .literals import AS_OF

pytestmark = pytest.mark.spark


def quality(customers):
    return data_quality(checked(customers, CUSTOMERS, as_of=AS_OF, keys_are_unique=False), CUSTOMERS)


def count(found, name):
    return next((count.rows_checked, count.rows_failed) for count in found.checks if count.check.name == name)


@pytest.fixture(scope="module")
def found(customers):
    return quality(
        customers(
            "customer_id join_date loyalty_points account_balance",
            (1, date(2026, 6, 30), 10, None),
            (2, None, 10, 5),
            (3, date(2026, 1, 1), -1, None),
            (None, date(2026, 1, 1), -1, 5),
            (3, date(2026, 7, 1), 10, None),
        )
    )


def test_every_row_is_used_rejected_or_not_yet_joined(found):
    """No row is lost between reading and the results."""
    assert (found.rows_out, found.rows_rejected, found.rows_not_yet_known) == (2, 2, 1)
    assert found.rows_in == 5


def test_reject_checks_examine_every_row_that_exists(found):
    """A row may fail several checks; it counts for each."""
    assert count(found, "negative_points") == (4, 2)
    assert count(found, "customer_id_missing") == (4, 1)
    assert count(found, "customer_id_duplicate") == (4, 0)


def test_warnings_count_only_the_rows_that_are_used(found):
    """So balance_missing is exactly the number of customers that an average balance excludes."""
    assert count(found, "balance_missing") == (2, 1)
    assert count(found, "join_date_missing") == (2, 1)


def test_an_empty_table_has_every_check_and_no_rows(customers):
    """The first run may come before the first customer."""
    found = quality(customers(""))

    assert found.rows_in == 0
    assert {(count.rows_checked, count.rows_failed) for count in found.checks} == {(0, 0)}
    assert len(found.checks) == len(CUSTOMERS.checks)
