"""The peer that most people start with: Faker, one row at a time, in a separate environment."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # the separate environment has Faker and psycopg, but not this project
    from customer360.postgres.connection import Database

ROWS = 20_000
_COLUMNS = """
    customer_id, name, email, gender, birth_date, country, city, join_date, first_purchase, last_login, is_active,
    loyalty_status, loyalty_points, account_balance
"""


def seconds(database: Database, table: str) -> float:
    """The seconds to make `ROWS` rows and copy them into *table*, without start and imports."""
    command = ["uv", "run", "--no-project", "--quiet", "--with", "faker", "--with", "psycopg[binary]"]
    environment = {**os.environ, "DATABASE": database.url}
    done = subprocess.run(
        [*command, "python", __file__, table], env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return float(done.stdout)


def _measure(table: str) -> float:
    import psycopg
    from faker import Faker

    Faker.seed(7)
    fake = Faker()
    with psycopg.connect(os.environ["DATABASE"]) as connection:
        started = time.perf_counter()
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({_COLUMNS}) FROM STDIN") as copy:
            for customer_id in range(1, ROWS + 1):
                copy.write_row(_row(fake, customer_id))
        connection.commit()
        return time.perf_counter() - started


def _row(fake: Any, customer_id: int) -> tuple[Any, ...]:
    """One customer, in the order of `_COLUMNS`."""
    joined = fake.date_between("-8y", "today")
    return (
        customer_id, fake.name(), fake.email(), random.choice(("Female", "Male", "Other")),
        fake.date_of_birth(minimum_age=18, maximum_age=90), fake.country(), fake.city(), joined,
        fake.date_between(joined, "today"), fake.date_time_between(joined, "now"), fake.boolean(),
        random.choice(("Bronze", "Silver", "Gold")), fake.random_int(0, 20_000),
        fake.pydecimal(left_digits=5, right_digits=2),
    )  # fmt: skip


if __name__ == "__main__":
    print(_measure(sys.argv[1]))
