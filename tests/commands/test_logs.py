"""What programs that collect logs get: only JSON lines on stderr, and no secrets."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from customer360.commands.logs import JsonLines
from customer360.pipeline import progress
from tests.commands.process import customer360


class Kept(logging.Handler):
    """Keeps every record as the formatter writes it."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(JsonLines())
        self.entries: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.entries.append(json.loads(self.format(record)))


@pytest.fixture
def log() -> Iterator[Kept]:
    logger, kept = logging.getLogger("customer360"), Kept()
    logger.addHandler(kept)
    logger.setLevel(logging.INFO)
    yield kept
    logger.removeHandler(kept)
    logger.setLevel(logging.NOTSET)


def test_a_record_has_a_time_in_utc_a_level_and_an_event(log: Kept) -> None:
    """Regardless of its content."""
    logging.getLogger("customer360.x").warning("the dashboard goes on from memory: %s", "line 1\nline 2")

    (entry,) = log.entries
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", entry["time"])
    assert (entry["level"], entry["event"]) == ("warning", "the dashboard goes on from memory: line 1\nline 2")


def test_a_step_logs_its_start_and_its_end(log: Kept) -> None:
    """With its seconds, and its rows if it has any."""
    with progress.events("Filling customers", total=1_000, done=lambda: 5):
        pass
    with progress.events("Writing bands", done=lambda: 30):
        pass
    with progress.events("Publishing"):
        pass

    assert [entry["event"] for entry in log.entries] == ["step started", "step ended"] * 3
    assert [entry["step"] for entry in log.entries[::2]] == ["Filling customers", "Writing bands", "Publishing"]
    assert [entry.get("rows") for entry in log.entries[1::2]] == [1_000, 30, None]
    assert all(entry["seconds"] >= 0 for entry in log.entries[1::2])


def test_a_step_that_breaks_says_so(log: Kept) -> None:
    """And its exception propagates."""
    with pytest.raises(RuntimeError), progress.events("Publishing", done=lambda: 1 // 0):
        raise RuntimeError("broke")

    assert [(entry["level"], entry["event"]) for entry in log.entries] == [
        ("info", "step started"),
        ("error", "step failed"),
    ]


def test_a_traceback_stays_on_its_line(log: Kept) -> None:
    """A collector treats each line as a record."""
    try:
        raise RuntimeError("broke")
    except RuntimeError:
        logging.getLogger("customer360.x").exception("internal error of customer360")

    assert "RuntimeError: broke" in log.entries[0]["traceback"]
    assert "\n" not in JsonLines().format(logging.LogRecord("x", 20, "", 0, "a\nb", None, sys.exc_info()))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["status", "--database", "postgresql://a:s3cret@127.0.0.1:1/x"], 1), (["statu"], 2), (["run", "--wait"], 2)],
    ids=["a mistake", "a wrong command", "a wrong option"],
)
def test_the_one_line_of_a_mistake_becomes_a_record(arguments: list[str], code: int) -> None:
    """With the option, or with the variable for all commands."""
    for run in (
        customer360("--log-format", "json", *arguments),
        customer360(*arguments, CUSTOMER360_LOG_FORMAT="json"),
    ):
        (entry,) = [json.loads(line) for line in run.stderr.splitlines()]
        assert (run.returncode, run.stdout) == (code, "")
        assert (entry["level"], entry["event"], entry["exit_code"]) == ("error", "command failed", code)
        assert entry["message"]
        assert "s3cret" not in run.stderr
