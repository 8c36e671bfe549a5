"""The dashboard as an ASGI application: the page, its files, and the numbers it requests."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from customer360.errors import Invalid
from customer360.postgres.connection import Database
from customer360.report.durations import parse_duration
from customer360.report.pages import REPORT
from customer360.report.parameters import PARAMETERS
from customer360.web import replies
from customer360.web.answers import answer
from customer360.web.assets import Assets, assets
from customer360.web.credentials import Credentials
from customer360.web.cubes import cubes_of, encoded
from customer360.web.health import health
from customer360.web.kept_answers import answer_without_small
from customer360.web.outline import outline
from customer360.web.people import offered
from customer360.web.people_api import PeopleApi
from customer360.web.profiles import Profiles
from customer360.web.replies import remembered
from customer360.web.security import secured
from customer360.web.small_cells import LEAST
from customer360.web.store import Results
from customer360.web.values import between_edges
from customer360.web.view import View, page_of, view
from customer360.web.watch import State, Watch

_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"
_ALIVE_SECONDS: Final = 15.0
_NO_RESULTS: Final = "there are no results yet; make them with: customer360 run"
_THRESHOLDS: Final = {parameter.name for parameter in PARAMETERS if parameter.of}
SMALLEST_CELL: Final = 5
"""The fewest customers a number may be about when other machines are served."""

_NOT_SENT: Final = "tables are sent only to users who may see people; small cells are hidden from all others"
Question = tuple[Hashable, Callable[[], Any]]
"""A question in hashable form, and the function that answers it."""


def make_app(
    database: Database,
    *,
    hide_names: bool = False,
    credentials: Credentials | None = None,
    loopback: bool = True,
    people: Database | None = None,
    smallest_cell: int | None = None,
) -> Starlette:
    """
    The application over the results in *database*. It loads them on startup and reloads them when they change.

    *hide_names* excludes customers' names. *credentials*, if given, are required. *loopback* means that only this
    machine is served. *people* is the database with the individual customers and the log of accesses to them
    (`people_only`); without it, no individual customers are shown. Numbers about fewer than *smallest_cell* are
    hidden from readers who may not see people; None hides nothing if only this machine is served.
    Raises: Customer360Error for a *smallest_cell* of 1 or 2.
    """
    if smallest_cell is None:
        smallest_cell = 0 if loopback else SMALLEST_CELL
    if 0 < smallest_cell < LEAST:
        raise Invalid(f"invalid smallest cell {smallest_cell}; use {LEAST} or more, or 0 to show all numbers")
    watch, at_once = Watch(database, hide_names=hide_names), CapacityLimiter(2)
    of_people = PeopleApi(watch, people, Profiles(people), CapacityLimiter(2)) if people else None
    dashboard = _Dashboard(watch, assets(), at_once, CapacityLimiter(1), smallest_cell, of_people)
    checks = Middleware(secured, credentials=credentials, loopback=loopback, people=people is not None)
    return Starlette(routes=dashboard.routes(), lifespan=dashboard.lifespan, middleware=[checks])


def sees_people(request: Request) -> bool:
    """Whether the user of the request may see people; false without a user."""
    user = getattr(request.state, "user", None)
    return user is not None and bool(user.sees_people)


@dataclass(frozen=True)
class _Dashboard:
    watch: Watch
    assets: Assets
    at_once: CapacityLimiter
    reading: CapacityLimiter
    smallest_cell: int
    people: PeopleApi | None = None

    def routes(self) -> list[Route]:
        pages = [Route(f"/{page.name}", self.page) for page in REPORT.pages]
        return [
            Route("/", self.first),
            *pages,
            Route("/customers", self.shell),
            Route("/customers/{customer_id}", self.shell),
            *(self.people.routes() if self.people else ()),
            Route("/static/{digest}/{path:path}", self.file),
            Route("/api/report", self.report),
            Route("/api/pages/{page}", self.answer),
            Route("/api/cubes/{page}/{cube}", self.cube),
            Route("/api/events", self.events),
            Route("/healthz", self.health),
            Route("/{path:path}", self.unknown),
        ]

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        await self.watch.start()
        try:
            yield
        finally:
            await self.watch.stop()

    async def first(self, _: Request) -> Response:
        report = self.watch.state.results.report if self.watch.state.results else REPORT
        return RedirectResponse(f"/{report.pages[0].name}", 302)

    async def page(self, request: Request) -> Response:
        """The page at the path. The request's URL is not used: it decodes the query, which may be any bytes."""
        if results := self.watch.state.results:
            try:
                page_of(request.scope["path"][1:], results)
            except Invalid as error:
                return PlainTextResponse(str(error), 404)
        return await self.shell(request)

    async def shell(self, request: Request) -> Response:
        """The HTML that the browser loads first, for any page."""
        return replies.file(self.assets.shell, request, _ASK_AGAIN)

    async def file(self, request: Request) -> Response:
        asset = self.assets.files.get(request.path_params["path"])
        if asset is None or request.path_params["digest"] != self.assets.digest:
            return PlainTextResponse("there is no such file; reload the page", 404)
        return replies.file(asset, request, _FOR_EVER)

    async def report(self, request: Request) -> Response:
        audiences = await self.people.audiences(request) if self.people else None
        smallest = self._smallest(request)

        def asked(results: Results) -> Question:
            people = None if audiences is None else offered(audiences, results)
            return ("report", audiences, smallest), lambda: {**outline(results, smallest), "people": people}

        return await self._reply(request, asked)

    async def answer(self, request: Request) -> Response:
        smallest = self._smallest(request)

        def asked(results: Results) -> Question:
            shown = self._view(request, results)
            key = shown.key, results.values.held, smallest
            if smallest:
                return key, lambda: answer_without_small(shown, results, smallest)
            return key, lambda: answer(shown, results)

        if (results := self.watch.state.results) and {*request.query_params} & _THRESHOLDS:
            await self._read_values(request, results)
        return await self._reply(request, asked)

    def _smallest(self, request: Request) -> int:
        """The fewest customers a number may be about for this reader; 0 for no limit."""
        return 0 if sees_people(request) else self.smallest_cell

    @staticmethod
    def _view(request: Request, results: Results) -> View:
        page = page_of(request.path_params["page"], results)
        return view(page, request.query_params.multi_items(), results)

    async def _read_values(self, request: Request, results: Results) -> None:
        """Reads the customers' own values if X needs them, while other requests are answered."""
        with suppress(Invalid):
            between = between_edges(self._view(request, results).parameters, results)
            if any(map(results.values.is_wanted, between)):
                await to_thread.run_sync(results.values.read, between, results, limiter=self.reading)

    async def cube(self, request: Request) -> Response:
        """A table of a page, from the refresh that the query names: a page must not mix refreshes."""
        if self._smallest(request):
            return replies.refused(403, "not_permitted", _NOT_SENT)
        page, name = request.path_params["page"], request.path_params["cube"]

        def asked(results: Results) -> Question:
            tables = cubes_of(page_of(page, results), results)
            if name not in tables or request.query_params.get("refresh") != str(results.refresh_row["refresh_id"]):
                raise Invalid("this refresh has no such table; /api/report lists the tables")
            return ("cube", name), lambda: encoded(tables[name], results)

        return await self._reply(request, asked)

    async def _reply(self, request: Request, ask: Callable[[Results], Question]) -> Response:
        """A reply from one refresh, even if another is published meanwhile."""
        started, state = time.perf_counter(), self.watch.state
        if state.results is None:
            return replies.refused(503, "no_results", _NO_RESULTS)
        try:
            key, content = ask(state.results)
        except Invalid as error:
            return replies.refused(400, "not_valid", str(error))
        reply = state.memory.get(key)
        if reply is None:
            reply = await to_thread.run_sync(remembered, state.memory, key, content, limiter=self.at_once)
        return reply.response(request, (time.perf_counter() - started) * 1_000)

    async def events(self, _: Request) -> Response:
        return StreamingResponse(
            self._states(), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )

    async def _states(self) -> AsyncIterator[str]:
        """The state now and after each change; regular comments keep proxies from closing the stream."""
        told: State | None = None
        while True:
            while (state := self.watch.state) is not told:
                told = state
                yield f"event: state\ndata: {json.dumps(state.facts())}\n\n"
            await self.watch.changed(_ALIVE_SECONDS)
            yield ": alive\n\n"

    async def health(self, request: Request) -> Response:
        given = request.query_params.get("max_age")
        try:
            max_age = parse_duration(given) if given else None
        except Invalid as error:
            return replies.refused(400, "not_valid", str(error))
        return health(self.watch.state, self.watch.answered, max_age)

    async def unknown(self, request: Request) -> Response:
        report = self.watch.state.results.report if self.watch.state.results else REPORT
        names = ", ".join(f"/{page.name}" for page in report.pages)
        if request.scope["path"].startswith("/api/"):
            message = "unknown path; use /api/report, /api/pages/PAGE or /api/events"
            return replies.refused(404, "not_found", message)
        return PlainTextResponse(f"there is no such page; the pages are {names}", 404)
