"""The values at given ranks of a column, exact for any number of rows, without sorting them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Final, TypeAlias

from pyspark.sql import Column, DataFrame, Row, Window
from pyspark.sql import functions as F

Ranks: TypeAlias = Callable[[int], Iterable[int]]
"""The wanted ranks, given the number of values; the lowest value has rank 1."""
_VALUE: Final = "decimal(22,2)"
_BITS: Final = 9
"""The leading bits of a value that its bin keeps: a bin is at most 1/256 of its values wide."""
_SPLITTER: Final = float(2 ** (53 - _BITS) + 1)


@dataclass(frozen=True)
class AtRank:
    """The *value* at a rank, how many values are *lower*, and their sum."""

    value: Decimal
    lower: int
    sum_of_lower: Decimal


@dataclass(frozen=True)
class Distribution:
    """How many values a column has, their *total*, and the values at the wanted ranks."""

    count: int
    total: Decimal
    at: Mapping[int, AtRank]

    def sum_of_lowest(self, rank: int) -> Decimal:
        """The sum of the values up to *rank*, which is a wanted rank or 0."""
        if not rank:
            return Decimal(0)
        found = self.at[rank]
        return found.sum_of_lower + (rank - found.lower) * found.value


@dataclass(frozen=True)
class _Bin:
    """A bin, and the totals of the bins before it."""

    bin: float
    lower: int
    sum_of_lower: Decimal


def distributions(rows: DataFrame, ranks: Mapping[str, Ranks]) -> dict[str, Distribution]:
    """
    The distribution of each column of *ranks*: numbers of at most two decimals; nulls are ignored.

    Runs two queries. The first counts a few thousand bins, which shows the bins that contain the wanted ranks; the
    second counts only the values of these bins. The driver receives counts.
    """
    bins = _counted_bins(rows, ranks)
    counts = {name: sum(row["values"] for row in found) for name, found in bins.items()}
    wanted = {
        name: _bins_of(bins[name], sorted({*of(counts[name])})) if counts[name] else {}
        for name, of in ranks.items()
    }
    found = _found(rows, wanted)
    return {
        name: Distribution(counts[name], sum((row["sum"] for row in bins[name]), Decimal(0)), found.get(name, {}))
        for name in ranks
    }


def _bin(value: Column) -> Column:
    """
    The *value* rounded to its leading bits, which keeps the order of values: Veltkamp's splitting of a double.

    Any monotone function gives an exact result, but logarithms and powers differ between machines.
    """
    value = value.cast("double")
    split = value * F.lit(_SPLITTER)
    return split - (split - value)


def _counted_bins(rows: DataFrame, names: Iterable[str]) -> dict[str, list[Row]]:
    """The bins of each column, the lowest first."""
    counted = [
        rows.where(F.col(name).isNotNull())
        .groupBy(F.lit(name).alias("name"), _bin(F.col(name)).alias("bin"))
        .agg(F.count("*").alias("values"), F.sum(F.col(name).cast(_VALUE)).alias("sum"))
        for name in names
    ]
    found: dict[str, list[Row]] = {name: [] for name in names}
    for row in reduce(DataFrame.unionByName, counted).collect():
        found[row["name"]].append(row)
    return {name: sorted(bins, key=lambda row: row["bin"]) for name, bins in found.items()}


def _bins_of(bins: Iterable[Row], ranks: Iterable[int]) -> dict[int, _Bin]:
    """The bin of each of the *ranks*; both are in ascending order."""
    found: dict[int, _Bin] = {}
    left = list(ranks)
    lower, sum_of_lower = 0, Decimal(0)
    for row in bins:
        while left and left[0] <= lower + row["values"]:
            found[left.pop(0)] = _Bin(row["bin"], lower, sum_of_lower)
        lower, sum_of_lower = lower + row["values"], sum_of_lower + row["sum"]
    return found


def _found(rows: DataFrame, wanted: Mapping[str, Mapping[int, _Bin]]) -> dict[str, dict[int, AtRank]]:
    """The values at each rank of *wanted*."""
    parts = [_values_at(rows, name, ranks) for name, ranks in wanted.items() if ranks]
    found: dict[str, dict[int, AtRank]] = {name: {} for name in wanted}
    for row in reduce(DataFrame.unionByName, parts).collect() if parts else ():
        for rank, bin_ in wanted[row["name"]].items():
            if row["bin"] == bin_.bin and row["lower"] < rank - bin_.lower <= row["lower"] + row["values"]:
                at = AtRank(row["value"], bin_.lower + row["lower"], bin_.sum_of_lower + row["sum_of_lower"])
                found[row["name"]][rank] = at
    return found


def _values_at(rows: DataFrame, name: str, ranks: Mapping[int, _Bin]) -> DataFrame:
    """The values at *ranks*, and the totals of lower values in the same bin."""
    in_bins = rows.select(F.col(name).cast(_VALUE).alias("value"), _bin(F.col(name)).alias("bin")).where(
        F.col("bin").isin(*{bin_.bin for bin_ in ranks.values()})
    )
    values = in_bins.groupBy("bin", "value").agg(F.count("*").alias("values"), F.sum("value").alias("sum"))
    up_to = Window.partitionBy("bin").orderBy("value")
    counted = values.select(
        F.lit(name).alias("name"), "bin", "value", "values",
        (F.sum("values").over(up_to) - F.col("values")).alias("lower"),
        (F.sum("sum").over(up_to) - F.col("sum")).alias("sum_of_lower"),
    )  # fmt: skip
    places = [
        (F.col("bin") == bin_.bin)
        & (F.col("lower") < rank - bin_.lower)
        & (F.col("lower") + F.col("values") >= rank - bin_.lower)
        for rank, bin_ in ranks.items()
    ]
    return counted.where(reduce(or_, places))
