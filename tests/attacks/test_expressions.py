"""A mapping may come from someone else: its expressions see their own row, and neither Java, files nor other tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.errors import ParseException
from pyspark.sql import SparkSession

from customer360.errors import Customer360Error
from customer360.own_data.expressions import evaluated
from customer360.own_data.mapping import CustomerMapping
from customer360.own_data.row_only import CALLABLE, require_row_only
from customer360.own_data.sources import file_source
from tests.attacks.inputs import HOSTILE, Tried, attack

BEYOND = (
    "reflect('java.lang.System', 'getenv', 'HOME')", "REFLECT ('a')", "try_reflect('a')", "`reflect`('a')", "java_method('java.lang.System', 'exit', 1)",
    "builtin.reflect('a')", "system.builtin.reflect('a')", "`system`.`builtin`.`java_method`('a')", "reflect/**/('a')", "reflect--\n('a')",
    "IDENTIFIER('re' || 'flect')('a')", "(SELECT max(id) FROM range(3))", "(FROM range(3))", "EXISTS (TABLE customers)", "name IN (SELECT 'a')",
    "(WITH t AS (SELECT 1) SELECT * FROM t)", "(VALUES 'a')", "(MAP name USING 'cat' FROM (SELECT 1 AS name))", "( /**/ select 1)", "((\n table t))",
    "input_file_name()", "explode(array(1, 2))", "stack(2, 1, 2)", "row_number() OVER (ORDER BY name)", "secret('scope', 'key')", "read_files('/etc/passwd')",
    "raise_error('x')", "collations()", "name; SELECT 1", "$$reflect('a')$$", "from_protobuf(name, 'a', '/etc/passwd')",
)  # fmt: skip
WITHIN = (
    "upper(name)", "concat(name, ' (', city, ')')", "CASE WHEN trim(`a b`) <> '' THEN xxhash64(trim(`a b`)) END", "make_date(`y`, `m`, 1)",
    "coalesce(trim(`x`), '') = ''", "cast(x AS decimal(12,2))", r"regexp_replace(x, '\\s+(select)', '')", "x::int", "trim(BOTH ' ' FROM x)",
    "extract(year FROM x)", "x NOT IN ('a', 'b (c)')", "if(x > 1, \"a\", 'b')", "to_date(x, 'dd.MM.yyyy')", "transform(split(x, ','), v -> v)[0]",
    "(a + b) * (c - 1) / 2", r"r'\d' || x", "timestampadd(DAY, 1, x)", "substring(x FROM 1 FOR 2)", "CASE WHEN (x) THEN (y) ELSE (z) END",
    "- 1", "-x", "a/b", "''", "'it''s'", "`select`", "`a``b`", "x LIKE '%a'",
)  # fmt: skip


@pytest.mark.parametrize("expression", BEYOND)
def test_what_reaches_beyond_the_row_is_refused_before_spark_sees_it(tried: Tried, expression: str) -> None:
    """Even to look at `reflect` Spark loads the class."""
    with pytest.raises(Customer360Error, match="the mapping of name"):
        require_row_only("name", expression)
    tried("refused")


@pytest.mark.parametrize("expression", WITHIN)
def test_what_is_made_of_the_row_is_taken(expression: str) -> None:
    """Words of SQL in text and in backticks are only words."""
    require_row_only("name", expression)


PIECES = [
    "'", '"', "`", "\\", "r'", 'R"', "--", "/*", "*/", "+/", "(", ")", " ", "\n", "||", "x", "é", "$$", "''", "\\'", "{", "1", "12r'", ":", "?",
    "reflect", "reflect(", "('java.lang.Math', 'abs', 1)", "select 1", "(select 1)", "values", "from t", "upper(", "N'", "x'", "identifier('reflect')",
]  # fmt: skip


@attack(1_500)
@given(expression=st.lists(st.sampled_from(PIECES) | st.sampled_from(BEYOND), max_size=7).map("".join))
def test_what_we_take_is_harmless_to_sparks_own_parser(spark: SparkSession, tried: Tried, expression: str) -> None:
    """Quotes, comments and escapes cut by us as Spark cuts them: nothing hides in what we believe to be text."""
    try:
        require_row_only("name", expression)
    except Customer360Error:
        tried("refused")
        return
    found = parsed(spark, expression)
    assert found is None or not {node for node in nodes(found) if "Subquery" in node or "Identifier" in node}
    assert found is None or called(found) <= CALLABLE
    tried("no SQL" if found is None else "harmless")


def parsed(spark: SparkSession, expression: str) -> Any:
    """Spark's own tree of the expression, or None when it is none."""
    try:
        return spark._jsparkSession.sessionState().sqlParser().parseExpression(expression)  # type: ignore[attr-defined]
    except ParseException:
        return None


def nodes(tree: Any) -> set[str]:
    names = {tree.getClass().getSimpleName()}
    for place in range(tree.children().size()):
        names |= nodes(tree.children().apply(place))
    return names


def called(tree: Any) -> set[str]:
    names = {tree.nameParts().last().lower()} if tree.getClass().getSimpleName() == "UnresolvedFunction" else set()
    for place in range(tree.children().size()):
        names |= called(tree.children().apply(place))
    return names


def test_every_function_of_spark_that_is_about_more_than_values_is_known(spark: SparkSession) -> None:
    """A newer Spark may bring another way to Java or to files: then somebody has to look at it, and list it here."""
    registry = spark._jsparkSession.sessionState().functionRegistry()  # type: ignore[attr-defined]
    listed = registry.listFunction()
    infos = [registry.lookupFunction(listed.apply(place)).get() for place in range(listed.size())]
    various = {
        info.getName()
        for info in infos
        if info.getGroup() in {"misc_funcs", "generator_funcs", "protobuf_funcs", "avro_funcs"}
    }

    assert various & CALLABLE <= {
        "aes_decrypt", "aes_encrypt", "bitmap_bit_position", "bitmap_bucket_number", "bitmap_count", "current_catalog", "current_database",
        "current_path", "current_schema", "current_user", "hmac", "monotonically_increasing_id", "session_user", "spark_partition_id",
        "try_aes_decrypt", "typeof", "user", "uuid", "version",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("reflect('java.lang.System', 'getenv', 'HOME')", "calls reflect(), which reaches beyond its row"),
        ("(SELECT 'a')", "uses 'SELECT', which reaches beyond its row"),
        ("uper(name)", "no function `uper` that is known to keep to its row. Did you mean 'upper'?"),
        ("xpath_string('<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>', 'a')", ""),
        ("regexp_replace(name, '(', '')", "the mapping cannot be evaluated"),
        *((word, "") for word in HOSTILE[:45] if word.strip() and word.isprintable()),
    ],
)
def test_a_hostile_expression_ends_in_one_line_or_in_text(
    spark: SparkSession, tmp_path: Path, tried: Tried, expression: str, said: str
) -> None:
    """Nothing of this machine's files comes into the data."""
    path = tmp_path / "members.csv"
    path.write_text("id,name\n1,Ada\n")
    line = ""
    with file_source(path) as source:
        try:
            found, _ = evaluated(source, CustomerMapping({"customer_id": "id", "name": expression}), spark)
            made = pq.read_table(found.folder).to_pylist()
        except Customer360Error as error:
            line, made = str(error), []

    assert said in line
    assert "root:" not in str(made)
    tried("refused" if line else "text")
