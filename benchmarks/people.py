"""Lists of customers: the first page, and all customers as a file, compared with PostgreSQL alone."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

import psycopg

import customer360
from benchmarks.arguments import chosen, in_one_line, parser, with_events
from benchmarks.interleaved import Candidate, Sample, interleaved, save, say
from benchmarks.workplace import AS_OF, temporary_database
from customer360.people import export, lists
from customer360.people.lists import SHOWN, WITH_CONTACTS, Order, expression
from customer360.postgres.connection import Database
from customer360.report.measures import measure
from customer360.report.people import Selection
from customer360.tables import CUSTOMER_PROFILES
from customer360.web import selections, store
from customer360.web.profiles import Profiles
from customer360.web.store import Results

DESCRIPTION = """\
Measures the time to show the first page of a list, and to write every customer to a file.

  page        ours: the slowest 5% of the first pages of 24 lists, frequent and rare, with the profiles in memory
  months      ours: the slowest of the lists of a month, each as if requested for the first time
  sql         peer: the pages of `page`, queried from PostgreSQL alone
  csv         ours: all customers as CSV, discarded
  copy        limit: COPY of the same columns to the null device, without checking their texts
"""
_LISTS: Final[Sequence[Mapping[str, Any]]] = (
    {}, {"loyalty_status": "Gold"}, {"country": "Spain"}, {"loyalty_status": "Gold", "country": "Spain"},
    {"rfm_segment": "At Risk", "country": "Italy"}, {"join_month": "2024-03", "loyalty_status": "Gold"},
    {"age_band": "65 and over", "gender": "Female"}, {"loyalty_status": "Bronze", "rfm_segment": "Champions"},
)  # fmt: skip
_ORDERS: Final = (Order(), Order("spent", descending=True), Order("last_seen", descending=True))
_MONTHLY: Final = ("last_monthly_active_customers", "last_buyers", "last_spent", "monthly_churned_customers")
_PAGE: Final = 51
_AS_LONG: Final = 0.1
Show = Callable[[Selection, Order], object]


def main() -> None:
    arguments = with_events(parser("people", DESCRIPTION), default=20).parse_args()
    events = arguments.events_per_customer
    say(f"people, {arguments.rows:,} customers with {events} events each")
    with temporary_database() as (database, _), customer360.connect(database.url) as c:
        c.fill_mock(arguments.rows, as_of=AS_OF, events_per_customer=events)
        c.run()
        results = store.load(database)
        assert results
        with database.connect() as connection:
            everyone = _candidates(database, connection, results)
            measured = interleaved(chosen(everyone, arguments.only), repeats=arguments.repeats)
    save("people", arguments.rows, measured, arguments.results, {"events each": events})


def _candidates(database: Database, connection: psycopg.Connection[Any], results: Results) -> list[Candidate]:
    listed = [selections.named(results, where) for where in _LISTS]
    monthly = [selections.named(results, {}, name) for name in _MONTHLY]
    profiles = _held(database, results, connection)

    def ours(selection: Selection, order: Order) -> None:
        ask, asked = profiles.prepared(selection, results, connection)
        lists.counted(ask, asked)
        _told(connection, lists.found(ask, asked, order, None, _PAGE))

    def theirs(selection: Selection, order: Order) -> None:
        ask = lists.asking(connection)
        lists.counted(ask, selection)
        _told(connection, lists.found(ask, selection, order, None, _PAGE))

    return [
        Candidate("page", "first page, 95 % of the lists", "ours", partial(_slow, ours, listed, _ORDERS)),
        Candidate(
            "months",
            "first page of a month",
            "ours",
            partial(_slow, ours, monthly, [Order()]),
            partial(profiles.forget_rows, results),
        ),
        Candidate("sql", "first page, PostgreSQL alone", "peer", partial(_slow, theirs, listed, _ORDERS)),
        Candidate("csv", "all customers as CSV", "ours", partial(_written, connection)),
        Candidate("copy", "COPY of the same columns", "limit", partial(_copied, connection)),
    ]


def _held(database: Database, results: Results, connection: psycopg.Connection[Any]) -> Profiles:
    """The profiles in memory, which are loaded in the background."""
    profiles, started = Profiles(database), time.monotonic()
    while not profiles.are_here(results):
        profiles.asking(results, connection)
        time.sleep(_AS_LONG)
    say(f"  profiles read in {time.monotonic() - started:.1f} s")
    return profiles


def _told(connection: psycopg.Connection[Any], page: Sequence[lists.Found]) -> None:
    lists.values_of(connection, [one.customer_id for one in page], SHOWN)


def _slow(show: Show, listed: Sequence[Selection], orders: Sequence[Order]) -> Sample:
    seconds = []
    for selection in listed:
        for order in orders:
            started = time.perf_counter()
            show(selection, order)
            seconds.append(time.perf_counter() - started)
    return Sample(sorted(seconds)[math.ceil(0.95 * len(seconds)) - 1])


def _written(connection: psycopg.Connection[Any]) -> None:
    with connection.transaction():
        everybody = Selection(measure("total_customers"))
        for _ in export.csv(connection, everybody, SHOWN, Order()):
            pass


def _copied(connection: psycopg.Connection[Any]) -> None:
    shown = ", ".join(map(expression, SHOWN))
    rows = f"SELECT {shown} FROM {CUSTOMER_PROFILES.full_name} AS p{WITH_CONTACTS} ORDER BY p.customer_id"
    connection.execute(f"COPY ({rows}) TO '/dev/null' (FORMAT csv)")


if __name__ == "__main__":
    in_one_line(main)
