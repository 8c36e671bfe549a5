"""How the tables of events grow with the number of customers, below the formula that bounds activity_segments."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import pyplot as plt

from benchmarks.arguments import in_one_line, names, size
from benchmarks.commands import timed
from benchmarks.engines import EMBEDDED
from benchmarks.growth import DOCS
from benchmarks.interleaved import say, short
from benchmarks.workplace import AS_OF, temporary_home
from customer360.notebooks.charts import chart, style
from customer360.postgres.connection import Database
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.report.palette import LIGHT
from customer360.tables import (
    ACTIVITIES,
    ACTIVITY_SEGMENTS,
    COUNTRIES,
    CUSTOMER_MONTHS,
    DEMOGRAPHIC_SEGMENTS,
    EVENTS,
    LOYALTY_STATUSES,
    TIER_MOVES,
)

DESCRIPTION = """\
Fills a separate database with each number of mock customers and their events, runs the operations, and counts the
rows of the tables built from events. Writes them into docs/scale.md, next to the maximum by the formula for these
months, statuses and countries, and draws docs/images/months.svg.
"""
BEGIN, END = "<!-- months: written by `python -m benchmarks.growth_of_months` -->", "<!-- end of months -->"
SHOWN = (ACTIVITY_SEGMENTS, TIER_MOVES, DEMOGRAPHIC_SEGMENTS, CUSTOMER_MONTHS)
_EVENTS_PER_CUSTOMER = 20


@dataclass(frozen=True)
class Size:
    """The measurements for a number of customers, and the most rows of activity_segments for its members."""

    customers: int
    rows: dict[str, int]
    months_bytes: int
    at_most: int


def main() -> None:
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.growth_of_months",
        description=DESCRIPTION,
        epilog="Example:\n  uv run python -m benchmarks.growth_of_months --rows 10k,100k,1M",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "--rows", type=names, default=["10k", "100k", "1M"], metavar="A,B", help="numbers of customers"
    )
    sizes = [_measure(size(rows)) for rows in made.parse_args().rows]
    _write(sizes)
    _draw(sizes)


def _measure(customers: int) -> Size:
    say(f"growth of months, {customers:,} customers")
    story = (f"--customers={customers}", f"--as-of={AS_OF}", f"--events-per-customer={_EVENTS_PER_CUSTOMER}")
    with temporary_home() as home:
        timed(EMBEDDED.command("mock", *story), home)
        timed(EMBEDDED.command("run"), home)
        database = EmbeddedPostgres(home).database()
        tables = (EVENTS, *SHOWN, LOYALTY_STATUSES, ACTIVITIES, COUNTRIES)
        rows = {table.name: _number(database, f"SELECT count(*) FROM {table.full_name}") for table in tables}
        months = _number(database, f"SELECT count(DISTINCT activity_month) FROM {ACTIVITY_SEGMENTS.full_name}")
        members = rows[LOYALTY_STATUSES.name] * rows[ACTIVITIES.name] * rows[COUNTRIES.name]
        return Size(customers, rows, _bytes_of_months(database), months * (months + 1) // 2 * members)


def _bytes_of_months(database: Database) -> int:
    """The size of its partitions, including keys and indexes."""
    return _number(
        database,
        f"""
        SELECT coalesce(sum(pg_total_relation_size(relid)), 0)::bigint
        FROM pg_partition_tree('{CUSTOMER_MONTHS.full_name}') WHERE isleaf
        """,
    )


def _number(database: Database, query: str) -> int:
    with database.connect("benchmark") as connection:
        [(number,)] = connection.execute(query).fetchall()
    return int(number)


def _write(sizes: Sequence[Size]) -> None:
    page = DOCS / "scale.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(before + "\n".join([BEGIN, *_rendered(sizes), END]) + after, encoding="utf-8")
    say(f"written into {page}")


def _rendered(sizes: Sequence[Size]) -> Iterator[str]:
    heads = [f"`{table.name}`" for table in SHOWN]
    yield f"| Customers | Events | {heads[0]} | at most | {' | '.join(heads[1:])} | its bytes |"
    yield "|---:|---:|" + "---:|" * (len(SHOWN) + 2)
    for each in sizes:
        segments, *others = (f"{each.rows[table.name]:,}" for table in SHOWN)
        yield (
            f"| {short(each.customers)} | {each.rows[EVENTS.name]:,} | {segments} | {each.at_most:,} | "
            f"{' | '.join(others)} | {each.months_bytes / 1e6:,.0f} MB |"
        )


def _draw(sizes: Sequence[Size]) -> None:
    style()
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "months"})
    least, most = sizes[0], sizes[-1]
    times = most.rows[ACTIVITY_SEGMENTS.name] / least.rows[ACTIVITY_SEGMENTS.name]
    axes = chart(
        f"{most.customers / least.customers:.0f} times the customers, {times:.0f} times the rows of "
        "activity_segments",
        "Rows of the tables made of events, by number of customers",
        height=3,
    )
    customers = np.array([each.customers for each in sizes])
    for table, color in ((ACTIVITY_SEGMENTS, LIGHT.main), (CUSTOMER_MONTHS, LIGHT.bad), (TIER_MOVES, LIGHT.good)):
        rows = [each.rows[table.name] for each in sizes]
        axes.plot(customers, rows, "o-", color=color)
        axes.text(customers[-1], rows[-1], f" {table.name}", color=color, va="center", fontsize=8.5)
    axes.plot(customers, [each.at_most for each in sizes], color=LIGHT.line)
    axes.text(
        customers[0],
        sizes[0].at_most * 1.15,
        "activity_segments at most, by the formula",
        color=LIGHT.muted,
        fontsize=8.5,
    )
    axes.set(xscale="log", yscale="log", xlabel="customers", xlim=(customers[0] / 1.2, customers[-1] * 4))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda number, _: short(round(number)))
    plt.savefig(DOCS / "images" / "months.svg", metadata={"Date": None}, bbox_inches="tight")


if __name__ == "__main__":
    in_one_line(main)
