"""Which engine is installed, and whether it is complete: `pyspark` and `pyspark-client` share one folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

from customer360.errors import Unavailable

Engine = Literal["embedded", "spark"]

_CLIENT: Final = "pyspark-client"
_CLASSIC: Final = "pyspark"


def default_engine() -> Engine:
    """
    The default engine: the embedded one if it is installed, else Spark.

    A platform's own PySpark counts as Spark, even if it belongs to no installed distribution. Takes milliseconds
    and does not import PySpark. Raises: Customer360Error when none is installed, or files are missing.
    """
    if _owner() != _CLIENT:
        return "spark"
    if find_spec("pysail") is None:
        raise Unavailable(
            "only the client of the embedded engine is installed; name a cluster with --remote, or run: "
            + _install("embedded")
        )
    return "embedded"


def description() -> str:
    """The default engine, for a person, or why there is none."""
    try:
        is_embedded = default_engine() == "embedded"
    except Unavailable as error:
        return f"none: {error}"
    return f"embedded, Sail {version('pysail')}, without Java" if is_embedded else "Apache Spark"


def require_spark(purpose: str) -> None:
    """Raises: Customer360Error when Apache Spark, required for *purpose*, is not installed or lacks files."""
    if _owner() == _CLIENT:
        raise Unavailable(
            f"{purpose} requires Apache Spark, which cannot share an environment with the embedded engine; "
            f"in a new environment, run: {_install('spark')}"
        )


def require_pyspark() -> None:
    """Raises: Customer360Error when no PySpark is installed or it lacks files; any can reach a remote cluster."""
    _owner()


def _owner() -> str | None:
    """The distribution that PySpark's files belong to; None if a platform provides them."""
    folder = _folder()
    owners = [found for name in (_CLIENT, _CLASSIC) if (found := _distribution(name)) and _is_at(found, folder)]
    if not owners and folder is None:
        raise Unavailable(f"no engine is installed; run: {_install('embedded')}")
    if len(owners) > 1:
        fault = "pyspark-client and pyspark are both installed and overwrite each other's files"
        raise Unavailable(f"{fault}; run: {_repair(owners)}")
    if missing := next((name for owner in owners for name in _missing(owner)), None):
        fault = f"{owners[0].name} lacks its file {missing}, as happens when pip removes the other PySpark"
        raise Unavailable(f"{fault}; run: {_repair(owners)}")
    return owners[0].name if owners else None


def _folder() -> Path | None:
    """Where Python finds PySpark. The remains of a removed one have no `__init__.py` and do not count."""
    spec = find_spec("pyspark")
    return Path(spec.origin).parent if spec and spec.origin else None


def _is_at(found: Distribution, folder: Path | None) -> bool:
    """Whether Python imports PySpark from *found*, or finds none; not from a platform that comes first."""
    return folder is None or Path(str(found.locate_file("pyspark"))).resolve() == folder.resolve()


def _missing(found: Distribution) -> Iterator[str]:
    """The Python files that *found* lists as installed and that are missing."""
    root = str(found.locate_file(""))
    for line in (found.read_text("RECORD") or "").splitlines():
        name = line.partition(",")[0]
        if name.endswith(".py") and not os.path.exists(os.path.join(root, name)):  # noqa: PTH110, PTH118  hundreds
            yield name


def _repair(owners: list[Distribution]) -> str:
    """Removes both, since removing one deletes files of the other, and installs the one that was in use."""
    names = [owner.name for owner in owners]
    extra: Engine = "embedded" if find_spec("pysail") or _CLASSIC not in names else "spark"
    return f"{_pip()} uninstall -y {' '.join(names)} && {_install(extra)}"


def _install(extra: Engine) -> str:
    return f"{_pip()} install 'customer360[{extra}]'"


def _pip() -> str:
    """The program that installed this package; an environment of uv has no pip."""
    own = _distribution("customer360")
    return "uv pip" if own and (own.read_text("INSTALLER") or "").strip() == "uv" else "pip"


def _distribution(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None
