"""A mapping may come from someone else: its expressions see their own row, and neither Java, files, hosts nor other tables."""

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
from customer360.own_data.functions import ALLOWED, FUNCTIONS, OWN
from customer360.own_data.mapping import CustomerMapping
from customer360.own_data.row_only import row_only
from customer360.own_data.sources import file_source
from tests.attacks.inputs import HOSTILE, Tried, attack

COLUMNS = ("name", "city", "x", "y", "z", "m", "a", "b", "c", "a b", "a`b", "select", "day", "user.id")

BEYOND = (
    "reflect('java.lang.System', 'getenv', 'HOME')", "REFLECT ('a')", "try_reflect('a')", "`reflect`('a')", "java_method('java.lang.System', 'exit', 1)",
    "builtin.reflect('a')", "system.builtin.reflect('a')", "`system`.`builtin`.`java_method`('a')", "reflect/**/('a')", "reflect--\n('a')",
    "IDENTIFIER('re' || 'flect')('a')", "IDENTIFIER('name')", "(SELECT max(id) FROM range(3))", "(FROM range(3))", "EXISTS (TABLE customers)", "name IN (SELECT 'a')",
    "(WITH t AS (SELECT 1) SELECT * FROM t)", "(VALUES 'a')", "(MAP name USING 'cat' FROM (SELECT 1 AS name))", "( /**/ select 1)", "((\n table t))",
    "name IN (TABLE customers)", "name IN (FROM range(3))", "FROM range(3) |> SELECT id", "name |> reflect('a')",
    "input_file_name()", "explode(array(1, 2))", "stack(2, 1, 2)", "row_number() OVER (ORDER BY name)", "upper(name) OVER ()", "secret('scope', 'key')", "read_files('/etc/passwd')",
    "raise_error('x')", "collations()", "name; SELECT 1", "$$reflect('a')$$", "from_protobuf(name, 'a', '/etc/passwd')",
    "xpath_string(concat('<!DOCTYPE a SYSTEM \"http://127.0.0.1/', name, '\"><a>1</a>'), 'a')", "xpath(name, 'a')", "from_xml(name, 'b string', map('rowValidationXSDPath', '/etc/passwd'))",
    "schema_of_xml(name)", "from_json(name, 'a int', map('a', 'b'))", "from_csv(name, 'a int')", "name::xml", "name::variant", "name:a.b", "cast(name AS array<string>)",
    "cast(name AS timestamp) AT TIME ZONE 'x'", "ai_query('model', name)", "http_request(name)", "read_kafka(name)", "current_user()", "current_user", "user", "session_user", "current_date",
    "current_timestamp()", "now()", "localtimestamp", "rand()", "uuid()", "shuffle(array(1))", "unix_timestamp()", "version()", "current_database()", "monotonically_increasing_id()",
    "DATE 'now'", "TIMESTAMP 'tomorrow'", "transform(split(x, ','), v -> v)[0]", "aggregate(array(1), 0, (s, v) -> s + v)", "count(*)", "count(DISTINCT name)", "sum(x) FILTER (WHERE x > 1)",
    "lower(string => name)", "lower(*)", "*", "x AS reflect", "x y", ":x", "?", "{{x}}", "${x}", "{x}", "SET x = 1", "U&'\\0041'", "'a' 'b'", "'\\'' || reflect('a') || '\\''", "'a' -- '",
    "name.reflect('a')", "user.id", "x & 1", "~x", "x COLLATE UTF8_LCASE", "\u0072eflect('a')", "repeat(name, 1000000000)", "sequence(1, 1000000000)", "(name, city)", "()", "", " ",
    "filled(filled(x))", "hashed_id(filled(x))", "as_of_date(1)", "upper()", "x[", "x..y", "1L", "CASE END",
)  # fmt: skip
OPERATORS = {"between", "||"}
"""Which Spark takes for functions."""
WITHIN = {
    "upper(name)": "upper(`name`)", "UPPER ( Name )": "upper(`name`)", "concat(name, ' (', city, ')')": "concat(`name`, ' (', `city`, ')')",
    "CASE WHEN trim(`a b`) <> '' THEN xxhash64(trim(`a b`)) END": "CASE WHEN trim(`a b`) <> '' THEN xxhash64(trim(`a b`)) END",
    "coalesce(trim(`x`), '') = ''": "coalesce(trim(`x`), '') = ''", "cast(x AS decimal(12,2))": "cast(`x` AS DECIMAL(12,2))", "x::int": "`x`::INT",
    r"regexp_replace(x, '\\s+(select)', '')": r"regexp_replace(`x`, '\\s+(select)', '')", "trim(BOTH ' ' FROM x)": "trim(BOTH ' ' FROM `x`)",
    "extract(year FROM x)": "extract(YEAR FROM `x`)", "x NOT IN ('a', 'b (c)')": "`x` NOT IN ('a', 'b (c)')", "if(x > 1, \"a\", 'b')": "if(`x` > 1, 'a', 'b')",
    "(a + b) * (c - 1) / 2": "(`a` + `b`) * (`c` - 1) / 2", r"r'\d' || x": r"'\\d' || `x`", "timestampadd(DAY, 1, x)": "timestampadd(DAY, 1, `x`)",
    "substring(x FROM 1 FOR 2)": "substring(`x` FROM 1 FOR 2)", "CASE x WHEN 1 THEN (y) ELSE (z) END": "CASE `x` WHEN 1 THEN (`y`) ELSE (`z`) END",
    "- 1": "- 1", "a/b": "`a` / `b`", "''": "''", "'it''s'": "'it''s'", '"it\'s"': "'it''s'", "`select`": "`select`", "`a``b`": "`a``b`", "`USER.id`": "`user.id`",
    "x LIKE '%a'": "`x` LIKE '%a'", "x NOT BETWEEN 1 AND 2.5e3": "`x` NOT BETWEEN 1 AND 2.5e3", "NOT x IS NOT NULL": "NOT `x` IS NOT NULL", "split(x, ',')[0]": "split(`x`, ',')[0]",
    "date_add(day, 1)": "date_add(`day`, 1)", "DATE '2024-01-01' - INTERVAL '1' DAY": "DATE '2024-01-01' - INTERVAL '1' DAY", "'reflect(1); -- /*'": "'reflect(1); -- /*'",
    "x IS DISTINCT FROM y": "`x` IS DISTINCT FROM `y`", "position('a' IN x)": "position('a' IN `x`)", "filled_text(x) <=> y": (
        r"CASE WHEN trim(`x`) NOT IN ('', '\\N', 'NULL', 'null', '(null)', '<NA>', '#N/A', 'N/A', 'n/a', 'NaN') THEN trim(`x`) END <=> `y`"
    ),
}  # fmt: skip


