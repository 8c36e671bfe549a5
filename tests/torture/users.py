"""
Many simultaneous users of the dashboard, whose answers are all compared with the refresh that they name.

The answers for each version of the customers are learnt before, from the same requests without faults.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import httpx
import numpy as np

from benchmarks.dashboard.choices import Choices
from customer360.report.pages import REPORT

Digest = str
Truth = Mapping[str, Mapping[str, Digest]]
"""The answer of each version to each request."""

_QUESTIONS_A_PAGE: Final = 12
_BETWEEN_SECONDS: Final = 2.0
_ANSWER_SECONDS: Final = 30.0


@dataclass
class Seen:
    """What the users saw: how often each answer, as refresh, request and digest; and any failures."""

    answers: Counter[tuple[int, str, Digest]] = field(default_factory=Counter)
    overtaken: int = 0
    """Tables of a refresh that was replaced meanwhile: correctly refused."""
    events: int = 0
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0

    @property
    def refreshes(self) -> set[int]:
        return {refresh for refresh, _, _ in self.answers}

    def mixed(self, versions: Mapping[int, str], truth: Truth) -> list[str]:
        """The answers that do not match the refresh that they name."""
        return [
            f"{count} answers to {question} of refresh {refresh} are not those of version {versions[refresh]}"
            for (refresh, question, digest), count in self.answers.items()
            if truth[versions[refresh]][question] != digest
        ]


def questions(url: str) -> list[str]:
    """URLs that every version can answer: all pages, with random slicers, and the tables of the pages."""
    report = httpx.get(f"{url}/api/report", timeout=_ANSWER_SECONDS).json()
    choices, chance = Choices.of(report), random.Random(360)
    pages = [
        str(httpx.URL(f"/api/pages/{page.name}", params=choices.slicers(chance) if number else ()))
        for page in REPORT.pages
        for number in range(_QUESTIONS_A_PAGE)
    ]
    tables = [f"/api/cubes/{page['name']}/{cube['name']}" for page in report["pages"] for cube in page["cubes"]]
    return [*pages, *dict.fromkeys(tables)]


def learn(url: str, asked: Sequence[str]) -> dict[str, Digest]:
    """The current answers."""
    with httpx.Client(base_url=url, timeout=_ANSWER_SECONDS) as client:
        refresh = client.get("/api/report").json()["refresh"]["id"]
        return {
            question: _digest(client.get(_address(question, refresh)).raise_for_status()) for question in asked
        }


@contextmanager
def using(url: str, users: int, asked: Sequence[str]) -> Iterator[Seen]:
    """*users* who send random requests from *asked* while the context is open."""
    seen, over = Seen(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_everyone(url, users, asked, seen, over)))
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


async def _everyone(url: str, users: int, asked: Sequence[str], seen: Seen, over: threading.Event) -> None:
    tls = ssl.create_default_context()
    await asyncio.gather(*(_user(url, tls, number, asked, seen, over) for number in range(users)))


async def _user(
    url: str, tls: ssl.SSLContext, number: int, asked: Sequence[str], seen: Seen, over: threading.Event
) -> None:
    """A separate browser: it learns the refresh from the report, and new ones from events."""
    chance, held = random.Random(number), {"refresh": 0}
    await asyncio.sleep(chance.random() * _BETWEEN_SECONDS)
    async with httpx.AsyncClient(base_url=url, verify=tls, timeout=_ANSWER_SECONDS) as client:
        events = asyncio.create_task(_listen(client, held, seen))
        while not over.is_set():
            started = time.perf_counter()
            await _ask(client, chance.choice(asked), held, seen)
            seen.slowest = max(seen.slowest, time.perf_counter() - started)
            await asyncio.sleep(max(0.0, started + _BETWEEN_SECONDS - time.perf_counter()))
        if events.done():
            seen.failures.append("the events ended early")
        events.cancel()


async def _ask(client: httpx.AsyncClient, question: str, held: dict[str, int], seen: Seen) -> None:
    try:
        if not held["refresh"]:
            held["refresh"] = (await client.get("/api/report")).raise_for_status().json()["refresh"]["id"]
        asked_of = held["refresh"]
        reply = await client.get(_address(question, asked_of))
        if reply.status_code == 400 and _is_table(question):
            seen.overtaken += 1
            held["refresh"] = 0
            return
        reply.raise_for_status()
        refresh = asked_of if _is_table(question) else reply.json()["refresh"]
        seen.answers[refresh, question, _digest(reply)] += 1
    except (httpx.HTTPError, ValueError, KeyError) as error:
        seen.failures.append(f"{question}: {type(error).__name__}: {error}")


async def _listen(client: httpx.AsyncClient, held: dict[str, int], seen: Seen) -> None:
    try:
        async with client.stream("GET", "/api/events", timeout=None) as stream:
            async for line in stream.aiter_lines():
                if line.startswith("data:"):
                    seen.events += 1
                    held["refresh"] = json.loads(line.removeprefix("data:"))["refresh"] or 0
    except httpx.HTTPError as error:
        seen.failures.append(f"events: {type(error).__name__}: {error}")


def _is_table(question: str) -> bool:
    return question.startswith("/api/cubes/")


def _address(question: str, refresh: int) -> str:
    return f"{question}?refresh={refresh}" if _is_table(question) else question


def _digest(reply: httpx.Response) -> Digest:
    """A digest of all numbers except the refresh number; for a table regardless of the order of its rows."""
    is_json = reply.headers["content-type"].startswith("application/json")
    content = json.dumps(reply.json()["visuals"], sort_keys=True).encode() if is_json else _sorted(reply.content)
    return hashlib.blake2b(content, digest_size=12).hexdigest()


def _sorted(table: bytes) -> bytes:
    """The rows of a table as sent (see web/cubes.py), sorted by value."""
    at = 4 + int.from_bytes(table[:4], "little")
    header, columns = json.loads(table[4:at]), []
    for column in header["columns"]:
        kind = np.dtype(column["type"]).newbyteorder("<")
        columns.append(np.frombuffer(table, kind, header["rows"], at))
        at += columns[-1].nbytes + -columns[-1].nbytes % 8
    order = np.lexsort(columns)
    return b"".join([json.dumps(header).encode(), *(column[order].tobytes() for column in columns)])
