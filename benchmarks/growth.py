"""How the result tables grow with the number of customers: measured, and extrapolated to a billion."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as parquet
from matplotlib import pyplot as plt

from benchmarks.arguments import in_one_line, names, size
from benchmarks.commands import timed
from benchmarks.engines import EMBEDDED
from benchmarks.interleaved import RESULTS, say, short
from benchmarks.workplace import AS_OF, temporary_home
from customer360.notebooks.charts import chart, style
from customer360.postgres.connection import Database
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.postgres.read import frame, read_table
from customer360.postgres.status import status
from customer360.report.palette import LIGHT
from customer360.tables import (
    COHORT_RETENTION,
    CUSTOMER_SEGMENTS,
    ENGAGEMENT_SEGMENTS,
    RESULT_TABLES,
    TOP_CUSTOMERS,
    Table,
)

DESCRIPTION = """\
Fills a separate database with each number of mock customers, runs the operations, and counts the rows and bytes of
the result tables. From the largest size it extrapolates the rows of a billion customers, writes the table into
docs/scale.md, and draws docs/images/growth.svg. --paper uses the sizes measured last time.
"""
DOCS = Path(__file__).parents[1] / "docs"
BEGIN, END = "<!-- growth: written by `python -m benchmarks.growth` -->", "<!-- end of growth -->"
SHOWN = (CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS, TOP_CUSTOMERS, COHORT_RETENTION)
ON_PAPER = (10_000_000, 100_000_000, 1_000_000_000)
_TOP = 10
_CUBES = (CUSTOMER_SEGMENTS, ENGAGEMENT_SEGMENTS)
_SIZES = "growth.sizes"  # not *.json: those are results of timed benchmarks

Cells = Mapping[str, "pd.Series[float]"]
"""The probability of each cell of a result table, if customers are drawn one by one."""


@dataclass(frozen=True)
class Size:
    """Measured for a number of customers: rows by table, bytes for the report and of individual customers."""

    customers: int
    rows: dict[str, int]
    dashboard_bytes: int
    individual_bytes: int


def main() -> None:
    made = argparse.ArgumentParser(
        prog="python -m benchmarks.growth",
        description=DESCRIPTION,
        epilog="Example:\n  uv run python -m benchmarks.growth --rows 10k,100k,1M",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument(
        "--rows", type=names, default=["10k", "100k", "1M"], metavar="A,B", help="numbers of customers"
    )
    made.add_argument("--paper", action="store_true", help="measure nothing; only extrapolate and draw")
    made.add_argument("--results", type=Path, default=RESULTS, help="folder of the JSON results")
    arguments = made.parse_args()
    arguments.results.mkdir(parents=True, exist_ok=True)
    if not arguments.paper:
        _measure([size(rows) for rows in arguments.rows], arguments.results)
    sizes = [Size(**each) for each in json.loads((arguments.results / _SIZES).read_text())]
    held, done = (frame(parquet.read_table(arguments.results / _rows_file(table))) for table in _CUBES)
    cells = _cells(held, done)
    _write(sizes, cells)
    _draw(sizes, cells)


def _measure(customers: Sequence[int], results: Path) -> None:
    """Stores every size, and for the largest also the rows of the segment tables."""
    sizes = []
    for number in sorted(customers):
        say(f"growth, {number:,} customers")
        with temporary_home() as home:
            timed(
                EMBEDDED.command("mock", f"--customers={number}", f"--as-of={AS_OF}", "--events-per-customer=0"),
                home,
            )
            timed(EMBEDDED.command("run"), home)
            database = EmbeddedPostgres(home).database()
            sizes.append(asdict(_size(database, number)))
            for table in _CUBES:
                rows = read_table(database, table.full_name, table.column_names)
                parquet.write_table(rows, results / _rows_file(table))
    (results / _SIZES).write_text(json.dumps(sizes, indent=1))


def _rows_file(table: Table) -> str:
    return f"growth-{table.name}.parquet"


def _size(database: Database, customers: int) -> Size:
    with database.connect("benchmark") as connection:
        query = """
            SELECT parent.relname, sum(pg_total_relation_size(inhrelid))::bigint
            FROM pg_inherits JOIN pg_class AS parent ON parent.oid = inhparent
            WHERE parent.relnamespace = 'analytics'::regnamespace AND parent.relkind = 'p' -- keys inherit too
            GROUP BY 1
        """
        found = {name: int(taken) for name, taken in connection.execute(query).fetchall()}
    of_individuals = sum(found.pop(table.name) for table in RESULT_TABLES if table.role == "profile")
    return Size(customers, status(database).rows, sum(found.values()), of_individuals)


# -- on paper ---------------------------------------------------------------------------------------------


def _cells(held: pd.DataFrame, done: pd.DataFrame) -> dict[str, pd.Series[float]]:
    """
    The probability of each cell, as a product of probabilities that are measured well at this size.

    Assumed to be independent: the country from everything else; the month of joining from status, activity and
    bands, within a year; status, activity and stage from the exact months of joining and last login, within their
    years.
    """
    for rows in (held, done):
        rows["join_year"] = rows.join_month.dt.year
    done["login_year"] = done.last_login_month.dt.year
    country, month = _shares(held, "country"), ["join_year", "join_month"]
    tiers, slicers = ["loyalty_status", "activity"], ["join_month", "loyalty_status", "activity"]
    years = ["join_year", "login_year"]
    return {
        CUSTOMER_SEGMENTS.name: _outer(
            country,
            _within(
                _shares(held, *month),
                _shares(held, "join_year", *tiers, "balance_band", "points_band"),
                ["join_year"],
            ),
        ),
        ENGAGEMENT_SEGMENTS.name: _outer(
            country,
            _within(
                _shares(done, *years, "join_month", "last_login_month", "account_age_band"),
                _shares(done, *years, *tiers, "funnel_stage"),
                years,
            ),
        ),
        TOP_CUSTOMERS.name: _outer(country, _shares(held, *slicers)),
    }


def _shares(rows: pd.DataFrame, *by: str) -> pd.Series[float]:
    counted = rows.groupby(list(by), dropna=False).customers.sum().astype(float)
    return counted / counted.sum()


def _within(one: pd.Series[float], other: pd.Series[float], common: list[str]) -> pd.Series[float]:
    """P(one, other), where the two are independent given *common*."""
    total = one.groupby(common, dropna=False).sum().rename("total")
    left, right = (side.rename(name).reset_index() for side, name in ((one, "one"), (other, "other")))
    both = left.merge(right, on=common).merge(total.reset_index(), on=common)
    shared: pd.Series[float] = both["one"] * both["other"] / both["total"]
    return shared


def _outer(one: pd.Series[float], other: pd.Series[float]) -> pd.Series[float]:
    product: pd.Series[float] = pd.Series(np.outer(one, other).ravel())
    return product


def _expected(table: str, cells: Cells, customers: int) -> int:
    """The rows from *customers* drawn independently: the non-empty cells, or the top ten of each."""
    mean = customers * cells[table]
    if table != TOP_CUSTOMERS.name:
        return round(float(np.sum(-np.expm1(-mean))))
    fewer, term = np.exp(-mean), np.exp(-mean)  # P(at most k) and P(exactly k), from k = 0
    rows = np.zeros_like(mean)
    for k in range(1, _TOP + 1):
        rows += 1 - fewer
        term = term * mean / k
        fewer = fewer + term
    return round(float(rows.sum()))


# -- on the page ------------------------------------------------------------------------------------------


def _write(sizes: Sequence[Size], cells: Cells) -> None:
    page = DOCS / "scale.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(before + "\n".join([BEGIN, *_rendered(sizes, cells), END]) + after, encoding="utf-8")
    say(f"written into {page}")


def _rendered(sizes: Sequence[Size], cells: Cells) -> Iterator[str]:
    heads = [f"`{table.name}`" for table in SHOWN]
    yield f"| Customers | | {' | '.join(heads)} | Tables of the report | Tables of individual customers |"
    yield "|---:|---|" + "---:|" * (len(SHOWN) + 2)
    for each in sizes:
        rows = [f"{each.rows[table.full_name]:,}" for table in SHOWN]
        yield (
            f"| {_written(each.customers)} | measured | {' | '.join(rows)} | "
            f"{each.dashboard_bytes / 1e6:,.0f} MB | {each.individual_bytes / 1e6:,.0f} MB |"
        )
    largest = sizes[-1]
    bytes_per_row = largest.dashboard_bytes / sum(largest.rows[table.full_name] for table in SHOWN)
    for customers in (number for number in ON_PAPER if number > largest.customers):
        expected = {table: _expected(table.name, cells, customers) for table in SHOWN if table.name in cells}
        counts = {**{table: largest.rows[table.full_name] for table in SHOWN}, **expected}
        dashboard = bytes_per_row * sum(counts.values()) / 1e6
        of_individuals = largest.individual_bytes / largest.customers * customers / 1e9
        yield (
            f"| {_written(customers)} | on paper | {' | '.join(f'{counts[table]:,}' for table in SHOWN)} | "
            f"{dashboard:,.0f} MB | {of_individuals:,.0f} GB |"
        )
    ceilings = [
        f"{len(cells[t.name]) * (_TOP if t is TOP_CUSTOMERS else 1):,}" if t.name in cells else "" for t in SHOWN
    ]
    yield f"| any | at most | {' | '.join(ceilings)} | | |"
    yield ""
    checks = [
        f"{_written(each.customers)}: {_expected(t.name, cells, each.customers) / each.rows[t.full_name] - 1:+.0%}"
        for t in _CUBES
        for each in sizes
    ]
    half = len(checks) // 2
    yield (
        f"The same paper against what was measured: `customer_segments` {', '.join(checks[:half])}; "
        f"`engagement_segments` {', '.join(checks[half:])}."
    )


def _written(number: int) -> str:
    return "1B" if number == ON_PAPER[-1] else short(number)


def _draw(sizes: Sequence[Size], cells: Cells) -> None:
    style()
    plt.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "growth"})
    least, most = (_expected(CUSTOMER_SEGMENTS.name, cells, number) for number in (10_000, ON_PAPER[-1]))
    axes = chart(
        f"A hundred thousand times the customers, {most / least:.0f} times the rows",
        "Rows of the tables that visuals read, by number of customers: measured (dots) and on paper (lines)",
        height=3,
    )
    customers = np.logspace(4, 9, 40)
    axes.plot(customers, customers, color=LIGHT.line)
    axes.text(1.2e6, 1.6e6, "one row per customer", color=LIGHT.muted, ha="right", fontsize=8.5)
    for table, color in (
        (CUSTOMER_SEGMENTS, LIGHT.main),
        (ENGAGEMENT_SEGMENTS, LIGHT.good),
        (TOP_CUSTOMERS, LIGHT.bad),
    ):
        axes.plot(customers, [_expected(table.name, cells, int(n)) for n in customers], color=color)
        axes.plot(
            [each.customers for each in sizes], [each.rows[table.full_name] for each in sizes], "o", color=color
        )
        end = _expected(table.name, cells, int(customers[-1]))
        axes.text(customers[-1], end, f" {table.name}", color=color, va="center", fontsize=8.5)
    axes.set(xscale="log", yscale="log", ylim=(5e3, 3e6), xlabel="customers")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda number, _: _written(round(number)))
    plt.savefig(DOCS / "images" / "growth.svg", metadata={"Date": None}, bbox_inches="tight")


if __name__ == "__main__":
    in_one_line(main)
