"""The values of expressions, cell by cell: those of Apache Spark without ANSI mode, as literals."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pytest

from customer360.errors import Customer360Error
from customer360.own_data.language.bind import bound
from customer360.own_data.language.casts import cast, java_text, moment
from customer360.own_data.language.grammar import read
from customer360.own_data.language.patterns import regex
from customer360.own_data.language.types import STRING
from customer360.own_data.language.values import Rows, each

CELLS = ("2024-02-29", "1.5", "", "  12 ", "Éa ß", "-7")
VALUES = {
    "x = decimal('2')": ("boolean", None, "true", None, "false", None, "false"),
    "- cast(x || y AS decimal(38,18))": ("decimal(38,18)", None, "-1.530000000000000000", "-3.000000000000000000", None, None, "73.000000000000000000"),
    "ascii(x)": ("int", "50", "49", "0", "32", "201", "45"),
    "btrim(x)": ("string", "2024-02-29", "1.5", "", "12", "Éa ß", "-7"),
    "concat(x, 'a')": ("string", "2024-02-29a", "1.5a", "a", "  12 a", "Éa ßa", "-7a"),
    "concat_ws(' ', x, y)": ("string", "2024-02-29 3", "1.5 3", " 3", "  12  3", "Éa ß 3", "-7 3"),
    "contains(x, 'a')": ("boolean", "false", "false", "false", "false", "true", "false"),
    "initcap(x)": ("string", "2024-02-29", "1.5", "", "  12 ", "Éa Ss", "-7"),
    "left(x, 2)": ("string", "20", "1.", "", "  ", "Éa", "-7"),
    "length(x)": ("int", "10", "3", "0", "5", "4", "2"),
    "levenshtein(x, 'a')": ("int", "10", "3", "1", "5", "3", "2"),
    "lower(x)": ("string", "2024-02-29", "1.5", "", "  12 ", "éa ß", "-7"),
    "lpad(x, 5, '0')": ("string", "2024-", "001.5", "00000", "  12 ", "0Éa ß", "000-7"),
    "overlay(x, 'a', 1)": ("string", "a024-02-29", "a.5", "a", "a 12 ", "aa ß", "a7"),
    "regexp_like(x, 'a')": ("boolean", "false", "false", "false", "false", "true", "false"),
    "regexp_replace(x, 'a', 'b')": ("string", "2024-02-29", "1.5", "", "  12 ", "Éb ß", "-7"),
    "replace(x, 'a', 'b')": ("string", "2024-02-29", "1.5", "", "  12 ", "Éb ß", "-7"),
    "reverse(x)": ("string", "92-20-4202", "5.1", "", " 21  ", "ß aÉ", "7-"),
    "right(x, 2)": ("string", "29", ".5", "", "2 ", " ß", "-7"),
    "rpad(x, 5, '0')": ("string", "2024-", "1.500", "00000", "  12 ", "Éa ß0", "-7000"),
    "soundex(x)": ("string", "2024-02-29", "1.5", "", "  12 ", "Éa ß", "-7"),
    "split_part(x, ',', 1)": ("string", "2024-02-29", "1.5", "", "  12 ", "Éa ß", "-7"),
    "substring(x, 1, 2)": ("string", "20", "1.", "", "  ", "Éa", "-7"),
    "substring_index(x, ',', 1)": ("string", "2024-02-29", "1.5", "", "  12 ", "Éa ß", "-7"),
    "translate(x, 'a', 'b')": ("string", "2024-02-29", "1.5", "", "  12 ", "Éb ß", "-7"),
    "trim(x)": ("string", "2024-02-29", "1.5", "", "12", "Éa ß", "-7"),
    "upper(x)": ("string", "2024-02-29", "1.5", "", "  12 ", "ÉA SS", "-7"),
    "to_unix_timestamp(timestamp_millis(cast(x AS int)))": ("bigint", None, "0", None, "0", None, "0"),
    "abs(x)": ("double", None, "1.5", None, "12.0", None, "7.0"),
    "ceil(x)": ("bigint", None, "2", None, "12", None, "-7"),
    "floor(x)": ("bigint", None, "1", None, "12", None, "-7"),
    "positive(x)": ("double", None, "1.5", None, "12.0", None, "-7.0"),
    "round(x, 2)": ("double", None, "1.5", None, "12.0", None, "-7.0"),
    "sign(x)": ("double", None, "1.0", None, "1.0", None, "-1.0"),
    "sqrt(x)": ("double", None, "1.224744871391589", None, "3.4641016151377544", None, "NaN"),
    "cast(x AS INT)": ("int", None, "1", None, "12", None, "-7"),
    "coalesce(x, y)": ("string", "2024-02-29", "1.5", "", "  12 ", "Éa ß", "-7"),
    "decimal(x)": ("decimal(10,0)", None, "2", None, "12", None, "-7"),
    "float(x)": ("float", None, "1.5", None, "12.0", None, "-7.0"),
    "if(TRUE, x, y)": ("string", "2024-02-29", "1.5", "", "  12 ", "Éa ß", "-7"),
    "int(x)": ("int", None, "1", None, "12", None, "-7"),
    "nullif(x, y)": ("string", "2024-02-29", "1.5", "", "  12 ", "Éa ß", "-7"),
    "string(x)": ("string", "2024-02-29", "1.5", "", "  12 ", "Éa ß", "-7"),
    "try_cast(x AS INT)": ("int", None, None, None, "12", None, "-7"),
    "array(x, y)[0]": ("string", "2024-02-29", "1.5", "", "  12 ", "Éa ß", "-7"),
    "array_join(array(x), ',')": ("string", "2024-02-29", "1.5", "", "  12 ", "Éa ß", "-7"),
    "array_max(array(x))": ("string", "2024-02-29", "1.5", "", "  12 ", "Éa ß", "-7"),
    "array_min(array(x))": ("string", "2024-02-29", "1.5", "", "  12 ", "Éa ß", "-7"),
    "slice(array(x), 1, 1)[0]": ("string", "2024-02-29", "1.5", "", "  12 ", "Éa ß", "-7"),
    "sort_array(array(x))[0]": ("string", "2024-02-29", "1.5", "", "  12 ", "Éa ß", "-7"),
    "split(x, ',')[0]": ("string", "2024-02-29", "1.5", "", "  12 ", "Éa ß", "-7"),
    "md5(x)": ("string", "d8ee23aa5ffa8f08568918e00a31d3ff", "6008647277c4454cecd97d33c069f0ca", "d41d8cd98f00b204e9800998ecf8427e", "e2d1130a8588ba10be78e938630581fd", "322f77a61d4caa85aa4c9edd09bc5bc5", "74687a12d3915d3c4d83f1af7b3683d5"),
    "sha1(x)": ("string", "d41f4a93da21f70f48ed180a0b48f6993a1f41f7", "aa8f289ebe6d4db1b4a1038b8931ec8c2b5399fb", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "04c47a4c166af3d6c137573b5ba939a73e31e073", "18097e429fe90f0617967fdda85392f08b74a1c7", "565e8bd101bd602536fe79ba40584a1561da3581"),
    "xxhash64(x)": ("bigint", "-3723938793355573106", "3258831802764358886", "-7444071767201028348", "-498249422701451788", "-7783407088439916268", "-3744000183942445030"),
    "x > 1": ("boolean", None, "false", None, "true", None, "false"),
    "x + 1": ("double", None, "2.5", None, "13.0", None, "-6.0"),
    "x * y": ("double", None, "4.5", None, "36.0", None, "-21.0"),
    "x / y": ("double", None, "0.5", None, "4.0", None, "-2.3333333333333335"),
    "x % 2": ("double", None, "1.5", None, "0.0", None, "-1.0"),
    "x || y": ("string", "2024-02-293", "1.53", "3", "  12 3", "Éa ß3", "-73"),
    "x BETWEEN 1 AND 5": ("boolean", None, "true", None, "false", None, "false"),
    "x = 12": ("boolean", None, "false", None, "true", None, "false"),
    "x < '5'": ("boolean", "true", "true", "true", "true", "false", "true"),
    "coalesce(x, 1.5)": ("string", "2024-02-29", "1.5", "", "  12 ", "Éa ß", "-7"),
    "cast(x AS INT) + 1": ("int", None, "2", None, "13", None, "-6"),
    "cast(x AS DOUBLE) / 3": ("double", None, "0.5", None, "4.0", None, "-2.3333333333333335"),
    "cast(x AS DECIMAL(10,2)) * 1.25": ("decimal(14,4)", None, "1.8750", None, "15.0000", None, "-8.7500"),
    "cast(x AS DECIMAL(10,2)) / 3": ("decimal(14,6)", None, "0.500000", None, "4.000000", None, "-2.333333"),
    "x RLIKE '[0-9]+'": ("boolean", "true", "true", "false", "true", "false", "true"),
    "cast(x AS VARCHAR(3))": ("string", "2024-02-29", "1.5", "", "  12 ", "Éa ß", "-7"),
    "- x": ("double", None, "-1.5", None, "-12.0", None, "7.0"),
    "+ x": ("double", None, "1.5", None, "12.0", None, "-7.0"),
    "nullif(x, 1)": ("string", "2024-02-29", None, "", "  12 ", "Éa ß", "-7"),
    "concat(x, 1, 1.5, TRUE, DATE '2024-01-01')": ("string", "2024-02-2911.5true2024-01-01", "1.511.5true2024-01-01", "11.5true2024-01-01", "  12 11.5true2024-01-01", "Éa ß11.5true2024-01-01", "-711.5true2024-01-01"),
    "x = DATE '2024-02-29'": ("boolean", "true", None, None, None, None, None),
    "x > TIMESTAMP '2024-01-01 00:00:00'": ("boolean", "true", None, None, None, None, None),
    "year(x) > y": ("boolean", "true", None, None, None, None, None),
    "x > 1.5": ("boolean", None, "false", None, "true", None, "false"),
    "round(x::FLOAT, 2)::DOUBLE": ("double", None, "1.5", None, "12.0", None, "-7.0"),
    "round('-2.55'::FLOAT, 2)::DOUBLE": ("double", *["-2.549999952316284"] * 6),
    "round(x)": ("double", None, "2.0", None, "12.0", None, "-7.0"),
    "round(x::DECIMAL(10,4), 2)": ("decimal(9,2)", None, "1.50", None, "12.00", None, "-7.00"),
    "abs(x::DECIMAL(5,2))": ("decimal(5,2)", None, "1.50", None, "12.00", None, "7.00"),
    "try_add(x, 1)": ("double", None, "2.5", None, "13.0", None, "-6.0"),
    "try_divide(x, 2)": ("double", None, "0.75", None, "6.0", None, "-3.5"),
    "cast(x AS TINYINT)": ("tinyint", None, "1", None, "12", None, "-7"),
    "cast(x AS FLOAT)": ("float", None, "1.5", None, "12.0", None, "-7.0"),
    "float(x) + 1": ("float", None, "2.5", None, "13.0", None, "-6.0"),
}  # fmt: skip
"""The type of an expression, and its values if x is each of the cells and y is 3."""


def typed(expression: str, cells: tuple[str | None, ...] = CELLS) -> tuple[str | None, ...]:
    """The type of *expression*, and its values as texts if x is each of *cells* and y is 3."""
    values = bound("name", read("name", expression, ["x", "y"]))
    made = cast(values.type, STRING)
    assert made is not None
    batch = pa.RecordBatch.from_pydict({"x": pa.array(cells, pa.string()), "y": ["3"] * len(cells)})
    return str(values.type), *each(STRING, made, values).of(Rows(batch))


@pytest.mark.parametrize(("expression", "values"), VALUES.items())
def test_an_expression_has_the_values_of_spark(expression: str, values: tuple[str | None, ...]) -> None:
    """For cells with a date, numbers, text and nothing."""
    assert typed(expression) == values


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0, "0.0"), (-0.0, "-0.0"), (0.001, "0.001"), (9.99e-4, "9.99E-4"), (9999999.0, "9999999.0"), (1e7, "1.0E7"), (123456789.5, "1.234567895E8"),
     (float("nan"), "NaN"), (float("-inf"), "-Infinity"), (2.2250738585072014e-308, "2.2250738585072014E-308"), (1.7976931348623157e308, "1.7976931348623157E308"), (100.0, "100.0")],
)  # fmt: skip
def test_a_number_is_written_as_java_writes_it(number: float, text: str) -> None:
    """Ids built from numbers, and their hashes, depend on it."""
    assert java_text(number) == text


@pytest.mark.parametrize(
    ("text", "day"),
    [("2024-03-31T02:30:00 Europe/Madrid", datetime(2024, 3, 31, 1, 30)), ("2024-10-27 02:30:00 Europe/Madrid", datetime(2024, 10, 27, 0, 30)),
     ("2024-01-01 10:20:30.1234567+02:00", datetime(2024, 1, 1, 8, 20, 30, 123456)), ("2024-01-01 10:20:30+2:5", datetime(2024, 1, 1, 8, 15, 30)), ("2024-1-1 7", datetime(2024, 1, 1, 7)), ("2024-01-01 24:00:00", None),
     ("2024-01-01 10:20:30 PST", datetime(2024, 1, 1, 18, 20, 30)), ("10:20", None), ("2024-01-01 10:20:30 Atlantis/Capital", None), ("0000-01-01", None)],
)  # fmt: skip
def test_a_moment_is_read_with_its_zone(text: str, day: datetime | None) -> None:
    """Even when clocks skip or repeat an hour. A time alone has no day and never becomes today."""
    assert moment(text) == day


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [(r"\d", "٣", None), (r"[\w-.]+", "a-b.c!", "a-b.c"), (r"a.c", "a\nc", None), (r"a$", "a\n", "a"), (r"a$", "a\n\n", None), (r"(?i)É", "é", None), (r"(?<n>a)\1", "aa", "aa"), (r"[^\d,]", "1,x", "x")],
)  # fmt: skip
def test_a_regular_expression_is_read_as_java_reads_it(pattern: str, text: str, found: str | None) -> None:
    """Digits and letters are those of ASCII, and a dot does not match a line end."""
    compiled = regex(pattern)
    assert compiled is not None
    match = compiled.search(text)
    assert (match and match[0]) == found


@pytest.mark.parametrize(
    "pattern",
    [
        "(",
        "a++",
        r"\p{L}",
        "[a[b]]",
        "[a&&b]",
        "a{2}{3}",
        r"\Qa\E",
        "(?s)a",
        "(?>a)",
        "*",
        "[]",
        r"\2",
        "a{,3}",
    ],
)
def test_a_regular_expression_that_java_and_python_read_differently_is_refused(pattern: str) -> None:
    """An ambiguous value is worse than none."""
    with pytest.raises(
        Customer360Error, match="is not a regular expression that Java and Python read the same way"
    ):
        typed("x RLIKE r'" + pattern + "'")


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("date_format(x, 'YYYY')", "'YYYY' is not a pattern such as dd.MM.yyyy"),
        ("to_date(x, 'HH:mm')", "use a pattern with a year in quotes"),
        ("to_date(x, y)", "use a pattern with a year in quotes"),
        ("regexp_replace(x, y, '')", "use a regular expression that Java and Python read the same way in quotes"),
        ("x::date - y::date", "use datediff(a, b) for the days between them"),
        ("x AND y", "AND does not accept string, string; use a condition, such as x = 'yes'"),
        ("CASE WHEN x THEN 1 END", "use a condition, such as WHEN x = 'yes'"),
        ("coalesce(x, true)", "coalesce() does not accept string, boolean"),
        ("greatest(x, 1)", "greatest() does not accept string, int"),
        ("cast(x::date AS int)", "cast to int does not accept date; no value of this type can be cast"),
        ("upper(x, y)", "upper() does not accept string, string; it takes 1 argument"),
        ("power(x, 2)", "calls power(), which is not allowed"),
        ("cast(x AS decimal(39,2))", "use a type such as decimal(12,2), with at most 38 digits"),
        ("DATE '2024-02-30'", "use a valid date"),
    ],
)
def test_an_invalid_expression_is_refused_with_how_to_fix_it(expression: str, said: str) -> None:
    """Before any row is evaluated."""
    with pytest.raises(Customer360Error) as raised:
        typed(expression)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)