@pytest.mark.parametrize("expression", BEYOND)
def test_what_reaches_beyond_the_row_is_refused_before_an_engine_sees_it(tried: Tried, expression: str) -> None:
    """Even to look at `reflect` Spark loads the class."""
    with pytest.raises(Customer360Error, match="the mapping of name") as raised:
        row_only("name", expression, COLUMNS)
    assert len(str(raised.value).splitlines()) == 1
    tried("refused")


@pytest.mark.parametrize(("expression", "sql"), WITHIN.items())
def test_what_is_made_of_the_row_is_written_out_as_it_was_read(expression: str, sql: str) -> None:
    """Columns in backticks, texts in single quotes: every engine reads the same."""
    assert row_only("name", expression, COLUMNS) == sql
    assert row_only("name", sql, COLUMNS) == sql


PIECES = [
    "'", '"', "`", "\\", "r'", 'R"', "--", "/*", "*/", "+/", "(", ")", " ", "\n", "||", "x", "é", "$$", "''", "\\'", "{", "1", "12r'", ":", "?",
    "reflect", "reflect(", "('java.lang.Math', 'abs', 1)", "select 1", "(select 1)", "values", "from t", "upper(", "N'", "x'", "identifier('reflect')",
    ",", "[", "]", "x[1]", "::int", "::xml", "=", ">", ".", "'a'", "in (", "case when ", " then ", " end", "cast(", " as int)", "filled(x)", "date ", "\u00a0", "\u212a",
]  # fmt: skip


@attack(1_500)
@given(
    expression=st.lists(
        st.sampled_from(PIECES) | st.sampled_from(BEYOND) | st.sampled_from([*WITHIN]), max_size=7
    ).map("".join)
)
def test_what_we_take_is_harmless_to_sparks_own_parser(spark: SparkSession, tried: Tried, expression: str) -> None:
    """Quotes, comments and escapes cut by us as Spark cuts them: nothing hides in what we believe to be text."""
    try:
        sql = row_only("name", expression, COLUMNS)
    except Customer360Error:
        tried("refused")
        return
    found = parsed(spark, sql)
    assert found is None or not {
        node
        for node in nodes(found)
        if any(word in node for word in ("Subquery", "Identifier", "Lambda", "Window"))
    }
    assert found is None or called(found) <= FUNCTIONS | OPERATORS
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


