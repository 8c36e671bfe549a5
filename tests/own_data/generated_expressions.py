"""Randomly generated expressions with every function of the language, and dirty cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

CELLS = (
    None, "", " ", "a", "Ab c", "  12 ", "12", "-7", "+5", "1.5", "-2.55", "2.5", "0", "-0", "007", "1,5", "1e3", "1E-5", "1d", ".5", "5.", ".", "-", "+",
    "NaN", "inf", "-Infinity", "123456789012", "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808", "99999999999999999999.125",
    "12345678.9", "0.0001", "true", "F", "yes", "null", "NULL", "N/A", "\\N", "a,b,,c", ",", "a.b|c", "Éa ß", "İZMİR", "ΟΔΟΣ", "日本語", "👩 x", "it's", '"q"', "a\tb",
    "line\nbreak", "%_\\", "2024-02-29", "2023-02-29", "2024-2-9", "2024", "2024-13-01", "0000-00-00", "1899-12-30", "2999-12-31", "2024-01-31 10:20:30",
    "2024-03-31T02:30:00Z", "2024-01-01 10:20:30.123456789", "2024-12-31 23:59:59.5+02:00", "2024-06-15 7:5", "2024-06-15 24:00:00", " 2024-02-29 ", "2024-02-29x",
    "2024-07-04T10:00:00 Europe/Madrid", "31.12.2023", "1.2.2024", "12/31/2023", "3 Mar 2024", "20240229", "1704067200", '{"a": {"b": [1, 2.50, "x"]}}', '{"a": "b"}', "Robert", "Tymczak", "MON",
)  # fmt: skip
COLUMNS = ("x", "y", "z")
"""The three columns of a row."""
_LITERALS = {
    "text": ("'a'", "'12'", "''", "' '", "'2024-02-29'", "'é,b'", "'1.5'", r"'\\d'", "'it''s'"),
    "int": ("0", "1", "2", "-1", "3", "7", "12", "100", "2147483647"),
    "number": ("0.5", "2.50", "1e2", "-3", "1.005", "12345678901", "3e-4", "0.1"),
    "date": ("DATE '2024-02-29'", "DATE '2023-12-31'", "DATE '1970-01-01'"),
    "moment": ("TIMESTAMP '2024-03-31 01:30:00'", "TIMESTAMP '2023-12-31 23:59:59.987654'"),
    "flag": ("true", "false", "cast(null AS boolean)"),
}  # fmt: skip
_ONE = {
    "text": (
        "trim({text})", "lower({text})", "upper({text})", "lcase({text})", "ucase({text})", "ltrim({text})", "rtrim({text})", "btrim({text})", "initcap({text})", "reverse({text})", "soundex({text})", "md5({text})",
        "sha1({text})", "sha({text})", "sha2({text}, 256)", "substring({text}, {int}, {int})", "substr({text}, {int})", "left({text}, {int})", "right({text}, {int})", "lpad({text}, {small}, '0')", "rpad({text}, {small}, 'ab')",
        "concat({text}, {any})", "{text} || {any}", "concat_ws({mark}, {any}, {text}, {array})", "replace({text}, {mark}, {text})", "translate({text}, 'ab1é', 'XY')", "split({text}, '')[{int}]", "split({text}, {regex})[{int}]",
        "split_part({text}, {mark}, {place})", "substring_index({text}, {mark}, {int})", "regexp_replace({text}, {regex}, {new})", "regexp_extract({text}, {groups}, {group})", "regexp_substr({text}, {regex})",
        "overlay({text}, {text}, {small})", "trim(BOTH {mark} FROM {text})", "trim(LEADING FROM {text})", "coalesce({text}, {any})", "nvl({text}, {any})", "ifnull({text}, {text})", "nullif({text}, {any})", "nvl2({text}, {text}, {any})",
        "if({flag}, {text}, {any})", "CASE WHEN {flag} THEN {any} ELSE {text} END", "CASE {text} WHEN {text} THEN {text} WHEN '12' THEN {any} END", "cast({any} AS string)", "{any}::string", "string({any})", "try_cast({any} AS string)",
        "date_format({moment}, {written})", "from_unixtime({int})", "chr({int})", "greatest({text}, {text})", "least({text}, {text}, {text})", "array_join({array}, {mark})", "array_join({array}, ',', 'null')", "array_max({array})", "array_min({array})",
        "element_at({array}, {place})", "try_element_at({array}, {place})", "{array}[{int}]", "sort_array({array})[0]", "slice({array}, {place}, 2)[0]", "map('a', {text}, '12', 'x')[{text}]", "element_at(map('a', 'b'), {text})", "get_json_object({text}, '$.a')", "get_json_object({text}, '$.a.b[1]')",
        "cast({text} AS varchar(3))",
    ),
    "int": (
        "length({text})", "char_length({text})", "character_length({text})", "instr({text}, {mark})", "locate({mark}, {text})", "locate({mark}, {text}, {int})", "position({mark} IN {text})", "ascii({text})", "levenshtein({text}, {text})", "find_in_set({text}, 'a,12,')", "regexp_count({text}, {regex})",
        "regexp_instr({text}, {regex})", "size({array})", "cardinality({array})", "year({day})", "month({day})", "day({day})", "quarter({day})", "dayofweek({day})", "dayofyear({day})", "weekday({day})", "weekofyear({day})", "hour({time})", "minute({time})",
        "second({time})", "datediff({day}, {day})", "date_diff({day}, {day})", "dayofmonth({day})", "datepart('month', {date})", "smallint({text})", "int({text})", "cast({plain} AS int)", "try_cast({text} AS int)", "try_cast({number} AS int)", "cast({number} AS smallint)", "cast({number} AS tinyint)", "extract(YEAR FROM {moment})", "extract(HOUR FROM {moment})", "date_part('week', {date})", "unix_date({date})",
        "{int} + {int}", "{int} - {int}", "{int} * {int}", "{int} % {int}", "pmod({int}, {int})", "- {int}", "abs({int})", "if({flag}, {int}, {int})", "try_add({int}, {int})", "greatest({int}, {int})",
    ),
    "number": (
        "cast({plain} AS double)", "cast({text} AS decimal(10,2))", "cast({number} AS decimal(12,3))", "cast({text} AS decimal(38,18))", "decimal({text})", "float({text})", "bigint({text})", "cast(cast({text} AS timestamp) AS bigint)", "cast(cast({text} AS timestamp) AS double)", "cast({number} AS float)", "cast({plain} AS bigint)", "try_cast({text} AS decimal(6,2))", "{number} + {number}", "{number} - {text}", "{text} * {number}", "{number} / {number}",
        "{text} / {text}", "{number} % {number}", "mod({text}, {number})", "{int} div {int}", "round({number})", "round({number}, {digits})", "bround({number}, {digits})", "floor({number})", "ceil({number})", "ceiling({number})", "double({text})", "negative({number})", "positive({text})", "signum({number})", "abs({number})", "sign({number})", "sqrt({number})", "- {number}", "+ {text}",
        "coalesce({number}, {number})", "CASE WHEN {flag} THEN {number} ELSE {number} END", "greatest({number}, {number})", "least({number}, {number})", "try_add({number}, {number})", "try_divide({number}, {number})", "try_multiply({number}, {number})", "try_subtract({number}, {text})", "pmod({number}, {number})", "nullif({number}, {number})",
        "months_between({time}, {time})", "unix_timestamp({time})", "unix_timestamp({text}, {read})", "to_unix_timestamp({moment})", "crc32({text})", "xxhash64({any}, {any})", "timestampdiff(MONTH, {moment}, {moment})", "timestampdiff(DAY, {moment}, {moment})", "extract(SECOND FROM {moment})", "array_position({array}, {text})",
    ),
    "date": (
        "cast({text} AS date)", "{text}::date", "to_date({text})", "to_date({text}, {read})", "date({moment})", "date_add({day}, {few})", "dateadd({day}, {few})", "date_sub({day}, {few})", "{date} + {few}", "{date} - {few}", "{date} + INTERVAL '1' MONTH", "{date} - INTERVAL 2 DAYS", "add_months({day}, {few})", "last_day({day})", "next_day({day}, 'MON')",
        "trunc({day}, 'month')", "trunc({day}, {unit})", "make_date(greatest(1, cast(left({text}, 4) AS int)), {int}, {int})", "make_date(2024, {int}, {text})", "date_from_unix_date({few})", "coalesce({date}, {date})", "if({flag}, {date}, {date})", "greatest({date}, {date})", "try_cast({text} AS date)",
    ),
    "moment": (
        "cast({text} AS timestamp)", "cast({moment} AS timestamp)", "to_timestamp({text})", "to_timestamp({text}, {read})", "try_to_timestamp({text}, {read})", "timestamp({date})", "date_trunc({unit}, {time})", "{moment} + INTERVAL '3' HOURS", "{moment} - INTERVAL '1' MONTH", "timestamp_seconds({int})", "timestamp_millis({int})", "timestamp_micros({int})", "from_utc_timestamp({time}, 'Europe/Madrid')",
        "to_utc_timestamp({time}, 'America/New_York')", "timestampadd(DAY, {few}, {moment})", "timestampadd(MONTH, {few}, {moment})", "make_timestamp(2024, {int}, {int}, {int}, 5, cast({text} AS decimal(4,2)))", "coalesce({moment}, {date})", "cast({int} AS timestamp)",
    ),
    "flag": (
        "{text} = {any}", "{text} <> {text}", "{text} > {any}", "{number} < {text}", "{number} >= {number}", "{int} <= {text}", "{date} > {text}", "{date} < {moment}", "{text} = {date}", "{text} >= {moment}", "{any} <=> {any}", "{text} IN ({text}, 'a', {text})", "{text} IN ({int}, {number})", "{int} IN (1, 2, {int})", "{text} NOT IN ('a', {any})",
        "{text} BETWEEN {text} AND {text}", "{text} BETWEEN {int} AND {number}", "{date} BETWEEN {text} AND {date}", "{text} LIKE {like}", "{text} NOT LIKE {like}", "{text} ILIKE {like}", "{text} RLIKE {regex}", "regexp_like({text}, {regex})", "{any} IS NULL", "{any} IS NOT NULL", "isnull({any})", "isnotnull({any})", "{flag} IS TRUE", "{flag} IS NOT FALSE",
        "{text} IS DISTINCT FROM {any}", "{flag} AND {flag}", "{flag} OR {flag}", "NOT {flag}", "{flag} = {flag}", "startswith({text}, {text})", "endswith({text}, {text})", "contains({text}, {text})", "cast({plain} AS boolean)", "boolean({text})", "{text} = true", "array_contains({array}, {text})", "coalesce({flag}, false)", "try_cast({text} AS boolean)",
    ),
    "array": ("split({text}, {regex})", "split({text}, ',', 2)", "array({text}, {text})", "array({text}, {any}, null)", "sort_array(split({text}, ''))"),
}  # fmt: skip
_WORDS = {
    "mark": ("','", "' '", "'a'", "''", "'.'", "'ab'"), "few": ("1", "-3", "31", "length(x)", "cast(y AS tinyint)"), "place": ("1", "2", "-1", "5"), "small": ("1", "3", "8", "0"), "group": ("0", "1", "2"), "digits": ("0", "1", "2", "-1", "5"),
    "regex": ("','", r"'[^0-9]'", r"'\\d+'", r"'\\s'", "'a|b'", "'^.'", "'.$'", "'(?i)A'", r"r'[\w.-]+'", r"'\\.'", r"'[a-c\\-]'", "'^$'", r"'\\p{Alpha}+'", r"'\\W'"),
    "groups": ("'(.)(.)'", r"'(\\d+)(\\D*)'", "'(a)?(.*)'", r"r'^(\S+)\s*(.*)$'"), "new": ("''", "'-'", "'$0$0'", r"'\\$'", "'<x>'"),
    "like": ("'a%'", "'%1%'", "'_'", "'%'", "''", r"'\\%\\_%'", "'É%'", "'%.5'"), "unit": ("'year'", "'quarter'", "'MONTH'", "'week'", "'day'", "'hour'", "'x'", "'mon'", "'yy'", "'minute'"),
    "written": ("'yyyy-MM-dd'", "'dd.MM.yy HH:mm:ss'", "'d/M/y h:m a'", "'EEE, MMM d, yyyy'", "'EEEE MMMM'", "'yyyyMMddHHmmssSSS'", "'Q D'", "'''T''HH'", "'QQQ'", "'yyyy-MM-dd''T''HH:mm:ss.SSSXXX'"),
    "read": ("'yyyy-MM-dd'", "'dd.MM.yyyy'", "'d.M.yyyy'", "'MM/dd/yyyy'", "'d MMM yyyy'", "'yyyyMMdd'", "'yyyy-MM-dd HH:mm:ss'", "'yyyy'", "'yyyy-M-d[ HH:mm:ss]'", "'yyyy-MM-dd''T''HH:mm:ssXXX'", "'yy-MM-dd'"),
}  # fmt: skip
_EITHER = {
    "plain": ("text", "int", "number"),
    "any": ("text", "int", "number", "date", "moment"),
    "day": ("text", "date", "moment"),
    "time": ("text", "date", "moment"),
    "value": ("text", "int", "number", "date", "moment", "flag"),
}


def expression(rng: Random, kind: str = "value", depth: int = 2) -> str:
    """An expression of *kind*, with calls nested up to *depth*, and brackets between operators."""
    kind = rng.choice(_EITHER[kind]) if kind in _EITHER else kind
    if kind in _WORDS:
        return rng.choice(_WORDS[kind])
    if depth == 0 or (depth < 2 and rng.random() < 0.3):
        return _leaf(rng, kind)
    return _filled_in(rng.choice(_ONE[kind]), lambda part: _bracketed(expression(rng, part, depth - 1)))


def _leaf(rng: Random, kind: str) -> str:
    if kind == "array":
        return f"array({rng.choice(COLUMNS)}, 'a')"
    if kind == "text" and rng.random() < 0.8:
        return rng.choice(COLUMNS)
    if kind not in {"text", "flag"} and rng.random() < 0.4:
        types = {"int": "int", "number": "double", "date": "date", "moment": "timestamp"}
        return f"cast({rng.choice(COLUMNS)} AS {types[kind]})"
    return rng.choice(_LITERALS[kind])


def _bracketed(text: str) -> str:
    return f"({text})" if " " in text and not text.startswith(("'", "r'", "DATE", "TIMESTAMP")) else text


def _filled_in(form: str, part: Callable[[str], str]) -> str:
    head, *rest = form.split("{")
    for piece in rest:
        kind, _, after = piece.partition("}")
        head += part(kind) + after
    return head


FORMS = tuple(form for kind, forms in _ONE.items() if kind != "array" for form in forms)
"""Every form that an expression can contain."""


def leaves(rng: Random, form: str) -> str:
    """*form* filled with columns and literals."""
    return _filled_in(form, lambda part: _bracketed(expression(rng, part, 0)))


def _rows(rng: Random) -> Iterator[dict[str, str | None]]:
    """Rows of three cells: every cell occurs in every column once."""
    columns = [rng.sample(CELLS, len(CELLS)) for _ in COLUMNS]
    for row in zip(*columns, strict=True):
        yield dict(zip(COLUMNS, row, strict=True))


ROWS = tuple(_rows(Random(1)))
