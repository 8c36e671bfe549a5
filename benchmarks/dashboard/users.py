"""
Many readers, in a separate process: `python -m benchmarks.dashboard.users URL USERS SECONDS [always]`.

Readers send the page's requests: first the report, and the numbers and tables of the first page; on the first
click of another page its numbers and tables; and nothing more if there are tables. They arrive over half a minute;
only errors are counted then. With *always*, every click is sent to the server, as when tables are too large for
the page.
"""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx

from benchmarks.dashboard.choices import Choices, Pairs

BETWEEN_SECONDS = 2.0
ARRIVAL_SECONDS = 30.0
_MOST_OF_IT = 0.6  # by then, even the last reader has seen every page


@dataclass
class Seen:
    """What the readers saw: for each answer, seconds of the server and of the whole request; their CPU time."""

    server: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)
    clicks: int = 0
    events: int = 0
    errors: list[str] = field(default_factory=list)
    processor: float = 0.0
    counts_from: float = field(default_factory=lambda: time.monotonic() + ARRIVAL_SECONDS)

    def add(self, server: float, whole: float) -> None:
        if time.monotonic() > self.counts_from:
            self.server.append(server)
            self.whole.append(whole)


async def _everyone(url: str, users: int, seconds: float, always: bool) -> Seen:
    seen, tls = Seen(), ssl.create_default_context()
    async with httpx.AsyncClient(base_url=url, verify=tls) as client:
        report = (await client.get("/api/report")).json()
    tables = {page["name"]: [] if always else _addresses(page, report) for page in report["pages"]}
    choices = Choices.of(report)
    await asyncio.gather(
        *(_user(url, tls, number, seconds, choices, dict(tables), seen) for number in range(users))
    )
    seen.processor = time.process_time()
    return seen


def _addresses(page: dict[str, Any], report: dict[str, Any]) -> list[str]:
    refresh = report["refresh"]["id"]
    return [f"/api/cubes/{page['name']}/{cube['name']}?refresh={refresh}" for cube in page["cubes"]]


async def _user(
    url: str,
    tls: ssl.SSLContext,
    number: int,
    seconds: float,
    choices: Choices,
    tables: dict[str, list[str]],
    seen: Seen,
) -> None:
    """A separate browser: two connections, one of them always open for events."""
    chance, pages = random.Random(number), [*tables]
    await asyncio.sleep(chance.random() * ARRIVAL_SECONDS * _MOST_OF_IT)
    async with httpx.AsyncClient(base_url=url, verify=tls, timeout=30) as client:
        events = asyncio.create_task(_listen(client, seen))
        end = seen.counts_from + seconds
        await _ask(client, "/api/report", (), seen)
        await _open(client, pages[0], (), tables, seen)
        while time.monotonic() < end:
            started = time.perf_counter()
            await _click(client, pages, choices, chance, tables, seen)
            await asyncio.sleep(max(0.0, started + BETWEEN_SECONDS - time.perf_counter()))
        if events.done():
            seen.errors.append("the events ended early")
        events.cancel()


async def _click(
    client: httpx.AsyncClient,
    pages: list[str],
    choices: Choices,
    chance: random.Random,
    tables: dict[str, list[str]],
    seen: Seen,
) -> None:
    """One click on one of *pages*; *tables* are those not yet fetched, by page; other pages have them all."""
    page = chance.choice(pages)
    seen.clicks += time.monotonic() > seen.counts_from
    if page in tables:
        await _open(client, page, choices.slicers(chance), tables, seen)


async def _open(
    client: httpx.AsyncClient, page: str, query: Pairs, tables: dict[str, list[str]], seen: Seen
) -> None:
    await _ask(client, f"/api/pages/{page}", query, seen)
    if tables[page]:
        for address in tables.pop(page):
            await _ask(client, address, (), seen)


async def _ask(client: httpx.AsyncClient, address: str, query: Pairs, seen: Seen) -> None:
    """Reads the bytes as sent: decompressing is the work of the reader's machine, and here it is the server's."""
    started = time.perf_counter()
    try:
        async with client.stream("GET", address, params=query or None) as reply:
            reply.raise_for_status()
            async for _ in reply.aiter_raw():
                pass
        seen.add(float(reply.headers["server-timing"].partition("dur=")[2]) / 1_000, time.perf_counter() - started)
    except httpx.HTTPError as error:
        seen.errors.append(f"{type(error).__name__}: {error}")


async def _listen(client: httpx.AsyncClient, seen: Seen) -> None:
    try:
        async with client.stream("GET", "/api/events", timeout=None) as stream:
            async for line in stream.aiter_lines():
                seen.events += line.startswith("event:")
    except httpx.HTTPError as error:
        seen.errors.append(f"events: {type(error).__name__}: {error}")


if __name__ == "__main__":
    address, count, duration, *how = sys.argv[1:]
    print(json.dumps(asdict(asyncio.run(_everyone(address, int(count), float(duration), how == ["always"])))))
