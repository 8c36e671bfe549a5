"""Fits and scores customer value on cells, compared with the package `lifetimes` on the same customers."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame

from benchmarks import lifetimes_fit
from benchmarks.arguments import chosen, has_uv, in_one_line, parser
from benchmarks.buying_process import histories
from benchmarks.interleaved import Candidate, Sample, interleaved, save, say
from benchmarks.workplace import spark_session
from customer360.operations.bg_nbd import BgNbd, fit_bg_nbd
from customer360.operations.gamma_gamma import SpendingCells, fit_gamma_gamma
from customer360.operations.value_cells import CellsOfDays, buying_cells, spending_cells
from customer360.operations.value_scores import with_scores

DESCRIPTION = """\
Measures fitting customer value and scoring customers, for customers who buy according to the model.

  bare        limit: thirty log-likelihoods over the cells, in NumPy
  ours        fitting both models on cells and scoring each pair of frequency and age, after grouping
  whole       the same including grouping by PySpark before it, and scoring every customer after it
  lifetimes   peer: the package lifetimes, one row per customer, in a separate environment
"""
_LIKELIHOODS = 30
_WEEKS = 52.0
_MANY = 10**9


def main() -> None:
    arguments = parser("customer_value", DESCRIPTION, repeats=3).parse_args()
    say(f"customer value, {arguments.rows:,} customers")
    with TemporaryDirectory() as folder, spark_session(None) as spark:
        file = Path(folder) / "histories.parquet"
        rows = histories(arguments.rows)
        pq.write_table(rows, file)
        customers = spark.read.parquet(file.as_uri())
        grouped, spending = buying_cells(customers), spending_cells(customers)
        candidates = [
            Candidate("bare", "logarithms of 30 likelihoods over the cells", "limit", lambda: _bare(grouped)),
            Candidate("ours", "**fit and score**, after grouping", "ours", lambda: _fit(grouped, spending, rows)),
            Candidate("whole", "**group, fit, score every customer**", "ours", lambda: _whole(customers)),
        ]
        if has_uv("lifetimes"):
            candidates.append(
                Candidate("lifetimes", "lifetimes 0.11.3, a row per customer", "peer", lambda: _peer(file))
            )
        measured = interleaved(chosen(candidates, arguments.only), repeats=arguments.repeats)
        save("value", arguments.rows, measured, arguments.results, _facts(customers, grouped, spending))


def _bare(grouped: CellsOfDays) -> None:
    cells = grouped.cells
    for number in range(_LIKELIHOODS):
        alpha = 1.0 + number
        np.log1p(np.exp(-np.abs(np.log(alpha + cells.age) - np.log(alpha + cells.recency))))


def _fit(grouped: CellsOfDays, spending: SpendingCells, rows: pa.Table) -> Sample | None:
    model = _model(grouped)
    fit_gamma_gamma(spending)
    pairs = np.unique(rows["frequency"].to_numpy() << 20 | rows["age"].to_numpy())
    model.purchases_if_alive((pairs >> 20).astype(float), (pairs & ((1 << 20) - 1)) / 7, _WEEKS)
    return None


def _whole(customers: DataFrame) -> None:
    model, amounts = _model(buying_cells(customers)), fit_gamma_gamma(spending_cells(customers))
    scored = with_scores(customers, model, amounts, days=round(7 * _WEEKS))
    scored.write.format("noop").mode("overwrite").save()


def _model(grouped: CellsOfDays) -> BgNbd:
    model = fit_bg_nbd(grouped.cells)
    if model is None:
        raise RuntimeError("the model could not be fitted")
    return model


def _peer(file: Path) -> Sample:
    return Sample(lifetimes_fit.seconds(file))


def _facts(customers: DataFrame, grouped: CellsOfDays, spending: SpendingCells) -> dict[str, float]:
    """The number of cells, and how much our parameters differ from those of one-day cells."""
    exact = buying_cells(customers, most=_MANY)
    one, other = _model(exact), _model(grouped)
    shifts = [abs(getattr(other, name) / getattr(one, name) - 1) for name in ("r", "alpha", "a", "b")]
    return {
        "cells of days": len(exact.cells.customers),
        "cells": len(grouped.cells.customers),
        "days of a cell": grouped.days,
        "largest shift of a parameter, %": round(100 * max(shifts), 3),
        "cells of amounts": len(spending.customers),
    }


if __name__ == "__main__":
    in_one_line(main)
