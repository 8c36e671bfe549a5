"""A mapping may come from someone else: its expressions see only their row, no files, hosts or other tables."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer360.errors import Customer360Error
from customer360.own_data.evaluate import evaluated
from customer360.own_data.language.bind import bound
from customer360.own_data.language.casts import cast
from customer360.own_data.language.functions import ALLOWED
from customer360.own_data.language.grammar import read
from customer360.own_data.language.types import STRING
from customer360.own_data.language.values import Rows, each
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.raw_tables import spool_file
from tests.attacks.inputs import HOSTILE, TEXTS, Tried, attack
from tests.own_data.generated_expressions import CELLS
from tests.own_data.generated_expressions import expression as generated

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
    "as_of_date(1)", "upper()", "x[", "x..y", "1L", "CASE END",
)  # fmt: skip
WITHIN = {
    "upper(name)": "ADA", "UPPER ( Name )": "ADA", "concat(name, ' (', city, ')')": "ada (Bilbao)", r"regexp_replace(city, '\\s*(b)', '')": "Bilao", "trim(BOTH 'a' FROM name)": "d",
    "CASE WHEN trim(`a b`) <> '' THEN xxhash64(trim(`a b`)) END": "-3781657594407154599", "cast(x AS decimal(12,2))": "1.50", "x::int": "1", "extract(YEAR FROM day)": "2024",
    "x NOT IN ('a', 'b (c)')": "true", "if(x > 1, \"a\", 'b')": "b", "(x + y) * (x - 1) / 2": "0.875", "1 + 2 * 3 - 4 / 2": "5.0", r"r'\d' || x": r"\d1.5", "timestampadd(DAY, 1, day)": "2024-03-01 00:00:00",
    "substring(name FROM 1 FOR 2)": "ad", "CASE x WHEN 3 THEN (y) ELSE (z) END": "z", "- 1": "-1", "-1::string || - x": "-1-1.5", "- - 2147483648": "-2147483648", "x/y": "0.75", "''": "", "'it''s'": "it's", '"it\'s"': "it's", "trim(`select`)": "s", "(`a``b`)": "tick", "lower(`USER.id`)": "u",
    "name LIKE '%a'": "true", "x NOT BETWEEN 1 AND 2.5e3": "false", "NOT x IS NOT NULL": "false", "split(c, ',')[0]": "p", "date_add(day, 1)": "2024-03-01", "DATE '2024-01-01' - INTERVAL '1' DAY": "2023-12-31",
    "'reflect(1); -- /*'": "reflect(1); -- /*", "x IS DISTINCT FROM y": "true", "position('d' IN name)": "2", "filled_text(name) <=> y": "false", r"'\u0041\n\\\x'": "A\n\\x", "NOT NOT true": "true",
    "true OR false AND false": "true", "NOT false AND false": "false", "filled(filled(m)) IS NULL": "true", "hashed_id(filled(`a b`))": "-3781657594407154599", "x = 1 OR y = 2": "true", "1 < 2 = true": "true",
}  # fmt: skip
ROW = {
    "name": "ada", "city": "Bilbao", "x": "1.5", "y": "2", "z": "z", "m": " NULL ", "a": "a", "b": "b", "c": "p,q", "a b": " QUICK ", "a`b": "tick", "select": "s", "day": "2024-02-29", "user.id": "u",
}  # fmt: skip


def values(expression: str, rows: Sequence[Mapping[str, str | None]] = (ROW,)) -> list[str | None]:
    """The results of the expression as text for *rows*."""
    columns = {name: pa.array([row[name] for row in rows], pa.string()) for name in COLUMNS}
    with tempfile.TemporaryDirectory() as folder:
        pq.write_table(pa.table(columns), Path(folder, "rows.parquet"))
        with spool_file(Path(folder, "rows.parquet")) as raw:
            found, _ = evaluated(raw, ColumnMapping({"name": expression}))
            made = [row for batch in found.batches() for row in batch.to_pylist()]
    return [row["mapped:name"] for row in sorted(made, key=lambda row: row["source_line"])]


@pytest.mark.parametrize("expression", BEYOND)
def test_an_expression_that_reaches_beyond_its_row_is_refused(tried: Tried, expression: str) -> None:
    """No part of it is evaluated, for any row."""
    with pytest.raises(Customer360Error, match="the expression for name") as raised:
        bound("name", read("name", expression, COLUMNS))
    assert len(str(raised.value).splitlines()) == 1
    tried("refused")


@pytest.mark.parametrize(("expression", "value"), WITHIN.items())
def test_an_expression_of_the_row_has_its_value(expression: str, value: str) -> None:
    """With SQL precedence; column names in any letter case or in backticks."""
    assert values(expression) == [value]


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
def test_any_expression_is_refused_in_one_line_or_has_a_value(tried: Tried, expression: str) -> None:
    """No expression text ends in a Python error."""
    batch = pa.RecordBatch.from_pylist([ROW, dict.fromkeys(ROW)])
    line = ""
    try:
        found = bound("name", read("name", expression, COLUMNS)).of(Rows(batch))
    except Customer360Error as error:
        line, found = str(error), [None, None]

    assert len(line.splitlines()) < 2
    assert len(found) == 2
    tried("refused" if line else "values")


@attack(400)
@given(
    rng=st.randoms(use_true_random=False), cells=st.lists(TEXTS | st.sampled_from(CELLS), min_size=3, max_size=3)
)
def test_no_cell_breaks_an_expression(tried: Tried, rng: Random, cells: list[str]) -> None:
    """For any cell, every function returns a value or null, which can be encoded as UTF-8."""
    row = {name: (cell or "").encode("utf-8", "replace").decode() for name, cell in zip("xyz", cells, strict=True)}
    batch = pa.RecordBatch.from_pylist([row])
    for _ in range(10):
        try:
            values = bound("name", read("name", generated(rng, depth=2), row))
        except Customer360Error:
            continue
        made = cast(values.type, STRING)
        assert made
        pa.array(each(STRING, made, values).of(Rows(batch)), pa.string()).validate(full=True)
        tried("value")


@pytest.mark.parametrize(
    "expression",
    ["(" * 60 + "x" + ")" * 60, "x" + " + 1" * 5_000, "-" * 1 + " -" * 5_000 + "1", "NOT " * 5_000 + "true", "x" + "[0]" * 5_000, "x" + "::int" * 5_000,
     "CASE " * 60 + "1" + " END" * 60, "lower(" * 5_000 + "x" + ")" * 5_000, "9" * 5_000, "." + "9" * 5_000, "9" * 39, "cast(x AS decimal(" + "9" * 5_000 + "))"],
)  # fmt: skip
def test_deep_nesting_is_refused_in_one_line(tried: Tried, expression: str) -> None:
    """Python's stack is limited."""
    with pytest.raises(Customer360Error, match="at most") as raised:
        bound("name", read("name", expression, COLUMNS))
    assert len(str(raised.value)) < 400
    tried("refused")


