"""Expressions have the values of Apache Spark without ANSI mode, by which they were first defined."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customer360.errors import Customer360Error
from customer360.own_data.language.bind import bound
from customer360.own_data.language.casts import cast
from customer360.own_data.language.functions import FUNCTIONS, OWN
from customer360.own_data.language.grammar import read
from customer360.own_data.language.types import STRING
from customer360.own_data.language.values import Rows, each
from tests.both_engines import NEEDS_SPARK
from tests.own_data.expressions_on_spark import Spark, on_spark
from tests.own_data.generated_expressions import COLUMNS, FORMS, ROWS, expression, leaves

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),  # Java takes long to start on a busy machine
    NEEDS_SPARK,
]
TIMES = int(os.environ.get("ATTACK_TIMES", "1"))
BEYOND = re.compile(r"[+-][0-9]{4,}-|0000-")
"""A date outside the years 1 to 9999, which is null here."""
BATCH = pa.RecordBatch.from_pylist([*ROWS])


@pytest.fixture(scope="module")
def spark_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spark]:
    with on_spark(tmp_path_factory.mktemp("spark"), ROWS) as spark:
        yield spark


def ours(text: str) -> list[str | None] | None:
    """The values as texts; None for what is refused."""
    try:
        values = bound("name", read("name", text, COLUMNS))
        made = cast(values.type, STRING)
        return each(STRING, made, values).of(Rows(BATCH)) if made else None
    except Customer360Error:
        return None


def differences(spark: Spark, expressions: Sequence[str]) -> list[str]:
    """The differences between Spark's values and ours; expressions that either of them refuses are skipped."""
    mine = {text: found for text in dict.fromkeys(expressions) if (found := ours(text)) is not None}
    of_spark = spark.values([*mine])
    return [
        f"{text} of {dict(row)} is {one!r}, and {other!r} for Spark"
        for text, theirs in of_spark.items()
        for place, (one, other, row) in enumerate(zip(mine[text], theirs, ROWS, strict=True))
        if one != other and not (one is None and other and _is_beyond(spark, text, place, other))
    ]


def _is_beyond(spark: Spark, text: str, place: int, value: str) -> bool:
    """Whether Spark's *value*, or an intermediate value in that row, is a date that is null here."""
    as_days = ("{}", "cast(({}) AS date)", "cast(({}) AS timestamp)")
    parts = [form.format(part) for part in _parts(text) for form in as_days]
    on_the_way = spark.values(parts).values() if parts and not BEYOND.match(value) else ()
    return any(BEYOND.match(found or "") for found in (value, *(values[place] for values in on_the_way)))


def _parts(text: str) -> list[str]:
    """The parts of *text* in brackets; Spark has no values for those that are not expressions."""
    opened, parts = [], []
    for place, sign in enumerate(text):
        if sign == "(":
            opened.append(place + 1)
        elif sign == ")" and opened:
            parts.append(text[opened.pop() : place])
    return parts


def test_every_form_has_the_values_of_spark(spark_elsewhere: Spark) -> None:
    """Each function, cast and operator, with several arguments and every dirty cell."""
    rng = Random(360)
    texts = [leaves(rng, form) for form in FORMS for _ in range(3 * TIMES)]

    called = {name for name in FUNCTIONS - OWN.keys() if any(f"{name}(" in form for form in FORMS)}
    assert FUNCTIONS - OWN.keys() - called == set()
    assert [form for form in FORMS if all(ours(leaves(rng, form)) is None for _ in range(20))] == []
    assert differences(spark_elsewhere, texts) == []


@settings(
    max_examples=25 * TIMES,
    derandomize=TIMES == 1,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(rng=st.randoms(use_true_random=False))
def test_nested_forms_have_the_values_of_spark(spark_elsewhere: Spark, rng: Random) -> None:
    """Nested calls agree on types, nulls and digits."""
    assert differences(spark_elsewhere, [expression(rng, depth=3) for _ in range(20)]) == []


def by_hand(name: str) -> Mapping[str, str]:
    """Our own functions, defined by Spark's."""
    from customer360.own_data.cells import NO_TEXT, NOTHING

    def words(texts: Sequence[str]) -> str:
        return ", ".join("'" + text.replace("\\", "\\\\") + "'" for text in texts)

    filled = f"CASE WHEN lower(trim({name})) NOT IN ({words(NOTHING)}) THEN trim({name}) END"
    return {
        f"filled({name})": filled,
        f"filled_text({name})": f"CASE WHEN trim({name}) NOT IN ({words(NO_TEXT)}) THEN trim({name}) END",
        f"hashed_id({name})": f"CASE WHEN {filled} IS NOT NULL THEN xxhash64({filled}) END",
    }


def test_our_own_functions_have_the_values_of_their_definitions(spark_elsewhere: Spark) -> None:
    """Customers keep their numbers regardless of the engine that assigned them."""
    for name in COLUMNS:
        for mine, theirs in by_hand(name).items():
            assert ours(mine) == spark_elsewhere.values([theirs])[theirs]
