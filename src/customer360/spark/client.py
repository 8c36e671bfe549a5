"""PySpark's Python side: importing it, and keeping it quiet."""

from __future__ import annotations

import re
import sys

from customer360.errors import Unavailable, spark


def import_client() -> None:
    """
    Imports PySpark's client, which takes a program without a file, as `python -c`, for its own tests, and exits.

    Raises: Customer360Error when it lacks packages.
    """
    main = sys.modules["__main__"]
    has_file = hasattr(main, "__file__")
    try:
        if not has_file:
            main.__file__ = ""
        import pyspark.sql.connect.session  # noqa: F401
    except ImportError:
        raise Unavailable("Spark Connect needs more packages: pip install 'customer360[spark]'") from None
    finally:
        if not has_file:
            del main.__file__


def quieten() -> None:
    """PySpark would show every failed query on stderr, as a page of JSON; it reaches a person as an exception."""
    from pyspark.logger import PySparkLogger

    PySparkLogger.getLogger("DataFrameQueryContextLogger").disabled = True


def not_started(what: str, error: Exception) -> Unavailable:
    """The first line of *error*, or what is known to lie behind it."""
    # Py4J's first line says only which constructor failed.
    lines = re.sub(r"^An error occurred while calling .*\n: ", "", str(error).strip()).splitlines()
    return Unavailable(f"{what}: {spark.mistake(str(error)) or lines[0]}")
