"""Progress is visible during a step, and the final numbers are correct."""

from __future__ import annotations

import time

import pytest

from customer360.pipeline import progress


def test_a_pipe_gets_one_line_per_stage(capsys: pytest.CaptureFixture[str]) -> None:
    """Logs need neither bars nor colours."""
    with progress.lines("Filling customers", total=1000):
        time.sleep(0.01)

    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("Filling customers: 1,000 rows, ")
    assert captured.err.count("\n") == 1


def test_a_bar_asks_for_the_rows_while_the_stage_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """Rows and rows per second increase, and all rows are shown at the end."""
    asked: list[int] = []

    def done() -> int:
        asked.append(len(asked))
        return len(asked)

    with progress.bar("Filling customers", total=1000, done=done):
        time.sleep(0.7)

    assert len(asked) >= 2
    assert "1,000 rows" in capsys.readouterr().err


def test_a_stage_that_fails_stops_asking(capsys: pytest.CaptureFixture[str]) -> None:
    """The connection that is queried may be gone."""
    asked: list[int] = []

    with pytest.raises(RuntimeError), progress.bar("Filling", total=10, done=lambda: len(asked)):
        raise RuntimeError("broke")
    before = len(asked)
    time.sleep(0.4)

    assert len(asked) == before


def test_silence_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    """For `--json`, whose output must be the only one."""
    with progress.silent("Filling", total=10, done=lambda: 5):
        pass

    assert capsys.readouterr() == ("", "")


def test_a_failed_query_for_progress_is_not_repeated(capsys: pytest.CaptureFixture[str]) -> None:
    """The step fails for the same reason, and reports it in one line, without the thread's traceback."""
    asked: list[int] = []

    def done() -> int:
        asked.append(1)
        raise ConnectionError("gone")

    with progress.bar("Filling", total=10, done=done):
        time.sleep(0.7)

    assert len(asked) == 1
    assert "Traceback" not in capsys.readouterr().err