def test_long_conditions_and_lists_are_evaluated() -> None:
    """A list of statuses may be long."""
    many = " OR ".join(f"x = '{number}'" for number in range(2_000))
    listed = ", ".join(f"'{number}'" for number in range(2_000))
    assert values(f"({many}) OR x IN ({listed}) OR x = 1") == ["true"]


@pytest.mark.parametrize(
    "form", ["replace({}, 'a', 'aaaaaaaaaa')", "regexp_replace({}, 'a', 'aaaaaaaaaa')", "concat_ws('aaaaaaaaaa', split({}, ''))",
             "array_join(split({}, ''), 'aaaaaaaaaa')", "lpad({}, 2147483647, 'a')"],
)  # fmt: skip
def test_a_cell_cannot_exhaust_the_memory(tried: Tried, form: str) -> None:
    """Growing tenfold twenty times would exceed all memory; no real text is that long."""
    expression = "name"
    for _ in range(20):
        expression = form.format(expression)
    (value,) = values(expression)
    assert len(value or "") <= 1 << 20
    tried("short")


def test_a_forbidden_function_is_named_with_the_nearest_allowed_one() -> None:
    """In one line."""
    with pytest.raises(Customer360Error) as raised:
        read("city", "uper(name)", COLUMNS)

    assert str(raised.value) == (
        "the expression for city calls uper(), which is not allowed; the nearest allowed function is upper(), and "
        "docs/own-data.md lists them all"
    )


def test_no_function_is_in_two_kinds() -> None:
    """The documentation lists each one once."""
    names = [name for kind in ALLOWED.values() for name in kind]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("reflect('java.lang.System', 'getenv', 'HOME')", "calls reflect(), which is not allowed"),
        ("(SELECT 'a')", "syntax error at ^ in the expression for name: (^SELECT 'a')"),
        ("uper(name)", "the nearest allowed function is upper()"),
        (
            "xpath_string('<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>', 'a')",
            "calls xpath_string()",
        ),
        (
            "regexp_replace(name, '(', '')",
            "'(' is not a regular expression that Java and Python read the same way",
        ),
        *((word, "") for word in HOSTILE[:45] if word.strip() and word.isprintable()),
    ],
)
def test_a_hostile_expression_ends_in_one_line_or_in_text(
    tmp_path: Path, tried: Tried, expression: str, said: str
) -> None:
    """No contents of this machine's files get into the data."""
    path = tmp_path / "members.csv"
    path.write_text("id,name\n1,Ada\n")
    line = ""
    with spool_file(path) as raw:
        try:
            found, _ = evaluated(raw, ColumnMapping({"customer_id": "id", "name": expression}))
            made = pq.read_table(found.folder).to_pylist()
        except Customer360Error as error:
            line, made = str(error), []

    assert said in line
    assert "root:" not in str(made)
    tried("refused" if line else "text")
