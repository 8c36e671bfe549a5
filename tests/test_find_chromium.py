"""Finding a Chromium for the tests: the variable takes precedence, and what does not start is skipped."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "find_chromium.py"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the browsers of these tests are shell scripts")


def browser(path: Path, exit_code: int = 0) -> Path:
    """A program that starts as a browser does, or does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho Chromium 1.0\nexit {exit_code}\n")
    path.chmod(0o755)
    return path


def find(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), str(folder / ".chromium"), *arguments]
    given = {"PATH": str(folder / "bin"), **environment}
    return subprocess.run(command, capture_output=True, text=True, env=given)


def test_the_variable_takes_precedence_over_path_and_path_over_a_download(tmp_path: Path) -> None:
    """The user's choice, then the machine's, then ours."""
    fetched = browser(tmp_path / ".chromium" / "chromium")
    assert find(tmp_path).stdout == f"{fetched}\n"

    on_path = browser(tmp_path / "bin" / "chromium")
    assert find(tmp_path).stdout == f"{on_path}\n"

    headless = browser(tmp_path / "bin" / "chromium-headless-shell")
    assert find(tmp_path).stdout == f"{headless}\n"

    chosen = browser(tmp_path / "chosen")
    assert find(tmp_path, CHROMIUM=str(chosen)).stdout == f"{chosen}\n"


def test_what_does_not_start_is_skipped(tmp_path: Path) -> None:
    """On some systems, chromium-browser only prints how to install one."""
    browser(tmp_path / "bin" / "chromium", exit_code=1)
    starts = browser(tmp_path / "bin" / "google-chrome")

    found = find(tmp_path, CHROMIUM=str(tmp_path / "not there"))

    assert found.stdout == f"{starts}\n"


def test_without_any_each_attempt_has_a_line_and_the_last_is_the_fix(tmp_path: Path) -> None:
    """The tests that need a browser show these lines as the reason for skipping."""
    found = find(tmp_path)

    assert (found.returncode, found.stdout) == (1, "")
    assert found.stderr.splitlines() == [
        "no Chromium starts:",
        "  CHROMIUM is not set",
        "  PATH has none of chromium-headless-shell, chromium, google-chrome, chromium-browser, chrome",
        f"  {tmp_path}/.chromium/chromium does not exist",
        "fetch one with: python scripts/find_chromium.py --fetch",
    ]
