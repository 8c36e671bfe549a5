"""The example that notebook 3 loads."""

import runpy
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def test_the_example_is_what_its_script_writes(tmp_path):
    """Whoever changes the script sees in the difference what changes in the file."""
    script = runpy.run_path(str(REPOSITORY / "scripts" / "make_example.py"))
    script["main"](tmp_path / "members.csv")

    assert (tmp_path / "members.csv").read_bytes() == (REPOSITORY / "examples" / "members.csv").read_bytes()
