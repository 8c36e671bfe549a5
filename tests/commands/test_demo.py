"""The command for newcomers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.process import customer360


@pytest.mark.spark
@pytest.mark.slow
def test_the_demo_fills_runs_renders_and_says_how_to_connect(home: Path, tmp_path: Path) -> None:
    """In an empty home folder; then status, and a second demo."""
    arguments = ["demo", "--customers", "2k", "--as-of", "2026-06-30"]
    code = "from customer360.commands.cli import main; main()"
    environment = {**os.environ, "CUSTOMER360_HOME": str(home)}

    def demo(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", code, *arguments, *more]
        return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)

    first = demo()
    assert first.returncode == 0, first.stderr
    filled = (
        "2,000 mock customers in public.customers and 39,569 events in public.events as of 2026-06-30 (seed 7)"
    )
    assert filled in first.stdout
    assert "refresh 1: 2,000 customers of public.customers" in first.stdout
    assert "user      customer360_reader" in first.stdout
    assert first.stdout.endswith("open the dashboard with: customer360 dashboard\n")
    assert (tmp_path / "power_bi" / "Customer 360.pbip").exists()
    assert "Traceback" not in first.stderr

    account = json.loads((home / "account.json").read_text())
    assert not [secret for secret in (account["owner_password"], account["reader_password"])
                if secret in first.stdout + first.stderr]  # fmt: skip

    again = json.loads(demo("--json", "--seed", "8").stdout)
    assert again["run"]["refresh_id"] == 2
    assert again["mock"]["seed"] == 8
    assert again["dashboard"] == {"checked": True}

    status = json.loads(customer360("status", "--json", CUSTOMER360_HOME=str(home)).stdout)
    assert status["rows"]["public.customers"] == 2_000
    assert status["rows"]["analytics.customer_profiles"] == 2_000
    assert status["last_refresh"]["refresh_id"] == 2
    assert status["stale"] is False
