"""The dashboard's health check: immediate, without credentials, without customer data."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from customer360.postgres.status import age
from customer360.web.watch import State

SILENT_SECONDS: Final = 30.0
"""A database that has not answered for this long counts as lost, even if its connection is still open."""


def health(state: State, answered: float, max_age: timedelta | None = None) -> Response:
    """
    200 if results are served, are not older than *max_age*, and the database answers; otherwise 503.

    *answered* is the monotonic time of the database's last answer.
    """
    facts = _facts(state, is_silent=time.monotonic() - answered > SILENT_SECONDS, max_age=max_age)
    return JSONResponse(facts, 200 if facts["status"] == "ok" else 503, {"cache-control": "no-store"})


def _facts(state: State, *, is_silent: bool, max_age: timedelta | None) -> dict[str, Any]:
    facts = state.facts() | ({"database": "gone"} if is_silent else {})
    if state.results is None:
        return {"status": "no results", "as_of": None, "age_seconds": None, **facts}
    seconds = int(age(state.results.refresh_row["finished_at"]).total_seconds())
    is_fresh = max_age is None or 0 <= seconds <= max_age.total_seconds()  # below 0: a clock was ahead
    is_stale = facts["database"] != "ok" or not is_fresh
    as_of = state.results.as_of.isoformat()
    return {"status": "stale" if is_stale else "ok", "as_of": as_of, "age_seconds": seconds, **facts}
