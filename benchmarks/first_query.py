"""The first query of a notebook on the engine of the current environment. Started by `demo.py`."""

from __future__ import annotations

import sys
import time

import pandas  # noqa: F401  a notebook's first cell imports it, before any requests a session

import customer360


def main() -> None:
    """Prints the seconds from requesting the session until the customers are counted."""
    with customer360.connect() as c:
        started = time.perf_counter()
        c.read("public.customers").groupBy("loyalty_status").count().collect()
        sys.stdout.write(f"{time.perf_counter() - started}\n")


if __name__ == "__main__":
    main()
