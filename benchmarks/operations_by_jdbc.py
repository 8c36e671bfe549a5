"""The peer of `customer360 run`: its operations with Spark JDBC on both sides. Started by `operations.py`."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.jdbc import Jdbc
from benchmarks.workplace import AS_OF, SCHEMA, spark_session
from customer360.operations.run import results
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.tables import CUSTOMERS


def main(rows: int, jar: Path) -> None:
    with spark_session(jar) as spark:
        jdbc = Jdbc(EmbeddedPostgres().database())
        customers = jdbc.read(spark, CUSTOMERS.full_name, rows)
        with results(customers, as_of=AS_OF, keys_are_unique=True) as found:
            for name, table in found.tables.items():
                jdbc.write(table, f"{SCHEMA}.{name}", mode="overwrite")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
