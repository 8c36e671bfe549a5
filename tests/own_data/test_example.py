"""The examples that notebook 3 loads."""

import runpy
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["members.csv", "orders.csv"])
def test_the_script_writes_the_examples(tmp_path, name):
    """A change of the script shows up as a change of the files."""
    script = runpy.run_path(str(REPOSITORY / "scripts" / "make_example.py"))
    script["main"](tmp_path)

    assert (tmp_path / name).read_bytes() == (REPOSITORY / "examples" / name).read_bytes()