EXAMPLES = {
    "ascii": "ascii(x)", "btrim": "btrim(x)", "char_length": "char_length(x)", "character_length": "character_length(x)", "chr": "chr(65)", "concat": "concat(x, 'a')",
    "concat_ws": "concat_ws(' ', x, y)", "contains": "contains(x, 'a')", "endswith": "endswith(x, 'a')", "find_in_set": "find_in_set(x, 'a,b')", "initcap": "initcap(x)",
    "instr": "instr(x, 'a')", "lcase": "lcase(x)", "left": "left(x, 2)", "length": "length(x)", "levenshtein": "levenshtein(x, 'a')", "locate": "locate('a', x)",
    "lower": "lower(x)", "lpad": "lpad(x, 5, '0')", "ltrim": "ltrim(x)", "overlay": "overlay(x, 'a', 1)", "position": "position('a', x)", "regexp_count": "regexp_count(x, 'a')",
    "regexp_extract": "regexp_extract(x, '(a)', 1)", "regexp_instr": "regexp_instr(x, 'a')", "regexp_like": "regexp_like(x, 'a')", "regexp_replace": "regexp_replace(x, 'a', 'b')",
    "regexp_substr": "regexp_substr(x, 'a')", "replace": "replace(x, 'a', 'b')", "reverse": "reverse(x)", "right": "right(x, 2)", "rpad": "rpad(x, 5, '0')", "rtrim": "rtrim(x)",
    "soundex": "soundex(x)", "split_part": "split_part(x, ',', 1)", "startswith": "startswith(x, 'a')", "substr": "substr(x, 1, 2)", "substring": "substring(x, 1, 2)",
    "substring_index": "substring_index(x, ',', 1)", "translate": "translate(x, 'a', 'b')", "trim": "trim(x)", "ucase": "ucase(x)", "upper": "upper(x)",
    "abs": "abs(x)", "bround": "bround(2.5)", "ceil": "ceil(x)", "ceiling": "ceiling(x)", "exp": "exp(x)", "floor": "floor(x)", "greatest": "greatest(1, 2)", "least": "least(1, 2)",
    "ln": "ln(x)", "log": "log(2, x)", "log10": "log10(x)", "log2": "log2(x)", "mod": "mod(5, 2)", "negative": "negative(x)", "pmod": "pmod(5, 2)", "positive": "positive(x)",
    "pow": "pow(x, 2)", "power": "power(x, 2)", "round": "round(x, 2)", "sign": "sign(x)", "signum": "signum(x)", "sqrt": "sqrt(x)", "try_add": "try_add(1, 2)",
    "try_divide": "try_divide(1, 0)", "try_multiply": "try_multiply(2, 3)", "try_subtract": "try_subtract(2, 3)",
    "add_months": "add_months(x, 1)", "date_add": "date_add(x, 1)", "date_diff": "date_diff(x, y)", "date_format": "date_format(x, 'yyyy')", "date_from_unix_date": "date_from_unix_date(1)",
    "date_part": "date_part('year', x::date)", "date_sub": "date_sub(x, 1)", "date_trunc": "date_trunc('month', x)", "dateadd": "dateadd(x, 1)", "datediff": "datediff(x, y)",
    "datepart": "datepart('year', x::date)", "day": "day(x)", "dayofmonth": "dayofmonth(x)", "dayofweek": "dayofweek(x)", "dayofyear": "dayofyear(x)", "extract": "extract(YEAR FROM x::date)",
    "from_unixtime": "from_unixtime(1)", "from_utc_timestamp": "from_utc_timestamp(x, 'UTC')", "hour": "hour(x)", "last_day": "last_day(x)", "make_date": "make_date(2024, 2, 1)",
    "make_timestamp": "make_timestamp(2024, 2, 1, 1, 1, 1)", "minute": "minute(x)", "month": "month(x)", "months_between": "months_between(x, y)", "next_day": "next_day(x, 'MON')",
    "quarter": "quarter(x)", "second": "second(x)", "timestamp_micros": "timestamp_micros(1)", "timestamp_millis": "timestamp_millis(1)", "timestamp_seconds": "timestamp_seconds(1)",
    "timestampadd": "timestampadd(DAY, 1, x::timestamp)", "timestampdiff": "timestampdiff(DAY, x::timestamp, y::timestamp)", "to_date": "to_date(x, 'dd.MM.yyyy')", "to_timestamp": "to_timestamp(x)",
    "to_unix_timestamp": "to_unix_timestamp(x)", "to_utc_timestamp": "to_utc_timestamp(x, 'UTC')", "trunc": "trunc(x, 'month')", "try_to_timestamp": "try_to_timestamp(x)",
    "unix_date": "unix_date(x::date)", "unix_timestamp": "unix_timestamp(x)", "weekday": "weekday(x)", "weekofyear": "weekofyear(x)", "year": "year(x)",
    "bigint": "bigint(x)", "boolean": "boolean(x)", "cast": "cast(x AS int)", "coalesce": "coalesce(x, y)", "date": "date(x)", "decimal": "decimal(x)", "double": "double(x)", "float": "float(x)",
    "if": "if(true, x, y)", "ifnull": "ifnull(x, y)", "int": "int(x)", "isnotnull": "isnotnull(x)", "isnull": "isnull(x)", "nullif": "nullif(x, y)", "nvl": "nvl(x, y)",
    "nvl2": "nvl2(x, y, 'a')", "smallint": "smallint(x)", "string": "string(x)", "timestamp": "timestamp(x)", "try_cast": "try_cast(x AS int)",
    "array": "array(x, y)[0]", "array_contains": "array_contains(array(x), 'a')", "array_join": "array_join(array(x), ',')", "array_max": "array_max(array(x))", "array_min": "array_min(array(x))",
    "array_position": "array_position(array(x), 'a')", "cardinality": "cardinality(array(x))", "element_at": "element_at(map('a', 'b'), x)", "get_json_object": "get_json_object(x, '$.a')",
    "map": "map('a', 'b')[x]", "size": "size(array(x))", "slice": "slice(array(x), 1, 1)[0]", "sort_array": "sort_array(array(x))[0]", "split": "split(x, ',')[0]",
    "try_element_at": "try_element_at(map('a', 'b'), x)", "crc32": "crc32(x)", "md5": "md5(x)", "sha": "sha(x)", "sha1": "sha1(x)", "sha2": "sha2(x, 256)", "xxhash64": "xxhash64(x)",
    "filled": "filled(x)", "filled_text": "filled_text(x)", "hashed_id": "hashed_id(x)", "as_of_date": "as_of_date()",
}  # fmt: skip


