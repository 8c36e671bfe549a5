"""The first query of a notebook on the engine of whichever environment this runs in. Started by `demo.py`."""

from __future__ import annotations

import sys
import time

import pandas  # noqa: F401  the first cell of a notebook imports it, before any asks for a session

from customer360.commands.context import Context


def main() -> None:
    """Prints the seconds from asking for the session until the customers are counted."""
    database = Context().open_database()
    started = time.perf_counter()
    from customer360 import spark
    from customer360.pipeline.run import read_customers

    session = spark.session()
    read_customers(session, database).groupBy("loyalty_status").count().collect()
    sys.stdout.write(f"{time.perf_counter() - started}\n")
    spark.stop(session)


if __name__ == "__main__":
    main()
