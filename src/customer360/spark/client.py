"""PySpark's Python side: importing it, and keeping it quiet."""

from __future__ import annotations

import re
import sys

from customer360.errors import Unavailable, spark


def import_client() -> None:
    """
    Imports PySpark's client, which mistakes a program without a file, such as `python -c`, for its own tests.

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
    """Keeps PySpark from writing each failed query to stderr as a page of JSON; the exception reports it."""
    from pyspark.logger import PySparkLogger

    PySparkLogger.getLogger("DataFrameQueryContextLogger").disabled = True


def not_started(what: str, error: Exception) -> Unavailable:
    """The first line of *error*, or its known cause."""
    # Py4J's first line says only which constructor failed.
    lines = re.sub(r"^An error occurred while calling .*\n: ", "", str(error).strip()).splitlines()
    return Unavailable(f"{what}: {spark.mistake(str(error)) or lines[0]}")
