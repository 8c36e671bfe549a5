"""Reads from and writes to a lake: Parquet, Delta, Iceberg, or a table of Spark's catalog."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from customer360.errors import Invalid, Refused, Unavailable
from customer360.errors.spark import is_one, sentence

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

FORMATS: Final = ("parquet", "delta", "iceberg")
NOTATION: Final = "PATH, delta:PATH, iceberg:PATH, or CATALOG.SCHEMA.TABLE"

_PACKAGES: Final = {
    "delta": "io.delta:delta-spark_4.X_2.13:VERSION",
    "iceberg": "org.apache.iceberg:iceberg-spark-runtime-4.X_2.13:VERSION",
    "s3a": "org.apache.hadoop:hadoop-aws:HADOOP_VERSION",
    "azurebfs": "org.apache.hadoop:hadoop-azure:HADOOP_VERSION",
    "gs": "com.google.cloud.bigdataoss:gcs-connector:VERSION",
}
_TABLE: Final = r"(?:`[^`]+`|[\w-]+)(?:\.(?:`[^`]+`|[\w-]+))*"
_NO_FORMAT: Final = r"DATA_SOURCE_NOT_FOUND\] Failed to find the data source: (\w+)"
_NO_SCHEME: Final = r'No FileSystem for scheme "?(\w+)|Class org\.apache\.hadoop\.fs\.(\w+)\.\S+ not found'


@dataclass(frozen=True)
class Location:
    """A path of files in a format, or a table of Spark's catalog if there is no format."""

    name: str
    format: str | None

    def __str__(self) -> str:
        """As written by the user, without a password in the address."""
        prefix = f"{self.format}:" if self.format not in (None, "parquet") else ""
        return prefix + re.sub(r"(?<=://)[^/@]*:[^/@]*@", "", self.name)


def place(text: str) -> Location:
    """The location that *text*, in the `NOTATION`, names."""
    kind, colon, path = text.partition(":")
    if colon and kind in FORMATS:
        return Location(path, kind)
    return Location(text, None if re.fullmatch(_TABLE, text) and not text.endswith(".parquet") else "parquet")


def require_apart(source: Location | None, target: Location | None) -> None:
    """Raises: Customer360Error when results would overwrite what is read, or be written among its files."""
    if source and target and f"{target.name.rstrip('/')}/".startswith(f"{source.name.rstrip('/')}/"):
        raise Refused(f"rows are read from {target}; write the results elsewhere")


def read(spark: SparkSession, source: Location) -> DataFrame:
    """The rows of *source*. Raises: Customer360Error when it does not exist, or Spark lacks a package for it."""
    with plain_errors(source, otherwise=f"cannot read {source}: "):
        rows = _rows(spark, source)
        columns = rows.columns  # Spark Connect does not access it earlier
    if not columns:  # with the embedded engine, the folder is empty or missing
        raise Unavailable(_NOTHING.format(source))
    return rows


def _rows(spark: SparkSession, place: Location) -> DataFrame:
    return spark.read.format(place.format).load(place.name) if place.format else spark.table(place.name)


def folder(target: Location, refresh_id: int) -> Location:
    """Where the rows of one refresh are written: Parquet in a new folder; Delta has versions itself."""
    if target.format == "delta":
        return target
    if target.format != "parquet":
        raise Invalid(f"results can be written to PATH or delta:PATH, not to {target}")
    return Location(f"{target.name.rstrip('/')}/refresh={refresh_id}", target.format)


def write(rows: DataFrame, target: Location) -> int:
    """
    Replaces the content of *target* with *rows*; returns how many rows a reader finds there.

    Raises: Customer360Error when *target* is a Delta table with other columns, which may belong to someone else.
    """
    assert target.format  # noqa: S101  guaranteed by `folder`
    with plain_errors(target):
        _require_same_columns(rows, target)
        rows.write.format(target.format).mode("overwrite").save(target.name)
        return _rows(rows.sparkSession, target).count()


def _require_same_columns(rows: DataFrame, target: Location) -> None:
    """The embedded engine would silently drop columns that a Delta table does not have."""
    if target.format != "delta":
        return
    try:
        held = _rows(rows.sparkSession, target).dtypes
    except Exception as error:
        if is_one(error) and _is_absent(str(error)):
            return
        raise
    if held != rows.dtypes:
        kinds = ", ".join(f"{name} {kind}" for name, kind in held if (name, kind) not in rows.dtypes)
        missing = ", ".join(f"{name} {kind}" for name, kind in rows.dtypes if (name, kind) not in held)
        raise Refused(
            f"{target} is a Delta table with other columns ({kinds or 'none of its own'}; it lacks "
            f"{missing or 'none'}); write the results elsewhere"
        )


@contextmanager
def plain_errors(place: Location | str, *, otherwise: str | None = None) -> Iterator[None]:
    """
    Turns Spark's errors about *place* into one line: known ones, or with the prefix *otherwise*, all.

    Others pass, and `customer360.spark.plain_errors` handles them.
    """
    try:
        yield
    except Exception as error:
        reason = str(error) if is_one(error) else ""
        line = reason and (_line(place, reason) or (otherwise and otherwise + sentence(reason)))
        if not line:
            raise
        raise Unavailable(line) from None


def _line(place: Location | str, reason: str) -> str | None:
    if match := re.search(_NO_FORMAT, reason) or re.search(_NO_SCHEME, reason):
        kind = next(filter(None, match.groups())).lower()
        return (
            f"{place}: Spark lacks the package for '{kind}'; add {_PACKAGES.get(kind, 'its own')} to "
            "spark.jars.packages in spark-defaults.conf, or set PYSPARK_SUBMIT_ARGS='--packages ... pyspark-shell'"
        )
    if _is_absent(reason):
        return _NOTHING.format(place)
    return next(
        (line.format(place, sentence(reason)) for said, line in _LINES.items() if re.search(said, reason)), None
    )


def _is_absent(reason: str) -> bool:
    return re.search(_ABSENT, reason) is not None


_NOTHING: Final = f"nothing found at {{0}}; write {NOTATION}"
_ABSENT: Final = (
    r"\[PATH_NOT_FOUND|\[DELTA_(?:TABLE_NOT_FOUND|MISSING_DELTA_TABLE|PATH_DOES_NOT_EXIST)"
    "|No commit files found in _delta_log|No metadata files found in table location"
)
_NO_FIT: Final = "a value in {0} does not fit its column: {1}"
_LINES: Final = {
    r"\[TABLE_OR_VIEW_NOT_FOUND": "the catalog has no table {0}; a path must contain a /, such as ./{0}",
    r"\[UNABLE_TO_INFER_SCHEMA": "no Parquet files found at {0}",
    r"\[DATATYPE_MISMATCH\.CAST": "a column of {0} has a type that does not fit: {1}",
    r"cast \w+(?:\(.*\))? to Spark data type": (
        "the embedded engine does not support a type in {0}: {1}; write the column as a basic type, or use Apache "
        "Spark: --master 'local[*]'"
    ),
    r"\[(?:CAST_INVALID_INPUT|CAST_OVERFLOW|NUMERIC_VALUE_OUT_OF_RANGE)": _NO_FIT,
    "Can(?:not|'t) cast|is too large to store|is too small to store": _NO_FIT,
}
