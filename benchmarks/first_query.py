"""The first query of a notebook on the engine of whichever environment this runs in. Started by `demo.py`."""

from __future__ import annotations

import sys
import time

import pandas  # noqa: F401  the first cell of a notebook imports it, before any asks for a session

import customer360


def main() -> None:
    """Prints the seconds from asking for the session until the customers are counted."""
    with customer360.connect() as c:
        started = time.perf_counter()
        c.read("public.customers").groupBy("loyalty_status").count().collect()
        sys.stdout.write(f"{time.perf_counter() - started}\n")


if __name__ == "__main__":
    main()
