"""`customer360 run`: from the customers to every result table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import click

from customer360.commands.context import Context
from customer360.commands.options import DATABASE_AND_JSON, DAY, SPARK, ValuedCommand, options

if TYPE_CHECKING:
    from customer360.pipeline.refresh import Refresh


@click.command(cls=ValuedCommand)
@click.option(
    "--table",
    default="public.customers",
    show_default=True,
    help="Table to read the customers from; any table with the same columns will do.",
)
@click.option(
    "--source",
    metavar="PLACE",
    help="Lake to read the customers from instead: PATH of Parquet files, delta:PATH, iceberg:PATH, or "
    "CATALOG.SCHEMA.TABLE.",
)
@click.option(
    "--events",
    metavar="TABLE|PLACE",
    help="Table or lake to read the events from, or none. Default: public.events with public.customers, else "
    "none.",
)
@click.option(
    "--profiles-to",
    metavar="PLACE",
    help="Write customer_profiles to PATH/refresh=N (Parquet) or delta:PATH, and leave its table empty.",
)
@click.option("--months-to", metavar="PLACE", help="Write customer_months to a lake in the same way.")
@click.option(
    "--as-of",
    type=DAY,
    metavar="DAY",
    help="Last day treated as known. Default: that of `mock` or `load`, else the last day in the data.",
)
@click.option(
    "--allow-shrink", is_flag=True, help="Publish even if the same table has lost more than half of its rows."
)
@options(DATABASE_AND_JSON, SPARK)
def run(context: Context, **options: Any) -> None:
    """
    Read customers and events with PySpark, run the operations, publish every result table.

    Nothing is published if a result breaks its contract, or if the same table has lost more than half of its rows.

    \b
    Example:
      customer360 run
      customer360 run --table crm.members --events crm.ledger --as-of 2026-06-30
      customer360 run --source s3a://lake/customers --profiles-to s3a://lake/profiles
    """
    with context.connect() as c:
        refresh = c.run(**options)
    context.show(RunOutcome(refresh))


@dataclass(frozen=True)
class RunOutcome:
    """The result of `run`: the refresh that was published, and where a lake has its profiles."""

    refresh: Refresh

    def lines(self) -> Iterator[str]:
        refresh = self.refresh
        yield f"{refresh}{self._why_this_day()}"
        for table, place in (("customer_profiles", refresh.profiles), ("customer_months", refresh.months)):
            if place:
                yield f"analytics.{table} is empty: its rows are in {place}"
        if refresh.rows_rejected:
            yield f"{refresh.rows_rejected:,} rows were rejected; see analytics.rejected_rows"
        if refresh.rows_not_yet_joined:
            yield f"{refresh.rows_not_yet_joined:,} rows join after the as-of date and were omitted"
        if refresh.logins_after:
            yield (
                f"{refresh.logins_after:,} customers logged in after the as-of date; their earlier logins are not "
                "in the data, so they count as customers without a known login"
            )
        if refresh.missing_columns:
            yield f"not in your data: {refresh.missing_columns}; the report says so where it needs them"
        yield from self._of_events()

    def _of_events(self) -> Iterator[str]:
        refresh = self.refresh
        if refresh.events_obstacle:
            yield f"public.events was not read: {refresh.events_obstacle}; to read another table: --events TABLE"
        if refresh.events_rejected:
            yield f"{refresh.events_rejected:,} events were rejected; see analytics.rejected_rows"
        if refresh.events_not_yet_known:
            yield (
                f"{refresh.events_not_yet_known:,} events are later than the as-of date, or belong to customers "
                "who join after it, and were omitted"
            )
        if refresh.missing_of_events:
            yield f"not in your events: {refresh.missing_of_events}; the report says so where it needs them"

    def _why_this_day(self) -> str:
        return (
            ", the last day in the data (for another day: --as-of DAY)" if self.refresh.as_of_is_last_day else ""
        )

    def as_json(self) -> Mapping[str, Any]:
        return asdict(self.refresh)
