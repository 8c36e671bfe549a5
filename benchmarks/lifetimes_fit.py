"""The peer of customer value: the package `lifetimes`, one row per customer, in a separate environment."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

_PACKAGES = ("lifetimes==0.11.3", "numpy<2", "pandas<2.2", "scipy<1.14", "autograd<1.7", "dill", "pyarrow<20")
"""With its dependencies, because pyproject.toml, which uv reads here too, declares that it has none."""


def seconds(histories: Path) -> float:
    """The seconds to fit and score the customers in the Parquet file, without start and imports."""
    packages = [option for package in _PACKAGES for option in ("--with", package)]
    command = ["uv", "run", "--no-project", "--quiet", "--python", "3.11", *packages, "python", __file__]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [*command, str(histories)], env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return float(done.stdout.split()[-1])


def _measure(histories: str) -> float:
    import pandas as pd
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    rows = pd.read_parquet(histories)
    frequency, recency, age = rows["frequency"], rows["recency"] / 7, rows["age"] / 7
    started = time.perf_counter()
    orders = BetaGeoFitter().fit(frequency, recency, age)
    orders.conditional_expected_number_of_purchases_up_to_time(52, frequency, recency, age)
    orders.conditional_probability_alive(frequency, recency, age)
    spent = rows[(rows["frequency"] > 0) & (rows["repeat_cents"] > 0)]
    mean = spent["repeat_cents"] / 100 / spent["frequency"]
    amounts = GammaGammaFitter().fit(spent["frequency"], mean)
    amounts.conditional_expected_average_profit(spent["frequency"], mean)
    return time.perf_counter() - started


if __name__ == "__main__":
    print(_measure(sys.argv[1]))
