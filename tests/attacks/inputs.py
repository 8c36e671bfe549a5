"""How many inputs a test tries, which ones, and how they are counted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

TIMES: Final = int(os.environ.get("ATTACK_TIMES", "1"))
"""1: the same inputs every time, so that no test is flaky; N: N times as many, different each time."""

HOSTILE: Final = (
    "", " ", "\0", "\n", "\r\n", "\t", "\x1b[2J\x1b]0;title\x07", "\u202egnp.exe", "\ufeff", "é", "日本語", "🦊" * 20, "\udcff",
    "-", "--", "---help", "-1", "0", "1e309", "-1e309", "nan", "inf", "-inf", "1_000", "٣", "0x10", "1e-400", "9" * 400,
    "5000B", "1e5k", "None", "null", "true", "[]", "{}", "A" * 5_000,
    "'", '"', "`", "\\", ";", "'; DROP TABLE public.customers; --", '"; DROP SCHEMA analytics CASCADE; --', "1 OR 1=1", "$1", "%s", "%(x)s",
    "public.customers; DELETE FROM public.customers", "pg_catalog.pg_authid", "a.b.c.d", "..", "../../etc/passwd", "/etc/passwd",
    "/dev/null", "file:///etc/passwd", "~root", "$HOME", "$(id)", "`id`", "| id", "<script>alert(1)</script>", "{{7*7}}", "${jndi:ldap://x}",
    "9999-12-31", "0000-00-00", "2026-02-30", "2026-06-30T00:00", "10000-01-01", "-2026-01-01", "2026-6-3 ", "٢٠٢٦-٠١-٠١",
)  # fmt: skip
"""Texts that have broken other programs."""

TEXTS: Final = st.sampled_from(HOSTILE) | st.text(max_size=40) | st.text("0123456789-+.eE_%kKMB ", max_size=12)
ARGUMENTS: Final = TEXTS.map(lambda text: text.replace("\0", ""))
"""Texts that can be arguments of a process."""


def attack(times: int) -> Callable[[Any], Any]:
    """Runs the test of one input for *times* inputs."""
    return settings(
        max_examples=times * TIMES,
        derandomize=TIMES == 1,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


class Tried:
    """Counts inputs by how they ended."""

    def __init__(self) -> None:
        self.endings: dict[Any, int] = {}

    def __call__(self, ending: Any) -> None:
        self.endings[ending] = self.endings.get(ending, 0) + 1

    @property
    def count(self) -> int:
        return sum(self.endings.values())


@pytest.fixture
def tried(record_property: Callable[[str, object], None]) -> Iterator[Tried]:
    """The counter of a test; its counts are in the summary of the run."""
    found = Tried()
    yield found
    record_property("inputs", found.count)
