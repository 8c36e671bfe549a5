"""Spark's workers: where they are, how many tasks they run, and how this package reaches those elsewhere."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from customer360 import __version__
from customer360.spark import embedded_session, machine

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_PACKAGE: Final = Path(__file__).parent.parent
_SHIPPED: Final = (".py", ".json")
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


def is_local(master: str) -> bool:
    """Whether the workers of *master* are on this machine, so that they share its files and its 127.0.0.1."""
    return master.startswith("local")


def elsewhere(spark: SparkSession) -> str | None:
    """Where the workers of *spark* are; None if on this machine."""
    if embedded_session.serves(spark):
        return None
    if not hasattr(spark, "_jsparkSession"):
        return "Spark Connect"
    master = str(spark.sparkContext.master)
    return None if is_local(master) else master


def tasks_at_once(spark: SparkSession) -> int | None:
    """How many tasks *spark* runs at the same time; None if workers are elsewhere, and come and go."""
    if embedded_session.serves(spark):
        return machine.cores()
    return None if elsewhere(spark) else int(spark.sparkContext.defaultParallelism)


def ship(spark: SparkSession) -> None:
    """
    Sends this package to the workers of *spark*, so that they use the driver's version regardless of their own.

    `spark.session` does this for the sessions that it starts; for a platform's session, call it yourself.
    """
    spark.addArtifacts(str(packed()), pyfile=True)


def packed() -> Path:
    """This package as a zip in the user's cache, named by a hash of its content, which is reproducible."""
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
    # The package reads its version from this file.
    metadata = f"Metadata-Version: 2.1\nName: customer360\nVersion: {__version__}\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in _files():
            content = (_PACKAGE / file).read_bytes()
            archive.writestr(zipfile.ZipInfo(f"customer360/{file.as_posix()}", _EPOCH), content)
        archive.writestr(zipfile.ZipInfo(f"customer360-{__version__}.dist-info/METADATA", _EPOCH), metadata)
    return buffer.getvalue()


def _files() -> Iterator[Path]:
    """Python files and their data, without the files for browsers."""
    for file in sorted(_PACKAGE.rglob("*")):
        inner = file.relative_to(_PACKAGE)
        if file.suffix in _SHIPPED and "static" not in inner.parts:
            yield inner
