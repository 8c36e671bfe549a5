"""Customers counted by purchase history, so that the time of a fit depends on the number of cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from customer360.operations.bg_nbd import BuyingCells
from customer360.operations.gamma_gamma import SpendingCells
from customer360.operations.maximise import Floats

MOST_CELLS: Final = 600_000
"""Cells span a day if there are at most this many, else a week, then twice as long, and so on."""
DAYS_OF_WEEK: Final = 7
_MOST_DAYS: Final = 1 << 20
"""Longer than any two days are apart: cells then differ only in frequency."""
_SIGNIFICANT: Final = 7
"""The leading bits of a mean amount that a bin keeps: bins are 0.4 to 0.8% wide."""


@dataclass(frozen=True)
class CellsOfDays:
    """Customers by frequency, recency and age, and the *days* that a cell spans, 1 if exact."""

    cells: BuyingCells
    days: int

    @property
    def is_exact(self) -> bool:
        return self.days == 1

    @property
    def customers(self) -> int:
        return int(self.cells.customers.sum())

    @property
    def repeat_customers(self) -> int:
        """The number of customers who bought on two or more days."""
        return int(self.cells.customers @ (self.cells.frequency > 0))


def coarsened(grouped: Callable[[int], DataFrame], most: int) -> tuple[pa.Table, int]:
    """The rows of *grouped* for the fewest days with at most *most* rows: 1, 7, then twice as many each time."""
    days = 1
    while True:
        found = grouped(days).limit(most + 1).toArrow()
        if found.num_rows <= most or days > _MOST_DAYS:
            return found, days
        days = DAYS_OF_WEEK if days == 1 else 2 * days


def buying_cells(histories: DataFrame, *, most: int = MOST_CELLS) -> CellsOfDays:
    """
    The `histories_at` a day in at most *most* cells, sorted.

    A cell has the mean recency and age of its customers, so that wide cells shift the parameters little.
    """
    found, days = coarsened(lambda span: _grouped(histories, span), most)
    return CellsOfDays(_in_weeks(found), days)


def _grouped(histories: DataFrame, days: int) -> DataFrame:
    cell = [_spans(name, days) for name in ("recency", "age")]
    sums = [F.sum(name).alias(f"{name}_days") for name in ("recency", "age")]
    return histories.groupBy("frequency", *cell).agg(F.count("*").alias("customers"), *sums)


def _spans(name: str, days: int) -> Column:
    return F.expr(f"{name} div {days}").alias(f"{name}_cell")


def _in_weeks(found: pa.Table) -> BuyingCells:
    frequency, recency, age, customers = (
        _integers(found, name) for name in ("frequency", "recency_days", "age_days", "customers")
    )
    order = np.lexsort((_integers(found, "age_cell"), _integers(found, "recency_cell"), frequency))
    weeks = DAYS_OF_WEEK * customers
    return BuyingCells(
        *(each[order].astype(np.float64) for each in (customers, frequency)),
        *((days / weeks)[order] for days in (recency, age)),
    )


def spending_cells(histories: DataFrame) -> SpendingCells:
    """
    The repeat buyers among the `histories_at` a day by frequency and mean amount, sorted.

    Bins of the mean are log-spaced integers; a cell has the mean of its customers. Customers who spent nothing
    after the first day are excluded, because the model has no zero amounts.
    """
    mean = F.expr("repeat_cents div frequency")
    bits = F.floor(F.log2(mean + 0.5)).cast("int")
    drop = F.greatest(bits - _SIGNIFICANT, F.lit(0))
    found = (
        histories.where((F.col("frequency") > 0) & (F.col("repeat_cents") > 0))
        .groupBy("frequency", drop.alias("dropped"), F.call_function("shiftright", mean, drop).alias("kept"))
        .agg(F.count("*").alias("customers"), F.sum("repeat_cents").alias("cents"))
        .toArrow()
    )
    frequency, customers, cents = (_integers(found, name) for name in ("frequency", "customers", "cents"))
    order = np.lexsort((_integers(found, "kept"), _integers(found, "dropped"), frequency))
    mean_amount = cents / (100.0 * customers * frequency)
    return SpendingCells(*(_floats(each[order]) for each in (customers, frequency, mean_amount)))


def _integers(found: pa.Table, name: str) -> NDArray[np.int64]:
    return np.asarray(found[name].to_numpy(), dtype=np.int64)


def _floats(values: NDArray[Any]) -> Floats:
    return values.astype(np.float64)
