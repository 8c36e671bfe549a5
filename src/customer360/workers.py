"""Spark's workers: where they are, how many tasks they run, and what they need of ours when they are elsewhere."""

from __future__ import annotations

import hashlib
import io
import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from customer360 import __version__

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NEEDED: Final = ("adbc-driver-manager", "adbc-driver-postgresql", "numpy", "psutil", "psycopg[binary]", "pyarrow")
"""The wheels that have to be installed where the workers run; PySpark itself comes with Spark."""

_PACKAGE: Final = Path(__file__).parent
_SHIPPED: Final = (".py", ".json")
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


def is_local(master: str) -> bool:
    """Whether the workers of *master* are on this machine, so that they share its files and its 127.0.0.1."""
    return master.startswith("local")


def elsewhere(spark: SparkSession) -> str | None:
    """Where the workers of *spark* are when they are not on this machine."""
    from pyspark.sql.utils import is_remote

    if is_remote():
        return "Spark Connect"
    master = str(spark.sparkContext.master)
    return None if is_local(master) else master


def tasks_at_once(spark: SparkSession) -> int | None:
    """How many tasks *spark* runs at the same time; None where workers are elsewhere, and come and go."""
    return None if elsewhere(spark) else int(spark.sparkContext.defaultParallelism)


def ship(spark: SparkSession) -> None:
    """
    Sends this package to the workers of *spark*, so that theirs is the driver's, whatever they have installed.

    `spark.session` does it for the sessions that it starts elsewhere; for one that a platform brought, call it.
    """
    spark.addArtifacts(str(packed()), pyfile=True)


def packed() -> Path:
    """This package as a zip in the user's cache, named after its content: the same files give the same bytes."""
    import platformdirs

    content = _zip()
    digest = hashlib.sha256(content).hexdigest()[:12]
    path = platformdirs.user_cache_path("customer360", appauthor=False) / f"customer360-{digest}.zip"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.write_bytes(content)
        draft.replace(path)
    return path


def _zip() -> bytes:
    # Where the package is installed, its version is asked of this file.
    metadata = f"Metadata-Version: 2.1\nName: customer360\nVersion: {__version__}\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in _files():
            content = (_PACKAGE / file).read_bytes()
            archive.writestr(zipfile.ZipInfo(f"customer360/{file.as_posix()}", _EPOCH), content)
        archive.writestr(zipfile.ZipInfo(f"customer360-{__version__}.dist-info/METADATA", _EPOCH), metadata)
    return buffer.getvalue()


def _files() -> Iterator[Path]:
    """Python and its data; not what only a browser reads."""
    for file in sorted(_PACKAGE.rglob("*")):
        inner = file.relative_to(_PACKAGE)
        if file.suffix in _SHIPPED and "static" not in inner.parts:
            yield inner


def mistake(reason: str) -> str | None:
    """The line for a person when *reason*, what Spark says of a failure, is a worker that lacks something."""
    for pattern, line in _MISTAKES.items():
        if match := re.search(pattern, reason):
            return line.format(
                *match.groups(), needed=" ".join(f'"{name}"' if "[" in name else name for name in NEEDED)
            )
    return None


_WAY_OUT: Final = "install on every worker: pip install {needed} (docs/cluster.md has more ways)"
_MISTAKES: Final = {
    "No space left on device": (
        "Spark has no room left for its temporary files; make some, or set TMPDIR to a folder that has more"
    ),
    "Python worker exited unexpectedly": (
        "a Python worker of Spark ended unexpectedly, killed or out of memory; what had not finished changed "
        "nothing: run the same command again"
    ),
    r"No module named '([\w.]+)'": "the Python of Spark's workers lacks the module '{0}'; " + _WAY_OUT,
    r"PACKAGE_NOT_INSTALLED\] (\S+) >= (\S+)": "the Python of Spark's workers lacks {0} {1} or newer; " + _WAY_OUT,
    r'Cannot run program "([^"]+)"': (
        "Spark's workers have no Python at {0}; set PYSPARK_PYTHON to the one they have, with the driver's version"
    ),
    r"Python in worker has different version: (\S+) than that in driver: (\S+?),": (
        "Spark's workers run Python {0} and this is Python {1}; set PYSPARK_PYTHON to the same version there"
    ),
}
