"""RFM and spending in the DuckDB peer of `customer360 run`; part of `operations_by_duckdb`. It fits no model."""

from __future__ import annotations

import duckdb

from benchmarks.workplace import AS_OF
from customer360.operations.rfm_segments import NO_RECENT_ORDER, SEGMENTS
from customer360.tables import SLICERS

_RANKED = {"recency": "last_purchase", "frequency": "recent_orders", "monetary": "recent_amount"}
_SHOWN = {**_RANKED, "recency": "order_recency_days"}


def score(duck: duckdb.DuckDBPyConnection) -> None:
    """Creates `recent_buyers`, with a row per customer with a recent order; requires `known` and `of_events`."""
    scores = ", ".join(
        f"(5 * rank() OVER (ORDER BY {value}) + buyers - 1) // buyers AS {name}_score"
        for name, value in _RANKED.items()
    )
    duck.execute(f"""
        CREATE TABLE recent_buyers AS
        SELECT customer_id, DATE '{AS_OF}' - last_purchase AS order_recency_days, {scores}
        FROM (SELECT *, count(*) OVER () AS buyers FROM of_events SEMI JOIN known USING (customer_id)
              WHERE recent_orders > 0)
    """)


def segment() -> str:
    """The SQL of a customer's segment."""
    cases = " ".join(
        f"WHEN recency_score IN {[*one.recency]} AND frequency_score IN {[*one.frequency]} THEN '{one.name}'"
        for one in SEGMENTS[:-1]
    )
    return f"CASE {cases} ELSE '{NO_RECENT_ORDER}' END"


def report(duck: duckdb.DuckDBPyConnection) -> None:
    """Creates the tables that reports read, without the expectations of a model; requires the view `in_cells`."""
    cell = ", ".join(SLICERS)
    duck.execute(f"""
        CREATE TABLE value_segments AS SELECT {cell}, rfm_segment, count(*), count(recency_score),
            sum(recent_orders), sum(CASE WHEN recent_orders > 0 THEN recent_amount END), sum(order_recency_days)
        FROM in_cells GROUP BY {cell}, rfm_segment
    """)
    duck.execute(f"""
        CREATE TABLE spending_segments AS SELECT {cell}, spent_band, orders_band, count(*), sum(spent), sum(orders)
        FROM in_cells GROUP BY {cell}, spent_band, orders_band
    """)
    duck.execute(f"""
        CREATE TABLE top_spenders AS SELECT {cell}, customer_id, source_id, name, spent,
            row_number() OVER (PARTITION BY {cell} ORDER BY spent DESC, customer_id) AS cell_rank
        FROM in_cells WHERE spent > 0 QUALIFY cell_rank <= 10
    """)
    duck.execute("""
        CREATE TABLE spending_tenths AS SELECT tenth, count(*), sum(spent)
        FROM (SELECT spent, ntile(10) OVER (ORDER BY spent DESC) AS tenth FROM in_cells) GROUP BY tenth
    """)
    of_each = " UNION ALL ".join(
        f"SELECT '{name}', {name}_score, count(*), min({shown}), max({shown}) FROM in_cells "
        f"WHERE {name}_score IS NOT NULL GROUP BY {name}_score"
        for name, shown in _SHOWN.items()
    )
    duck.execute(f"CREATE TABLE rfm_scores AS {of_each}")
