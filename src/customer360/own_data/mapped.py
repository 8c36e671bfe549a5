"""A mapping put to work in Spark: one text column per target, and one line for a mapping that cannot work."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from pyspark.errors import AnalysisException, ParseException, PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as t

from customer360.errors import Customer360Error, nearest
from customer360.own_data.columns import PROVENANCE
from customer360.own_data.guess import quoted
from customer360.own_data.mapping import NEWEST_BY, CustomerMapping

MAPPED: Final = "mapped:"
"""Prefix of the mapped columns, which stand beside those of the source."""

_ANSI: Final = "spark.sql.ansi.enabled"
_LONGEST: Final = 160


@contextmanager
def lenient(spark: SparkSession) -> Iterator[None]:
    """Expressions give null where a cell is not what they expect, rather than end the load."""
    before = spark.conf.get(_ANSI)
    spark.conf.set(_ANSI, "false")
    try:
        yield
    finally:
        spark.conf.set(_ANSI, before or "true")


@dataclass(frozen=True)
class Mapped:
    """
    The rows of a source with what a mapping makes of them.

    *places*: the text column of *frame* that holds each target. *typed*: the targets whose values come from typed
    expressions, and so are written in one way only.
    """

    frame: DataFrame
    places: Mapping[str, str]
    typed: frozenset[str]


def mapped(source: DataFrame, mapping: CustomerMapping) -> Mapped:
    """*mapping* applied to *source*. Raises: Customer360Error for a right side that does not work."""
    wanted = {**mapping.columns, **({NEWEST_BY: mapping.newest_by} if mapping.newest_by else {})}
    columns = {target: _column(source, target, text) for target, text in wanted.items()}
    columns |= {target: F.lit(text) for target, text in mapping.constants.items()}
    kinds = source.select([column.alias(target) for target, column in columns.items()]).schema
    typed = frozenset(field.name for field in kinds if not isinstance(field.dataType, t.StringType))
    values = _values(mapping)
    # A column that is used as it stands travels to the checks once, not twice.
    as_it_stands = {
        target: text for target, text in wanted.items() if text in source.columns and target not in values
    }
    computed = {target: column for target, column in columns.items() if target not in as_it_stands}
    frame = source.withColumns(
        {
            MAPPED + name: _replaced(column.cast("string"), values.get(name, {}))
            for name, column in computed.items()
        }
    )
    return Mapped(frame, {**as_it_stands, **{name: MAPPED + name for name in computed}}, typed)


def _values(mapping: CustomerMapping) -> dict[str, Mapping[str, str]]:
    """The value maps; the order of the statuses also says how they are spelt."""
    spelt = {status: status for status in mapping.status_order}
    statuses = {**spelt, **mapping.values.get("loyalty_status", {})}
    return {**mapping.values, **({"loyalty_status": statuses} if statuses else {})}


def _replaced(text: Column, values: Mapping[str, str]) -> Column:
    """What stands for a value becomes it, in upper or lower case."""
    if not values:
        return text
    pairs = [F.lit(part) for value, stands in values.items() for part in (value.strip().lower(), stands)]
    return F.coalesce(F.create_map(*pairs)[F.lower(F.trim(text))], text)


def _column(source: DataFrame, target: str, text: str) -> Column:
    if text in source.columns:
        return F.col(quoted(text))
    if re.fullmatch(r"[\w .-]+", text) and not re.fullmatch(r"\s*(?i:null|true|false|[-.\d]+)\s*", text):
        _is_expression(source, target, text)
    return _expression(source, target, text)


def _is_expression(source: DataFrame, target: str, text: str) -> None:
    """What looks like a name and is no column is a mistake in the name, unless Spark can make sense of it."""
    try:
        _ = source.select(F.expr(text)).schema
    except PySparkException:
        raise Customer360Error(
            f"the mapping of {target}: the source has no column '{text}'.{nearest(text, _own(source))}"
        ) from None


def _expression(source: DataFrame, target: str, text: str) -> Column:
    try:
        column = F.expr(text)
        schema = source.select(column.alias(target)).schema
    except ParseException as error:
        raise Customer360Error(f"the mapping of {target} does not parse: {_caret(text, error)}") from None
    except AnalysisException as error:
        raise Customer360Error(
            f"the mapping of {target} does not work: {_analysis(source, text, error)}"
        ) from None
    if isinstance(schema[0].dataType, (t.ArrayType, t.MapType, t.StructType, t.BinaryType)):
        raise Customer360Error(
            f"the mapping of {target} gives a {schema[0].dataType.simpleString()}; give one value, such as text"
        )
    return column


def _caret(text: str, error: ParseException) -> str:
    """The expression with a mark where it went wrong: all in one line, for errors have one."""
    message = _first_line(str(error))
    place = re.search(r"\(line 1, pos (\d+)\)", str(error))
    if place is None:
        return f"{message}; {text!r}"
    at = min(int(place[1]), len(text))
    return f"{message}, at ^ in {text[:at]}^{text[at:]}"


def _analysis(source: DataFrame, text: str, error: AnalysisException) -> str:
    parameters: dict[str, Any] = error.getMessageParameters() or {}
    name = re.sub(r"^`|`$", "", parameters.get("objectName", ""))
    if "UNRESOLVED_COLUMN" in str(error) and name:
        return f"the source has no column '{name}'.{nearest(name, _own(source))}"
    if "UNRESOLVED_ROUTINE" in str(error):
        return f"Spark SQL has no function {parameters.get('routineName', '')} in {text!r}"
    return f"{_first_line(str(error))} in {text!r}"


def _own(source: DataFrame) -> list[str]:
    return [name for name in source.columns if name not in PROVENANCE]


def _first_line(message: str) -> str:
    line = next(iter(message.strip().splitlines()), "")
    line = re.sub(r"^\[[A-Z_.]+\]\s*", "", line)
    line = re.sub(r"\s*SQLSTATE: \w+.*$", "", line).strip()
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"
