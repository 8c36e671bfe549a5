"""
Audiences: selections saved under a name, as views in the schema `audience`.

A view follows every refresh, because months counted back from the as-of date are stored relative to it. It is
for programs that send mail or advertise, so it includes contact data; only the role customer360_people may
read it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import psycopg
from psycopg import errors, sql

from customer360.errors import Invalid, Refused, nearest
from customer360.people.lists import COLUMNS, WITH_CONTACTS, expression
from customer360.people.sql import AUDIENCES, selected
from customer360.postgres.people import PEOPLE
from customer360.report.looked_up import full_months_end
from customer360.report.people import Selection

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,49}")
_MADE_BY: Final = "customer360"
_NEXT_MONTH: Final = """
    date_trunc('month', (SELECT as_of_date + 1 FROM analytics.refreshes ORDER BY refresh_id DESC LIMIT 1))
""".strip()


@dataclass(frozen=True)
class Audience:
    """A selection as requested: a measure, or None for all customers, and members by dimension."""

    name: str
    where: Mapping[str, Any]
    measure: str | None = None
    parameters: Mapping[str, Any] | None = None

    @property
    def asked(self) -> Mapping[str, Any]:
        return {"where": self.where, "measure": self.measure, "parameters": dict(self.parameters or {})}

    @property
    def comment(self) -> str:
        return json.dumps({"made_by": _MADE_BY, "audience": self.asked}, default=str)


def save(connection: psycopg.Connection[Any], audience: Audience, selection: Selection, as_of: date) -> None:
    """
    Saves *selection*, as of *as_of*, as the view of *audience*, replacing an audience of the same name.

    Raises: Invalid for an invalid name; Refused when another object has the name, or the old view is in use.
    """
    if not _NAME.fullmatch(audience.name):
        raise Invalid(f"invalid audience name '{audience.name}'; use a-z, 0-9 and _, starting with a letter")
    view = sql.Identifier(AUDIENCES, audience.name)
    with connection.transaction():
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(AUDIENCES)))
        _drop(connection, audience.name, must_exist=False)
        connection.execute(
            sql.SQL("CREATE VIEW {} AS {}").format(view, sql.SQL(_query(connection, selection, as_of)))
        )
        connection.execute(sql.SQL("COMMENT ON VIEW {} IS {}").format(view, sql.Literal(audience.comment)))
        if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (PEOPLE,)).rowcount:
            role = sql.Identifier(PEOPLE)
            connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(AUDIENCES), role))
            connection.execute(sql.SQL("GRANT SELECT ON {} TO {}").format(view, role))


def drop(connection: psycopg.Connection[Any], name: str) -> None:
    """Raises: Invalid when there is no such audience; Refused when it is not ours, or in use."""
    with connection.transaction():
        _drop(connection, name, must_exist=True)


def saved(connection: psycopg.Connection[Any]) -> list[Audience]:
    """Every audience, by name."""
    query = """
        SELECT c.relname, obj_description(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = %s AND c.relkind = 'v' ORDER BY c.relname
    """
    rows = connection.execute(query, (AUDIENCES,)).fetchall()
    return [found for name, comment in rows if (found := _read(name, comment))]


def audience(connection: psycopg.Connection[Any], name: str) -> Audience:
    """The audience called *name*. Raises: Invalid with the nearest name."""
    known = {one.name: one for one in saved(connection)}
    if name not in known:
        hint = nearest(name, known) if known else " Save one with: customer360 audience save NAME --where ..."
        raise Invalid(f"there is no audience '{name[:50]}'.{hint}")
    return known[name]


def _read(name: str, comment: str | None) -> Audience | None:
    try:
        record = json.loads(comment or "")
        asked = record["audience"] if record["made_by"] == _MADE_BY else None
    except (ValueError, KeyError, TypeError):
        return None
    return asked and Audience(name, asked["where"], asked["measure"], asked["parameters"])


def _drop(connection: psycopg.Connection[Any], name: str, *, must_exist: bool) -> None:
    found = connection.execute("SELECT to_regclass(%s)", (sql.Identifier(AUDIENCES, name).as_string(),)).fetchone()
    if not (found and found[0]):
        if must_exist:
            audience(connection, name)
        return
    if name not in {one.name for one in saved(connection)}:
        raise Refused(f"{AUDIENCES}.{name} was not made by customer360; choose another name")
    try:
        with connection.transaction():
            connection.execute(sql.SQL("DROP VIEW {}").format(sql.Identifier(AUDIENCES, name)))
    except errors.DependentObjectsStillExist:
        raise Refused(
            f"{AUDIENCES}.{name} is used by another view; drop that view first, or choose another name"
        ) from None


def _query(connection: psycopg.Connection[Any], selection: Selection, as_of: date) -> str:
    def literal(value: object) -> str:
        return sql.Literal(value).as_string(connection)

    def moving(value: object) -> str:
        return _counted_back(value, as_of) if isinstance(value, date) else literal(value)

    shown = ", ".join(map(expression, COLUMNS))
    return f"SELECT {shown} {selected(selection, literal, joined=WITH_CONTACTS, moving=moving)}"


def _counted_back(month: date, as_of: date) -> str:
    """*month* as an offset in months from the month after the last full one of the newest refresh."""
    if month in (date.min, date.max):
        return f"DATE '{month.isoformat()}'"
    end = full_months_end(as_of)
    number = (end.year - month.year) * 12 + end.month - month.month
    return f"({_NEXT_MONTH} - INTERVAL '{number} months')::date"