def test_every_function_that_is_allowed_has_an_example_and_works(spark: SparkSession, tmp_path: Path) -> None:
    """All of them in one evaluation; where a cell is not what they expect they give null."""
    assert set(EXAMPLES) == FUNCTIONS
    (tmp_path / "a.csv").write_text("x,y\n2024-02-29,2024-01-01\n1.5,a\n,NULL\n")
    mapping = CustomerMapping(EXAMPLES)
    with file_source(tmp_path / "a.csv") as source:
        found, _ = evaluated(source, mapping, spark)
        rows = pq.read_table(found.folder).to_pylist()

    assert [rows[0][f"mapped:{name}"] for name in ("upper", "year", "round", "filled", "as_of_date")] == [
        "2024-02-29", "2024", None, "2024-02-29", "9999-12-31",
    ]  # fmt: skip
    assert [row["mapped:hashed_id"] is None for row in rows] == [False, False, True]


def test_every_other_function_that_spark_has_is_refused(spark: SparkSession, tried: Tried) -> None:
    """A newer Spark may bring another way to Java, to files or to a host."""
    known = {function.name.lower() for function in spark.catalog.listFunctions()}
    others = {name for name in known - FUNCTIONS if name.isidentifier()} - {"not"}  # NOT (x) is an operator

    assert len(others) > 300
    assert {
        "reflect",
        "xpath_string",
        "from_xml",
        "schema_of_xml",
        "current_user",
        "input_file_name",
        "uuid",
    } <= others
    assert {name for name in FUNCTIONS - OWN.keys() if name not in known} <= {"cast", "extract", "try_cast"} | {
        "timestampadd", "timestampdiff",
    }  # fmt: skip
    for name in others:
        for call in (f"{name}(x)", f"{name}()", f"upper({name} (x, y))"):
            with pytest.raises(Customer360Error, match="the mapping of name"):
                row_only("name", call, ["x", "y"])
            tried("refused")


def test_a_function_that_is_not_allowed_is_named_with_the_nearest_that_is() -> None:
    """In one line, before anything is evaluated."""
    with pytest.raises(Customer360Error) as raised:
        row_only("city", "uper(name)", COLUMNS)

    assert str(raised.value) == (
        "the mapping of city calls uper(), which a mapping may not call; the nearest function that it may call is "
        "upper(); docs/own-data.md lists them all"
    )


def test_no_function_stands_in_two_kinds() -> None:
    """The documentation lists each once."""
    names = [name for kind in ALLOWED.values() for name in kind]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("reflect('java.lang.System', 'getenv', 'HOME')", "calls reflect(), which a mapping may not call"),
        ("(SELECT 'a')", "does not parse at ^ in (^SELECT 'a')"),
        ("uper(name)", "the nearest function that it may call is upper()"),
        (
            "xpath_string('<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>', 'a')",
            "calls xpath_string()",
        ),
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
