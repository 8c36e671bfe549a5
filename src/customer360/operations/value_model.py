"""Expected purchases of customers: BG/NBD and Gamma-Gamma, fitted on their orders and tested on a holdout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from customer360.operations.bg_nbd import BgNbd, fit_bg_nbd
from customer360.operations.conform import table_of
from customer360.operations.gamma_gamma import GammaGamma, fit_gamma_gamma
from customer360.operations.order_histories import histories_at, order_histories, past_histories
from customer360.operations.rfm import segments_at
from customer360.operations.value_cells import CellsOfDays, buying_cells, spending_cells
from customer360.operations.value_holdout import Holdout, holdout_of
from customer360.operations.value_scores import UNITS, with_scores
from customer360.spark.keep import kept
from customer360.tables import VALUE_HOLDOUT, VALUE_MODEL

HORIZON_DAYS: Final = 7 * 52
"""The number of days that expectations cover."""
FEWEST_REPEAT_BUYERS: Final = 100
"""With fewer, at the end of the calibration or at the as-of date, there is no model."""
FEWEST_DAYS: Final = 90
"""With a shorter calibration or holdout there is no model."""


@dataclass(frozen=True)
class Fit:
    """The models fitted on data *until* a day, and the cells that they were fitted on."""

    until: date
    orders: BgNbd
    amounts: GammaGamma | None
    cells: CellsOfDays
    spending_customers: int


@dataclass(frozen=True)
class CustomerValue:
    """
    The tables of the model by name, and *expected*: one row per customer with an order, with expected_orders,
    expected_amount and alive_probability.
    """

    tables: Mapping[str, DataFrame]
    expected: DataFrame


@contextmanager
def customer_value(months: DataFrame, customers: DataFrame, *, as_of: date) -> Iterator[CustomerValue | None]:
    """
    The value of *customers* by their `event_months` as of *as_of*, to be used inside the `with`.

    The model is fitted twice: on all data, for its expectations, and on the calibration period, for the holdout.
    None if either fit fails or has too few repeat buyers, or if there are not enough days for a holdout: a model
    whose error cannot be shown is not shown.
    """
    until = calibration_end(_first_order(months), as_of)
    if until is None:
        yield None
        return
    with kept(order_histories(months, customers, until=until)) as histories:
        now, past = histories_at(histories, as_of), past_histories(histories, until)
        calibration = _fit(past, until)
        overall = _fit(now, as_of) if calibration else None
        if not calibration or not overall:
            yield None
            return
        days = (as_of - until).days
        holdout = holdout_of(_scored(past, calibration, days), segments_at(months, customers, until), days)
        fits = [_row("all", overall), _row("calibration", calibration, holdout)]
        rows_of = {VALUE_MODEL: fits, VALUE_HOLDOUT: holdout.rows}
        tables = {table.name: table_of(months.sparkSession, table, rows) for table, rows in rows_of.items()}
        yield CustomerValue(tables, _expected(_scored(now, overall, HORIZON_DAYS)))


def calibration_end(first: date | None, as_of: date) -> date | None:
    """
    The month end nearest to the midpoint between the *first* order and *as_of*, the earlier of two.

    None if the calibration or the holdout would be shorter than `FEWEST_DAYS`.
    """
    if first is None:
        return None
    middle = first + (as_of - first) / 2
    before = middle.replace(day=1) - timedelta(days=1)
    after = (middle.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    end = before if middle - before <= after - middle else after
    is_long_enough = min(end - first, as_of - end) >= timedelta(days=FEWEST_DAYS)
    return end if is_long_enough else None


def _first_order(months: DataFrame) -> date | None:
    first: date | None
    [(first,)] = months.agg(F.min("first_order_day")).collect()
    return first


def _fit(histories: DataFrame, until: date) -> Fit | None:
    grouped = buying_cells(histories)
    if grouped.repeat_customers < FEWEST_REPEAT_BUYERS:
        return None
    orders = fit_bg_nbd(grouped.cells)
    if orders is None:
        return None
    spending = spending_cells(histories)
    spenders = int(spending.customers.sum())
    amounts = fit_gamma_gamma(spending) if spenders >= FEWEST_REPEAT_BUYERS else None
    return Fit(until, orders, amounts, grouped, spenders)


def _scored(histories: DataFrame, fit: Fit, days: int) -> DataFrame:
    return with_scores(histories, fit.orders, fit.amounts, days=days)


def _expected(scored: DataFrame) -> DataFrame:
    unit, cent = F.lit(Decimal(1) / UNITS), F.lit(Decimal("0.01"))
    return scored.select(
        "customer_id",
        (F.col("expected_units") * unit).cast("decimal(12,4)").alias("expected_orders"),
        (F.col("expected_cents") * cent).cast("decimal(14,2)").alias("expected_amount"),
        (F.col("alive_units") * unit).cast("decimal(5,4)").alias("alive_probability"),
    )


def _row(name: str, fit: Fit, holdout: Holdout | None = None) -> tuple[Any, ...]:
    """A row of value_model, its values in the order of the columns."""
    orders, amounts, grouped = fit.orders, fit.amounts, fit.cells
    parameters = (orders.r, orders.alpha, orders.a, orders.b, orders.log_likelihood)
    of_amounts = (amounts.p, amounts.q, amounts.v) if amounts else (None, None, None)
    return (
        name, fit.until, grouped.customers, grouped.repeat_customers, len(grouped.cells.customers),
        grouped.is_exact, *map(_parameter, parameters), fit.spending_customers, *map(_parameter, of_amounts),
        holdout and holdout.days, holdout and holdout.correlation, holdout and holdout.naive_correlation,
    )  # fmt: skip


def _parameter(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(value).quantize(Decimal("1e-10"))
