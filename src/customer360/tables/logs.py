"""The logs: what each refresh read, checked and rejected, and who saw individual customers."""

from __future__ import annotations

from typing import Final

from customer360.tables.columns import Column
from customer360.tables.shorthand import result

DATA_QUALITY: Final = result(
    "data_quality",
    "one row per check and refresh",
    "What each check of the sources found; a row that fails a 'reject' check is excluded from all results.",
    ("refresh_id", "check_name"),
    Column("refresh_id", "bigint", "The refresh, see refreshes.", required=True),
    Column("check_name", "text", "Name of the check, unique across all sources.", required=True),
    Column("severity", "text", "reject: the row is not used; warn: it is used and counted here.", required=True),
    Column("description", "text", "What a failing row looks like.", required=True),
    Column("rows_checked", "bigint", "Rows checked.", required=True),
    Column("rows_failed", "bigint", "Rows that failed.", required=True),
    Column("source", "text", "The source that was checked; null for refreshes by versions without events."),
    role="log",
    keeps_history=True,
)

REJECTED_ROWS: Final = result(
    "rejected_rows",
    "one row per source row that could not be used",
    "The rows excluded from all results, each with all its reasons and its original values.",
    (),
    Column("source", "text", "The table that was loaded or read, such as public.customers.", required=True),
    Column(
        "found_by",
        "text",
        "load: the row was not loaded into the table; run: it is in the table, and a refresh rejected it.",
        required=True,
        allowed=("load", "run"),
    ),
    Column("key", "text", "The row's key, such as its customer_id, if it has one."),
    Column("reasons", "text", "Names of the failed checks, separated by a comma and a space.", required=True),
    Column("original_row", "text", "The row as JSON.", required=True, personal="contact"),
    role="log",
)

REFRESHES: Final = result(
    "refreshes",
    "one row per refresh",
    "Each rebuild of the results: from what, as of when, how many rows, how long.",
    ("refresh_id",),
    Column("refresh_id", "bigint", "Identifies the refresh; counts up from 1.", required=True),
    Column("as_of_date", "date", "Last day treated as known.", required=True),
    Column("source_table", "text", "The table that was read.", required=True),
    Column(
        "source_kind", "text", "mock, own or unknown: where the rows of the source table come from.", required=True
    ),
    Column("rows_in", "bigint", "Rows read = rows_out + rows_rejected + rows_not_yet_joined.", required=True),
    Column("rows_out", "bigint", "Customers in the results.", required=True),
    Column("rows_rejected", "bigint", "Rows that this refresh rejected.", required=True),
    Column("rows_not_yet_joined", "bigint", "Rows whose join_date is after the as-of date.", required=True),
    Column(
        "missing_columns",
        "text",
        "Source columns that are null for every customer, separated by a comma and a space; figures that need "
        "them are unavailable.",
        required=True,
    ),
    Column("started_at", "timestamp", "Start of the refresh, UTC.", required=True),
    Column("finished_at", "timestamp", "Time of publication, UTC.", required=True),
    Column("version", "text", "Version of this software.", required=True),
    role="log",
    keeps_history=True,
)

REFRESH_SOURCES: Final = result(
    "refresh_sources",
    "one row per refresh and source",
    "What each refresh read: from where, how many rows, and which columns are missing. A source that does not "
    "exist has a row of kind absent, with 0 rows and all columns missing.",
    ("refresh_id", "source"),
    Column("refresh_id", "bigint", "The refresh, see refreshes.", required=True),
    Column("source", "text", "The table that was read.", required=True),
    Column(
        "kind", "text", "mock, own or unknown: where its rows come from; absent: no such table.", required=True
    ),
    Column("rows_in", "bigint", "Rows read = rows_out + rows_rejected + rows_not_yet_known.", required=True),
    Column("rows_out", "bigint", "Rows that the results are built from.", required=True),
    Column("rows_rejected", "bigint", "Rows that this refresh rejected.", required=True),
    Column("rows_not_yet_known", "bigint", "Rows dated after the as-of date.", required=True),
    Column(
        "missing_columns",
        "text",
        "Columns that are null in every row, such as public.customers.loyalty_points, and kinds of events that "
        "do not occur, such as public.events.redeem events, separated by a comma and a space.",
        required=True,
    ),
    role="note",
    keeps_history=True,
)

PEOPLE_ACCESS: Final = result(
    "people_access",
    "one row per access to individual customers",
    "Who saw or exported which customers, recorded before they are shown. The role customer360_people adds rows; "
    "only the owner reads them. No command deletes rows; `customer360 forget` removes the customer's id.",
    (),
    Column("accessed_at", "timestamp", "Time of the access, UTC.", required=True),
    Column("who", "text", "The user of the dashboard, or the account that ran the command.", required=True),
    Column(
        "action",
        "text",
        "list, export, search, customer (one customer's page) or about (all data about one customer).",
        required=True,
    ),
    Column(
        "selection",
        "text",
        "The conditions that chose the customers; never a name, an e-mail address or the text of a search.",
        required=True,
    ),
    Column("customers", "bigint", "Number of customers in the selection.", required=True),
    role="log",
    keeps_history=True,
    is_private=True,
)
