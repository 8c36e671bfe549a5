"""What the workers get from here, and what a person is told when they lack something."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from customer360 import __version__, workers
from customer360.failures.spark import mistake


def test_the_same_package_gives_the_same_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Named after its content: a session is never sent another file under a name that it has."""
    first = workers.packed()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    second = workers.packed()

    assert second.parent != first.parent
    assert (second.name, second.read_bytes()) == (first.name, first.read_bytes())


def test_what_is_sent_can_be_imported_as_it_is_and_knows_its_version() -> None:
    """With nothing unpacked and nothing of ours installed; the pages of the dashboard stay here."""
    packed = workers.packed()
    code = "import customer360.mock_data.countries, customer360 as c; print(c.__version__, c.__file__)"
    environment = {"PYTHONPATH": str(packed)}

    run = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, env=environment)

    assert run.stdout.split() == [__version__, str(packed / "customer360" / "__init__.py")], run.stderr
    assert not [name for name in zipfile.ZipFile(packed).namelist() if "static" in name]


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        (
            "ModuleNotFoundError: No module named 'adbc_driver_manager'",
            "lacks the module 'adbc_driver_manager'; install on",
        ),
        (
            "[PACKAGE_NOT_INSTALLED] PyArrow >= 18.0.0 must be installed; however",
            "lacks PyArrow 18.0.0 or newer; install on",
        ),
        (
            'java.io.IOException: Cannot run program "/x/python": error=2',
            "have no Python at /x/python; set PYSPARK_PYTHON",
        ),
        (
            "[PYTHON_VERSION_MISMATCH] Python in worker has different version: 3.10 than that in driver: 3.11, PySpark cannot",
            "run Python 3.10 and this is Python 3.11; set PYSPARK_PYTHON",
        ),
    ],
)
def test_what_a_worker_lacks_is_said_in_one_line(reason: str, line: str) -> None:
    """Spark gives a page of Java for each."""
    found = mistake(f"Job aborted:\n  Lost task 0.3\n{reason}\n  at org.apache.spark")

    assert found is not None
    assert line in found
    assert "\n" not in found


def test_other_failures_are_not_guessed_at() -> None:
    """A fault of ours keeps its traceback."""
    assert mistake("ValueError: too many values to unpack") is None
