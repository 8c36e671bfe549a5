"""Where the faults happen: a separate server and temporary folder, and customers in two versions, A and B."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from customer360.mock_data.generate import generate_block
from customer360.mock_data.plan import Plan
from customer360.postgres.connection import Database
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.settings import HOME, SETTINGS

AS_OF: Final = date(2026, 6, 30)
MANY: Final = "many"
EVENTS_EACH: Final = 5
PLANS: Final = {
    "A": Plan(5_000, seed=7, as_of=AS_OF, events_per_customer=EVENTS_EACH),
    "B": Plan(7_000, seed=8, as_of=AS_OF, events_per_customer=EVENTS_EACH),
    MANY: Plan(110_000, seed=9, as_of=AS_OF, events_per_customer=EVENTS_EACH),
}
"""The versions of customers and events that `mock` makes; the reader sums all rows at each look."""

BAD_ROWS: Final = {"A": 20, "B": 30}
"""The versions that `load` reads from files, with rows to reject, so that it changes two tables."""

MARK: Final = "CUSTOMER360_TORTURE"
"""The environment variable that identifies every process that a command started."""


@dataclass(frozen=True)
class Place:
    """A folder with everything in it; *no_disk* is why the server has no separate small disk, if so."""

    root: Path
    no_disk: str = ""

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def temporary(self) -> Path:
        return self.root / "temporary"

    @property
    def server(self) -> EmbeddedPostgres:
        return EmbeddedPostgres(self.home)

    @property
    def database(self) -> Database:
        return self.server.database()

    def file(self, version: str) -> Path:
        return self.root / f"customers_{version}.csv"

    def server_log(self) -> str:
        """Its last lines."""
        return "\n".join(self.server.log.read_text(errors="replace").splitlines()[-30:])

    def environment(self, mark: str) -> dict[str, str]:
        """The environment of a user who has set only the folders."""
        kept = {name: value for name, value in os.environ.items() if name not in SETTINGS}
        return kept | {HOME: str(self.home), "TMPDIR": str(self.temporary), MARK: mark}


@contextmanager
def new_place(disk_megabytes: int = 0) -> Iterator[Place]:
    """
    A running server and the two files; everything is removed at the end.

    With *disk_megabytes* the server has a separate small disk, if this machine allows mounting one.
    """
    root = Path(tempfile.mkdtemp(prefix="customer360-torture-"))
    root.chmod(0o755)  # root's server runs as another user, who must be able to enter
    place = Place(root)
    place.temporary.mkdir()
    for version in BAD_ROWS:
        write_file(version, place.file(version))
    try:
        with (
            small_disk(place.home, disk_megabytes)
            if disk_megabytes
            else nullcontext("none was asked for") as refusal
        ):
            place.server.start()
            try:
                yield replace(place, no_disk=refusal)
            except Exception as error:
                raise RuntimeError("the server's log ends with\n" + place.server_log()) from error
            finally:
                place.server.stop()
    finally:
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[str]:
    """Mounts a small disk at *folder*; yields why that is not possible, or nothing."""
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        yield f"no small disk could be mounted: {str(getattr(error, 'stderr', '') or error).strip()}"
        return
    try:
        yield ""
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def write_file(version: str, path: Path) -> None:
    """The customers of a version as CSV, followed by rows without a customer_id."""
    plan = PLANS[version]
    rows = pa.Table.from_batches([generate_block(plan, block) for block in range(plan.blocks)])
    text = pa.table({name: rows[name].cast(pa.string()) for name in rows.column_names})
    bad = text.slice(0, BAD_ROWS[version])
    bad = bad.set_column(0, "customer_id", pc.if_else(True, pa.nulls(len(bad), pa.string()), ""))
    csv.write_csv(pa.concat_tables([text, bad]), path)
