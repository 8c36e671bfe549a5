"""Which engine is installed, and whether it is whole: `pyspark` and `pyspark-client` share one folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal

from customer360.errors import Customer360Error

Engine = Literal["embedded", "spark"]

_CLIENT: Final = "pyspark-client"
_CLASSIC: Final = "pyspark"


def default_engine() -> Engine:
    """
    The engine of this Python where nobody names another: the embedded one where it is installed, else Spark.

    A platform's own PySpark counts as Spark, also where no distribution is known to have brought it. Nothing of
    PySpark is imported. Raises: Customer360Error when neither is there, or what is there lacks files.
    """
    owner = _owner()
    if owner != _CLIENT:
        return "spark"
    if find_spec("pysail") is None:
        raise Customer360Error(
            "of the embedded engine only the client is installed; name a cluster by --remote, or run: "
            f"{_pip(_CLIENT)} install 'customer360[embedded]'"
        )
    return "embedded"


def require_spark(purpose: str) -> None:
    """Raises: Customer360Error when Apache Spark, which *purpose* needs, is not installed or lacks files."""
    if _owner() == _CLIENT:
        raise Customer360Error(
            f"{purpose} needs Apache Spark, which cannot share an environment with the embedded engine; "
            "in a new one run: pip install 'customer360[spark]'"
        )


def require_pyspark() -> None:
    """Raises: Customer360Error when no PySpark is installed, or it lacks files. Each one can reach a remote cluster."""
    _owner()


def _owner() -> str | None:
    """The distribution that PySpark's files belong to; None where a platform has brought them by itself."""
    folder = _folder()
    owners = [found for name in (_CLIENT, _CLASSIC) if (found := _distribution(name)) and _is_at(found, folder)]
    if len(owners) > 1:
        raise Customer360Error(
            f"pyspark and pyspark-client are both installed and overwrite each other's files; run: {_repair()}"
        )
    if not owners:
        if folder is None:
            raise Customer360Error("no engine is installed; run: pip install 'customer360[embedded]'")
        return None
    if missing := next(_missing(owners[0]), None):
        raise Customer360Error(
            f"{owners[0].name} lacks {missing}, as after another PySpark was removed: {_repair()}"
        )
    return owners[0].name


def _folder() -> Path | None:
    """Where Python finds PySpark. A folder of leftovers, which has no `__init__.py`, is none."""
    spec = find_spec("pyspark")
    return Path(spec.origin).parent if spec and spec.origin else None


def _is_at(found: Distribution, folder: Path | None) -> bool:
    """Whether Python finds the files of *found*, or nothing at all; not those that a platform puts before them."""
    own = Path(str(found.locate_file("pyspark")))
    return folder is None or own.resolve() == folder.resolve()


def _missing(found: Distribution) -> Iterator[str]:
    """The Python files of *found* that are gone, as far as its list of files tells."""
    root = str(found.locate_file(""))
    for line in (found.read_text("RECORD") or "").splitlines():
        name = line.partition(",")[0]
        if name.endswith(".py") and not os.path.exists(os.path.join(root, name)):  # noqa: PTH110, PTH118  500 of them
            yield name


def _repair() -> str:
    """Removes both, for whatever one leaves of the other lacks files, and installs one of them again."""
    extra: Engine = "embedded" if find_spec("pysail") else "spark"
    pip = _pip(_CLIENT, _CLASSIC)
    names = " ".join(name for name in (_CLASSIC, _CLIENT) if _distribution(name))
    return f"{pip} uninstall {names} && {pip} install 'customer360[{extra}]'"


def _pip(*names: str) -> str:
    """How packages get into this environment: by uv where it has brought one of *names*, else by pip."""
    found = (_distribution(name) for name in names)
    return (
        "uv pip" if any(each and (each.read_text("INSTALLER") or "").strip() == "uv" for each in found) else "pip"
    )


def _distribution(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None
