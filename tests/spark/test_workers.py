"""What this package sends to the workers, and the error when they lack something."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from customer360 import __version__
from customer360.spark import workers


def test_the_same_package_gives_the_same_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Named by its content: a session never gets another file under a known name."""
    first = workers.packed()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    second = workers.packed()

    assert second.parent != first.parent
    assert (second.name, second.read_bytes()) == (first.name, first.read_bytes())


def test_the_sent_package_can_be_imported_unchanged_and_has_its_version() -> None:
    """Without unpacking or installing anything; the pages of the dashboard are not sent."""
    packed = workers.packed()
    code = "import customer360.mock_data.countries, customer360 as c; print(c.__version__, c.__file__)"
    environment = {"PYTHONPATH": str(packed)}

    run = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, env=environment)

    assert run.stdout.split() == [__version__, str(packed / "customer360" / "__init__.py")], run.stderr
    assert not [name for name in zipfile.ZipFile(packed).namelist() if "static" in name]
