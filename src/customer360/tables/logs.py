"""The logs: what each refresh read, checked and left out, and who looked at single customers."""

from __future__ import annotations

from typing import Final

from customer360.tables.columns import Column
from customer360.tables.shorthand import result

DATA_QUALITY: Final = result(
    "data_quality",
    "one row per check and refresh",
    "What each check of the sources found; a row that fails a 'reject' check is left out of every result.",
    ("refresh_id", "check_name"),
    Column("refresh_id", "bigint", "The refresh, see refreshes.", required=True),
    Column("check_name", "text", "Name of the check, its own among all sources.", required=True),
    Column("severity", "text", "reject: the row is not used; warn: it is used and counted here.", required=True),
    Column("description", "text", "What a failing row looks like.", required=True),
    Column("rows_checked", "bigint", "Rows looked at.", required=True),
    Column("rows_failed", "bigint", "Rows that failed.", required=True),
    Column("source", "text", "The source whose rows were checked; null for refreshes before there were events."),
    role="log",
    keeps_history=True,
)

REJECTED_ROWS: Final = result(
    "rejected_rows",
    "one row per source row that could not be used",
    "The rows left out of every result, each with all its reasons and its values as they were.",
    (),
    Column("source", "text", "The table that was loaded or read, such as public.customers.", required=True),
    Column(
        "found_by",
        "text",
        "load: the row never got into the table; run: it is there, and a refresh left it out.",
        required=True,
        allowed=("load", "run"),
    ),
    Column("key", "text", "The row's key, such as its customer_id, when it has one."),
    Column("reasons", "text", "Names of the failed checks, separated by a comma and a space.", required=True),
    Column("original_row", "text", "The row as JSON.", required=True, personal="contact"),
    role="log",
)

REFRESHES: Final = result(
    "refreshes",
    "one row per refresh",
    "Each time the results were rebuilt: from what, as of when, how many rows, how long.",
    ("refresh_id",),
    Column("refresh_id", "bigint", "Counts up from 1.", required=True),
    Column("as_of_date", "date", "Last day treated as known.", required=True),
    Column("source_table", "text", "The table that was read.", required=True),
    Column("source_kind", "text", "mock, own or unknown: who filled the source table.", required=True),
    Column("rows_in", "bigint", "Rows read = rows_out + rows_rejected + rows_not_yet_joined.", required=True),
    Column("rows_out", "bigint", "Customers in the results.", required=True),
    Column("rows_rejected", "bigint", "Rows of this reading that were rejected.", required=True),
    Column("rows_not_yet_joined", "bigint", "Rows whose join_date lies after the as-of date.", required=True),
    Column(
        "missing_columns",
        "text",
        "Source columns that hold nothing for any customer, separated by a comma and a space; what needs them "
        "is not in the data.",
        required=True,
    ),
    Column("started_at", "timestamp", "Start of the refresh, UTC.", required=True),
    Column("finished_at", "timestamp", "Moment of publication, UTC.", required=True),
    Column("version", "text", "Version of this software.", required=True),
    role="log",
    keeps_history=True,
)

REFRESH_SOURCES: Final = result(
    "refresh_sources",
    "one row per refresh and source",
    "What each refresh read: from where, how many rows, and what is not in them. A source that was not there has "
    "a row of kind absent, without rows, and lacks every column.",
    ("refresh_id", "source"),
    Column("refresh_id", "bigint", "The refresh, see refreshes.", required=True),
    Column("source", "text", "The table that was read.", required=True),
    Column("kind", "text", "mock, own or unknown: who filled it; absent: it was not there.", required=True),
    Column("rows_in", "bigint", "Rows read = rows_out + rows_rejected + rows_not_yet_known.", required=True),
    Column("rows_out", "bigint", "Rows that the results are made of.", required=True),
    Column("rows_rejected", "bigint", "Rows of this reading that were rejected.", required=True),
    Column("rows_not_yet_known", "bigint", "Rows of after the as-of date.", required=True),
    Column(
        "missing_columns",
        "text",
        "Columns that hold nothing in any row, such as public.customers.loyalty_points, and kinds of events that "
        "do not occur, such as public.events.redeem events, separated by a comma and a space.",
        required=True,
    ),
    role="note",
    keeps_history=True,
)

PEOPLE_ACCESS: Final = result(
    "people_access",
    "one row per access to single customers",
    "Who saw or exported which customers, written before they were shown. The role customer360_people adds rows; "
    "only the owner reads them. No command deletes one; `customer360 forget` takes the customer's id out of it.",
    (),
    Column("accessed_at", "timestamp", "The moment, UTC.", required=True),
    Column("who", "text", "The user of the dashboard, or the account that ran the command.", required=True),
    Column(
        "action",
        "text",
        "list, export, search, customer (one customer's page) or about (all that is known of one).",
        required=True,
    ),
    Column(
        "selection",
        "text",
        "The conditions that chose the customers; never a name, an e-mail address or the text of a search.",
        required=True,
    ),
    Column("customers", "bigint", "How many customers the selection holds.", required=True),
    role="log",
    keeps_history=True,
    is_private=True,
)
