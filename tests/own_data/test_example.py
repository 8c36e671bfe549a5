"""The examples that notebook 3 loads."""

import runpy
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["members.csv", "orders.csv"])
def test_the_examples_are_what_their_script_writes(tmp_path, name):
    """Whoever changes the script sees in the difference what changes in the files."""
    script = runpy.run_path(str(REPOSITORY / "scripts" / "make_example.py"))
    script["main"](tmp_path)

    assert (tmp_path / name).read_bytes() == (REPOSITORY / "examples" / name).read_bytes()
