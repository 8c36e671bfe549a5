"""The API of individual customers, for readers who may see people: lists, CSV, search, and one customer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, Final

import psycopg
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from customer360.errors import Customer360Error, Invalid, Refused, Unavailable
from customer360.people import export, lists
from customer360.people.access_log import Action, log_access
from customer360.people.audiences import audience, saved
from customer360.people.customer import Customer, customer
from customer360.people.search import search
from customer360.postgres.connection import Database
from customer360.web import people, replies
from customer360.web.credentials import User
from customer360.web.profiles import Profiles
from customer360.web.selections import Asked, asked
from customer360.web.store import Results
from customer360.web.watch import Watch

_PRIVATE: Final = {"Cache-Control": "no-store"}
_EXPORT_MINUTES: Final = 60
_LARGEST: Final = 2**63 - 1
NOT_PERMITTED: Final = "individual customers are shown only to users who may see people"


@dataclass(frozen=True)
class PeopleApi:
    """Answers from *database*, as the role that may read contact data; None if nobody may see people here."""

    watch: Watch
    database: Database | None
    profiles: Profiles
    at_once: CapacityLimiter

    def routes(self) -> list[Route]:
        return [
            Route("/api/people", self.list),
            Route("/api/people.csv", self.csv),
            Route("/api/people/search", self.search, methods=["POST"]),
            Route("/api/people/{customer_id}", self.customer),
        ]

    async def audiences(self, request: Request) -> tuple[str, ...] | None:
        """The names of the saved audiences; None for a reader who may not see people."""
        if self._user(request) is None:
            return None
        return await to_thread.run_sync(self._audiences, limiter=self.at_once)

    async def list(self, request: Request) -> Response:
        return await self._reply(request, lambda user, results: self._list(request, user, results))

    async def search(self, request: Request) -> Response:
        text = _searched(await request.body())
        return await self._reply(request, lambda user, results: self._search(text, user, results))

    async def customer(self, request: Request) -> Response:
        text = request.path_params["customer_id"]
        return await self._reply(request, lambda user, results: self._customer(text, user, results))

    async def csv(self, request: Request) -> Response:
        """The whole selection. Before anything is sent, its first block is read and the access is logged."""
        try:
            user, results = self._permitted(request)
            blocks = await to_thread.run_sync(self._opened, request, user, results, limiter=self.at_once)
        except Customer360Error as error:
            return refusal(error)
        name = f"customers-{results.as_of.isoformat()}.csv"
        headers = {**_PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingResponse(_streamed(blocks), media_type="text/csv; charset=utf-8", headers=headers)

    async def _reply(self, request: Request, answer: Callable[[User, Results], Any]) -> Response:
        try:
            user, results = self._permitted(request)
            content = await to_thread.run_sync(answer, user, results, limiter=self.at_once)
        except Customer360Error as error:
            return refusal(error)
        return Response(replies.encoded(content), headers=_PRIVATE, media_type="application/json")

    def _user(self, request: Request) -> User | None:
        """The user of the request; None for a reader who may not see people."""
        user: User | None = getattr(request.state, "user", None)
        return user if self.database is not None and user and user.sees_people else None

    def _permitted(self, request: Request) -> tuple[User, Results]:
        user = self._user(request)
        if user is None:
            raise Refused(NOT_PERMITTED)
        if self.watch.state.results is None:
            raise Unavailable("there are no results yet; make them with: customer360 run")
        return user, self.watch.state.results

    # -- reading ----------------------------------------------------------------------------------------------

    def _list(self, request: Request, user: User, results: Results) -> people.Json:
        one = asked(request.query_params.multi_items(), results)
        with self._reading(results) as connection:
            _require_audience(connection, one)
            ask, selection = self.profiles.prepared(one.selection, results, connection)
            customers, _ = lists.counted(ask, selection)
            self._log(user, "list", people.command(one, results), customers)
            return people.page_of_list(replace(one, selection=selection), results, connection, ask, customers)

    def _search(self, text: str, user: User, results: Results) -> people.Json:
        columns = people.columns_shown(results)
        with self._reading(results) as connection:
            ids = search(connection, text)
            self._log(user, "search", "search", len(ids))
            values = lists.values_of(connection, ids, columns)
        return people.search_rows(ids, values, columns)

    def _customer(self, text: str, user: User, results: Results) -> people.Json:
        if not text.removeprefix("-").isdecimal() or abs(int(text)) > _LARGEST:
            raise Invalid("invalid customer_id; use the whole number that the search shows")
        with self._reading(results) as connection:
            ask = self.profiles.asking(results, connection)
            found = customer(connection, ask, int(text), people.columns_known(results))
            self._log(user, "customer", f"customer_id={text}", int(found is not None))
        if found is None:
            raise Invalid(f"there is no customer {text} in these results")
        return _as_json(found)

    def _opened(self, request: Request, user: User, results: Results) -> Iterator[bytes]:
        one = asked(request.query_params.multi_items(), results)
        blocks = self._exported(one, user, results)
        first = next(blocks)

        def whole() -> Iterator[bytes]:
            yield export.MARK + first
            yield from blocks

        return whole()

    def _exported(self, one: Asked, user: User, results: Results) -> Iterator[bytes]:
        with self._reading(results) as connection:
            connection.execute(f"SET LOCAL statement_timeout = '{_EXPORT_MINUTES}min'")
            _require_audience(connection, one)
            customers, _ = lists.counted(lists.asking(connection), one.selection)
            self._log(user, "export", people.command(one, results), customers)
            yield from export.csv(connection, one.selection, people.columns_shown(results), one.order)

    def _audiences(self) -> tuple[str, ...]:
        assert self.database  # noqa: S101
        with suppress(Customer360Error), self.database.connect("customer360 people") as connection:
            return tuple(one.name for one in saved(connection))
        return ()

    @contextmanager
    def _reading(self, results: Results) -> Iterator[psycopg.Connection[Any]]:
        """A connection in one snapshot of the database, which must be that of *results*."""
        assert self.database  # noqa: S101 - without it nobody is permitted
        with self.database.connect("customer360 people") as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            with connection.transaction():
                people.require_same(connection, results)
                yield connection

    def _log(self, user: User, action: Action, selection: str, customers: int) -> None:
        assert self.database  # noqa: S101
        log_access(self.database, user.name, action, selection, customers)


def _require_audience(connection: psycopg.Connection[Any], one: Asked) -> None:
    """Raises: Invalid when the list is filtered by an unknown audience."""
    if one.selection.audience:
        audience(connection, one.selection.audience)


def refusal(error: Customer360Error) -> JSONResponse:
    if isinstance(error, Refused):
        return replies.refused(403, "not_permitted", str(error))
    if isinstance(error, Invalid):
        return replies.refused(400, "not_valid", str(error))
    return replies.refused(503, "unavailable", str(error))


def _searched(body: bytes) -> str:
    """The text to search for; empty if it is not text, or is text that PostgreSQL cannot store."""
    try:
        text = json.loads(body)["text"]
        text.encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""
    return "" if not isinstance(text, str) or "\0" in text else text


def _as_json(found: Customer) -> people.Json:
    rank = found.rank
    return {
        "customer_id": str(found.customer_id),
        "facts": [people.fact(column, value) for column, value in found.facts.items() if value is not None],
        "rank": rank and {"place": rank.place, "of": rank.of, "among": rank.among, "by": rank.by.label},
        "moves": [{"month": month, "from": before, "to": after} for month, before, after in found.moves],
        "months": found.months,
        "events": found.events,
        "more_events": found.more_events,
    }


async def _streamed(blocks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Reads each block in a thread; the export ends when the reader disconnects."""
    try:
        while block := await to_thread.run_sync(next, blocks, b""):
            yield block
    finally:
        close: Callable[[], None] = getattr(blocks, "close", lambda: None)
        await to_thread.run_sync(close)
