"""
Customer 360: from an empty machine to customer and loyalty analytics.

    import customer360

    with customer360.connect() as c:
        c.fill_mock(customers="100k", seed=7)
        c.run()
        print(c.ask("average_balance", by="loyalty_status"))

Only what this module exports is stable; other modules may be renamed. Invalid calls, unreachable services and
operations that would destroy data raise a `Customer360Error`: one line that says how to fix it.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from customer360.errors import Customer360Error, Invalid, Refused, Unavailable
from customer360.pipeline.of_people import OfPeople

# Other modules are imported by the method that needs them: every module of this package imports this one first.
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    import pandas as pd
    from pyspark.sql import DataFrame, SparkSession
    from typing_extensions import Unpack

    from customer360.pipeline.fill import Fill
    from customer360.pipeline.own_data import Load
    from customer360.pipeline.progress import Progress
    from customer360.pipeline.refresh import Refresh
    from customer360.pipeline.requested import EventOptions, Given, LoadOptions, Place
    from customer360.pipeline.staging import Waiting
    from customer360.postgres.connection import Database
    from customer360.postgres.status import Status
    from customer360.web.store import Results

    _Seconds = tuple[float, float]  # to wait for another run, and for readers

__all__ = ["Customer360", "Customer360Error", "Invalid", "Refused", "Unavailable", "connect"]
__version__ = version("customer360")


def connect(
    url: str | None = None,
    *,
    master: str | None = None,
    remote: str | None = None,
    progress: bool | Progress = False,
    wait_seconds: float = 600.0,
    swap_seconds: float = 60.0,
) -> Customer360:
    """
    Connects to the database at *url*; PySpark starts when it is first needed.

    The default *url* is CUSTOMER360_DATABASE_URL, else the embedded PostgreSQL of this machine, which keeps
    running. PySpark is Apache Spark at *master* or a Spark Connect server at *remote*, else the active session,
    else the installed engine. With *progress*, each step is shown on stderr. *wait_seconds* is the maximum time to
    wait for another run to end, *swap_seconds* for open transactions of readers before new data is published.

    Raises: Unavailable when the database does not answer, or when the workers of a cluster could not reach it.

        >>> import customer360
        >>> c = customer360.connect()
    """
    connected = Customer360(url, master, remote, progress, (wait_seconds, swap_seconds))
    connected.database  # noqa: B018  opened now
    return connected


class Customer360(OfPeople):
    """One database and one PySpark session, as returned by `connect`; use it in a `with` block, or `close` it."""

    def __init__(
        self, url: str | None, master: str | None, remote: str | None, progress: bool | Progress, waits: _Seconds
    ) -> None:
        self._url, self._master, self._remote, self._progress, self._waits = url, master, remote, progress, waits
        self._database: Database | None = None
        self._session: SparkSession | None = None
        self._is_own_session = False
        self._results: Results | None = None

    def __enter__(self) -> Customer360:
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, KeyboardInterrupt) and self._session and self._is_own_session:
            from customer360 import spark

            spark.kill(self._session)
        self.close()

    def __repr__(self) -> str:
        parts = self._database.parts if self._database else {}
        where = f"{parts.get('dbname')} on {parts.get('host', 'localhost')}" if parts else "not opened yet"
        return f"Customer 360: {where}"

    @property
    def database(self) -> Database:
        """
        The database, opened at first use; other programs connect with `database.url`.

            >>> c.database.parts["dbname"]
            'customer360'
        """
        if self._database is None:
            from customer360.pipeline.connecting import open_database

            self._database = open_database(self._url, master=self._master, remote=self._remote)
        return self._database

    @property
    def spark(self) -> SparkSession:
        """
        The PySpark session, started when needed, and restarted if it was stopped or killed.

        A session that is already active is used, and never stopped.

        Raises: Unavailable when no engine is installed, or none starts.

            >>> c.spark.range(3).count()
            3
        """
        from customer360 import spark

        if self._session is None or not spark.is_alive(self._session):
            with self._shown("Starting PySpark"):
                self._session, self._is_own_session = spark.shared_session(self._master, self._remote)
        return self._session

    def fill_mock(
        self,
        customers: int | str = "100k",
        seed: int = 7,
        as_of: date | str | None = None,
        dirt: float = 0.0,
        replace: bool = False,
        *,
        events_per_customer: int = 20,
        report: bool = False,
    ) -> Fill:
        """
        Replaces the mock data in public.customers and public.events; the same *seed* gives the same rows.

        *customers* is a number, or a text such as "250k" or "10M". *as_of* is the last day treated as known, by
        default today (UTC). *dirt* is the share of the rows, 0 to 0.5, that get one real-world defect each.
        *events_per_customer* is the average number of events, up to 200; 0 for no events. It does not affect the
        customers. With *report*, the data is compared with real-world figures: see `gates` of the result. Readers
        see the old rows until the new ones are complete.

        Raises: Refused when one of the two tables contains anything but mock data, unless *replace*; Invalid for a
        value out of range.

            >>> c.fill_mock(customers="2k", as_of="2026-06-30", dirt=0.02)
            2,000 mock customers in public.customers and 39,589 events in public.events as of 2026-06-30 (seed 7)
        """
        from customer360.mock_data.plan import plan_of
        from customer360.report.durations import parse_day

        day = parse_day(as_of) if as_of else None
        plan = plan_of(customers, seed, day, dirt, events_per_customer)
        database, spark = self.database, self.spark
        from customer360.pipeline.fill import fill_mock_data

        return fill_mock_data(
            database, spark, plan, replace=replace, report=report, waiting=self._waiting, progress=self._shown,
        )  # fmt: skip

    def load(self, path: Place = None, mapping: Given = None, **options: Unpack[EventOptions]) -> Load:
        """
        Replaces the customers in public.customers with your own, from the file or folder at *path*.

        The mapping of columns is guessed unless *mapping* is given: a mapping file, or a dictionary such as
        `mapping` of the result. Rows that cannot be loaded go to analytics.rejected_rows. Order lines become
        events, and customers are derived from them. *options*: `events`, a file with the events of these
        customers, which fill first_purchase and last_login if the customers' file has no such column, and
        `events_mapping`; `as_of`, the last day treated as known; `transactions`, whether rows are order lines, by
        default detected; `dry_run`, to only read and count; `keep_mapping`, to save the guess in NAME.mapping.toml
        and reuse it; `agree`, which gets each plan and may raise; how to read (delimiter, encoding, quote, sheet,
        skip_lines, dates, decimal); from_database, with table, query, events_table or events_query.

        Raises: Refused, with nothing changed, when the tables contain anything but mock data, unless `replace`;
        when more than the share `max_rejected` cannot be loaded; when the same file has lost more than half of its
        rows, unless `allow_shrink`.

            >>> trial = c.load("members.csv", as_of="2026-06-30", dry_run=True)
            >>> trial
            791 customers would be loaded into public.customers from 802 rows of members.csv; 11 rows rejected
            >>> mapping = trial.mapping
            >>> mapping["columns"]["loyalty_status"] = "Card"
            >>> c.load("members.csv", mapping, as_of="2026-06-30").columns["loyalty_status"]
            'Card'
        """
        from customer360.pipeline.own_data import load_own_data
        from customer360.pipeline.requested import requested_together

        request, events = requested_together(path, mapping, **options)
        return load_own_data(
            None if request.dry_run else self.database, request, events=events,
            agree=options.get("agree"), waiting=self._waiting, progress=self._shown,
        )  # fmt: skip

    def load_events(
        self, path: Place = None, mapping: Given = None, append: bool = False, **options: Unpack[LoadOptions]
    ) -> Load:
        """
        Replaces the events in public.events with your own, from *path*; their customers are in the database.

        The rows are order lines, or events with their kind; which of the two is detected. With *append*, existing
        events stay, and repeated ones are ignored. *mapping* and *options* are those of `load`.

        Raises: Refused and Invalid as `load` does; Unavailable when there are no customers.

            >>> c.load_events("orders.csv", as_of="2026-06-30")
            2,695 events loaded into public.events from 4,784 rows of orders.csv; 65 rows rejected
            >>> c.load_events("orders.csv", as_of="2026-06-30", append=True).events
            0
        """
        from customer360.pipeline.own_data import load_own_events
        from customer360.pipeline.requested import requested

        return load_own_events(
            self.database, requested(path, mapping, is_of_events=True, append=append, **options),
            agree=options.get("agree"), waiting=self._waiting, progress=self._shown,
        )  # fmt: skip

    def run(
        self,
        as_of: date | str | None = None,
        *,
        table: str = "public.customers",
        source: str | None = None,
        events: str | None = None,
        profiles_to: str | None = None,
        months_to: str | None = None,
        allow_shrink: bool = False,
    ) -> Refresh:
        """
        Reads customers and events with PySpark, runs every operation and publishes all result tables atomically.

        *as_of* is the last day treated as known; by default that of `fill_mock` or `load`, else the last day in
        the data. The customers are read from *table*, any with the same columns, or from a lake at *source*: a
        path of Parquet files, "delta:PATH", "iceberg:PATH" or a table of Spark's catalog. The events of
        public.customers are those in public.events, if any; *events* names another table or lake, or "none" to
        omit them. *profiles_to* and *months_to* write customer_profiles and customer_months to a lake and leave
        their tables empty.

        Raises: Refused, with nothing published, when results break the contract of their table, or when the same
        table has lost more than half of its rows, unless *allow_shrink*.

            >>> refresh = c.run()
            >>> refresh
            refresh 1: 1,991 customers of public.customers and 38,658 events of public.events as of 2026-06-30
            >>> refresh.rows_in, refresh.rows_out, refresh.rows_rejected, refresh.rows_not_yet_joined
            (2000, 1991, 9, 0)
        """
        from customer360.report.durations import parse_day
        from customer360.spark.lake import place

        day = parse_day(as_of) if as_of else None
        database, spark = self.database, self.spark
        from customer360.pipeline.run import run_operations  # imports PySpark, whose absence the session explains

        return run_operations(
            database, spark, table=table, source=place(source) if source else None, events=events,
            profiles_to=place(profiles_to) if profiles_to else None,
            months_to=place(months_to) if months_to else None, as_of=day, allow_shrink=allow_shrink,
            waiting=self._waiting, progress=self._shown,
        )  # fmt: skip

    def ask(
        self,
        measure: str,
        by: str | Sequence[str] | None = None,
        where: Mapping[str, Any] | None = None,
        *,
        balance_threshold: float | None = None,
        parameters: Mapping[str, float] | None = None,
    ) -> pd.DataFrame:
        """
        A measure of the report, computed from the latest refresh with the dashboard's own SQL.

        One row, or one for each combination of members of *by*, one or two dimensions; the columns are these
        dimensions and the measure. Members are written and ordered as in the report; months are dates. *where*
        filters dimensions by a member, a list, or a range of months such as "2025-01..2025-06". Shares are 0 to 1,
        amounts in the currency of the data; a missing value is NaN. The frame's `attrs` contain the measure's
        label, unit and definition, and the as-of date. *parameters* are the numbers that a reader of the report
        can set, such as {"point_price": 0.02}; *balance_threshold*, the X of "balance > X", can be given alone.

        Raises: Invalid for an unknown measure, dimension or member, with the nearest name, and for months that do
        not add up, such as active customers; Unavailable for missing data, and without results.

            >>> c.ask("average_balance", by="loyalty_status", where={"country": ["Spain", "Italy"]}).round()
              loyalty_status  average_balance
            0         Bronze            375.0
            1         Silver           1528.0
            2           Gold           4762.0
            3        Unknown            411.0
        """
        from customer360.web import ask, store

        cuts = (by,) if isinstance(by, str) else tuple(by or ())
        fact = ask.fact_of(measure, cuts, where or {})
        self._results = store.current(self.database, self._results, fact)
        if self._results is None:
            raise Unavailable("there are no results; make them with: customer360 run")
        given = {} if balance_threshold is None else {"balance_threshold": balance_threshold}
        return ask.ask(self._results, measure, by=cuts, where=where, parameters={**given, **(parameters or {})})

    def table(self, name: str) -> pd.DataFrame:
        """
        All rows of a table of customer360, such as "customer_segments", in memory.

        Amounts are floats and days are datetimes. For tables as large as the customers, use `read`.

        Raises: Invalid for another table, with the nearest name; Unavailable for one that does not exist yet.

            >>> c.table("loyalty_statuses").loyalty_status.tolist()
            ['Bronze', 'Silver', 'Gold', 'Unknown']
        """
        from customer360.postgres.read import read_frame

        return read_frame(self.database, name)

    def status(self) -> Status:
        """
        What the database contains, and how fresh it is: the rows and origin of its tables, and the last refresh.

            >>> status = c.status()
            >>> status.sources["customers"].origin.kind, status.rows["public.customers"], status.stale
            ('mock', 2000, False)
        """
        from customer360.postgres.status import status

        return status(self.database)

    def read(self, table: str, columns: Sequence[str] | None = None) -> DataFrame:
        """
        Any table or view of the database as a PySpark DataFrame, read in parallel from one snapshot.

        All tasks of an action read the same snapshot; a later action may read a later one: `cache` the DataFrame
        to keep one state. With *columns*, no other column leaves the database.

        Raises: Unavailable for a table that does not exist or may not be read; Invalid for an unknown column.

            >>> c.read("public.customers", ["country", "loyalty_points"]).columns
            ['country', 'loyalty_points']
        """
        database, spark = self.database, self.spark
        from customer360.postgres.datasource import read

        return read(spark, database, table, columns)

    def write(self, df: DataFrame, table: str, *, replace: bool = False) -> None:
        """
        Stores the PySpark DataFrame *df* in *table*, in place of what an earlier `write` stored there.

        Readers see the old rows or the new ones. A missing table is created with the columns of *df*; indexes,
        views and grants are kept unless the columns change. A comment marks the table as written by `write`. With
        *replace*, the rows of a table that was not created by `write` are replaced too; its columns stay.

        Raises: Refused for a table of customer360, and for one not created by `write`, unless *replace*.

            >>> gold = c.read("public.customers").where("loyalty_status = 'Gold'").select("customer_id", "country")
            >>> c.write(gold, "analytics.gold_customers")
            >>> c.read("analytics.gold_customers").columns
            ['customer_id', 'country']
        """
        from customer360.pipeline.write import write_table

        write_table(self.database, df, table, replace=replace)

    def close(self) -> None:
        """
        Stops the PySpark session, unless it was active before; the embedded PostgreSQL keeps running.

            >>> c.close()
        """
        session, self._session, self._results = self._session, None, None
        if session is not None and self._is_own_session:
            from customer360 import spark

            spark.stop(session)

    @property
    def _waiting(self) -> Waiting:
        from customer360.pipeline.staging import Waiting

        return Waiting(*self._waits)

    @property
    def _shown(self) -> Progress:
        from customer360.pipeline.progress import chosen

        return chosen(self._progress)
