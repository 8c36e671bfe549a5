"""The dashboard as an ASGI application: the page, its files, and the numbers it asks for."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
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
from customer360.web import replies
from customer360.web.answers import answer
from customer360.web.assets import Assets, assets
from customer360.web.credentials import Credentials
from customer360.web.cubes import cubes_of, encoded
from customer360.web.health import health
from customer360.web.outline import outline
from customer360.web.replies import remembered
from customer360.web.security import secured
from customer360.web.store import Results
from customer360.web.view import page_of, view
from customer360.web.watch import State, Watch

_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"
_ALIVE_SECONDS: Final = 15.0
_NO_RESULTS: Final = "there are no results yet; make them with: customer360 run"
Question = tuple[Hashable, Callable[[], Any]]
"""What is asked, in a form that can be remembered, and how it is answered."""


def make_app(
    database: Database,
    *,
    hide_names: bool = False,
    credentials: Credentials | None = None,
    loopback: bool = True,
) -> Starlette:
    """
    The application over the results in *database*, which it loads when it starts and reloads when they change.

    *hide_names* keeps customers' names out of it. *credentials* are asked for when given; *loopback* says that
    only this machine is served.
    """
    dashboard = _Dashboard(Watch(database, hide_names=hide_names), assets(), CapacityLimiter(2))
    checks = Middleware(secured, credentials=credentials, loopback=loopback)
    return Starlette(routes=dashboard.routes(), lifespan=dashboard.lifespan, middleware=[checks])


@dataclass(frozen=True)
class _Dashboard:
    watch: Watch
    assets: Assets
    at_once: CapacityLimiter

    def routes(self) -> list[Route]:
        pages = [Route(f"/{page.name}", self.page) for page in REPORT.pages]
        return [
            Route("/", lambda _: RedirectResponse(f"/{REPORT.pages[0].name}", 302)),
            *pages,
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

    async def page(self, request: Request) -> Response:
        return replies.file(self.assets.shell, request, _ASK_AGAIN)

    async def file(self, request: Request) -> Response:
        asset = self.assets.files.get(request.path_params["path"])
        if asset is None or request.path_params["digest"] != self.assets.digest:
            return PlainTextResponse("there is no such file; reload the page", 404)
        return replies.file(asset, request, _FOR_EVER)

    async def report(self, request: Request) -> Response:
        return await self._reply(request, lambda results: ("report", lambda: outline(results)))

    async def answer(self, request: Request) -> Response:
        def asked(results: Results) -> Question:
            page = page_of(request.path_params["page"])
            shown = view(page, request.query_params.multi_items(), results)
            return shown.key, lambda: answer(shown, results)

        return await self._reply(request, asked)

    async def cube(self, request: Request) -> Response:
        """A table of a page, of the refresh that the query names: the page must not mix two."""
        page, name = request.path_params["page"], request.path_params["cube"]

        def asked(results: Results) -> Question:
            tables = cubes_of(page_of(page), results)
            if name not in tables or request.query_params.get("refresh") != str(results.refresh_row["refresh_id"]):
                raise Invalid("there is no such table of this refresh; /api/report names those there are")
            return ("cube", name), lambda: encoded(tables[name], results)

        return await self._reply(request, asked)

    async def _reply(self, request: Request, ask: Callable[[Results], Question]) -> Response:
        """A reply from one refresh, whatever is published meanwhile."""
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
        """The state now and whenever it changes; a comment now and then tells proxies that we are there."""
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
        names = ", ".join(f"/{page.name}" for page in REPORT.pages)
        if request.url.path.startswith("/api/"):
            return replies.refused(404, "not_found", "there are /api/report, /api/pages/PAGE and /api/events")
        return PlainTextResponse(f"there is no such page; there are {names}", 404)
