"""When customers of CDNOW bought, and for how much, up to a day: computed by DuckDB, without PySpark."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from customer360.operations.bg_nbd import BuyingCells
from customer360.operations.gamma_gamma import SpendingCells
from tests.reference.ledgers import cdnow_sample

HOLDOUT_WEEKS: Final = 39.0
CALIBRATION_END: Final = date(1997, 9, 30)
_HISTORIES: Final = """
    WITH days AS (
        SELECT customer_id, bought_at::DATE AS day, sum(amount)::DOUBLE AS amount FROM lines GROUP BY ALL
    )
    SELECT count_if(day <= $until) - 1 AS frequency, max(day) FILTER (day <= $until) - min(day) AS recency,
        $until - min(day) AS age, coalesce(sum(amount) FILTER (day <= $until), 0) - min_by(amount, day) AS repeat_amount,
        count_if(day > $until) AS later
    FROM days GROUP BY customer_id HAVING min(day) <= $until ORDER BY customer_id
"""


@dataclass(frozen=True)
class Histories:
    """One entry per customer in each array; recency and age in weeks, `later` purchases in the holdout."""

    frequency: NDArray[np.float64]
    recency: NDArray[np.float64]
    age: NDArray[np.float64]
    repeat_amount: NDArray[np.float64]
    later: NDArray[np.float64]

    @property
    def one_by_one(self) -> BuyingCells:
        return BuyingCells(np.ones_like(self.age), self.frequency, self.recency, self.age)

    @property
    def repeat_buyers(self) -> SpendingCells:
        has_spent = (self.frequency > 0) & (self.repeat_amount > 0)
        frequency, amount = self.frequency[has_spent], self.repeat_amount[has_spent]
        return SpendingCells(np.ones_like(frequency), frequency, amount / frequency)


def histories(lines: pa.Table, until: date) -> Histories:
    """The history of each customer who had bought by *until*, in the order of customer_id."""
    with duckdb.connect() as duck:
        duck.register("lines", lines)
        found: dict[str, Any] = duck.execute(_HISTORIES, {"until": until}).fetchnumpy()
    told = {name: np.asarray(values, dtype=np.float64) for name, values in found.items()}
    return Histories(**(told | {name: told[name] / 7 for name in ("recency", "age")}))


def histories_of_sample() -> Histories:
    return histories(cdnow_sample(), CALIBRATION_END)
