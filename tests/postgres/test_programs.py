"""The wheel's programs run as another user where root installed them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from customer360 import settings
from customer360.postgres.programs import installed_programs

pytestmark = pytest.mark.slow

_START_AND_ASK = """
from pathlib import Path
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.postgres.programs import installed_programs
embedded = EmbeddedPostgres(Path({home!r}))
with embedded.start().connect() as connection:
    print(installed_programs(), connection.execute("SELECT 42").fetchone())
embedded.stop()
"""


@pytest.mark.skipif(not settings.running_as_root(), reason="only root's server runs as another user")
def test_root_may_install_where_no_other_user_enters(home: Path, tmp_path: Path) -> None:
    """For instance below /root: the programs are copied, with the libraries that the wheel keeps next to them."""
    private = tmp_path / "private"
    package = installed_programs().parent
    for part in package.parent.glob(f"{package.name}*"):
        shutil.copytree(part, private / part.name)
    private.chmod(0o700)

    asked = subprocess.run(
        [sys.executable, "-c", _START_AND_ASK.format(home=str(home))],
        env={**os.environ, "PYTHONPATH": str(private)}, capture_output=True, text=True,
    )  # fmt: skip

    assert asked.stdout == f"{private / package.name / 'pginstall'} (42,)\n", asked.stderr
