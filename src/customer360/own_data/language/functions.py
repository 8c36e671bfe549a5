"""
The functions that an expression of a mapping may call, as data.

A mapping may come from someone else, so a function is refused unless it is listed here. Each one returns a
value that depends only on its arguments: not on an engine, files or the current date.
"""

from __future__ import annotations

from typing import Final

ALLOWED: Final = {
    "Text": (
        "ascii", "btrim", "char_length", "character_length", "chr", "concat", "concat_ws", "contains",
        "endswith", "find_in_set", "initcap", "instr", "lcase", "left", "length", "levenshtein", "locate",
        "lower", "lpad", "ltrim", "overlay", "position", "regexp_count", "regexp_extract", "regexp_instr",
        "regexp_like", "regexp_replace", "regexp_substr", "replace", "reverse", "right", "rpad", "rtrim",
        "soundex", "split_part", "startswith", "substr", "substring", "substring_index", "translate", "trim",
        "ucase", "upper",
    ),
    "Numbers": (
        "abs", "bround", "ceil", "ceiling", "floor", "greatest", "least", "mod", "negative", "pmod", "positive",
        "round", "sign", "signum", "sqrt", "try_add", "try_divide", "try_multiply", "try_subtract",
    ),
    "Dates": (
        "add_months", "date_add", "date_diff", "date_format", "date_from_unix_date", "date_part", "date_sub",
        "date_trunc", "dateadd", "datediff", "datepart", "day", "dayofmonth", "dayofweek", "dayofyear",
        "extract", "from_unixtime", "from_utc_timestamp", "hour", "last_day", "make_date", "make_timestamp",
        "minute", "month", "months_between", "next_day", "quarter", "second", "timestamp_micros",
        "timestamp_millis", "timestamp_seconds", "timestampadd", "timestampdiff", "to_date", "to_timestamp",
        "to_unix_timestamp", "to_utc_timestamp", "trunc", "try_to_timestamp", "unix_date", "unix_timestamp",
        "weekday", "weekofyear", "year",
    ),
    "Conditions and casts": (
        "bigint", "boolean", "cast", "coalesce", "date", "decimal", "double", "float", "if", "ifnull", "int",
        "isnotnull", "isnull", "nullif", "nvl", "nvl2", "smallint", "string", "timestamp", "try_cast",
    ),
    "Parts of a cell": (
        "array", "array_contains", "array_join", "array_max", "array_min", "array_position", "cardinality",
        "element_at", "get_json_object", "map", "size", "slice", "sort_array", "split", "try_element_at",
    ),
    "Checksums": ("crc32", "md5", "sha", "sha1", "sha2", "xxhash64"),
}  # fmt: skip
"""By kind. Each returns what Apache Spark's function of the same name returns."""
OWN: Final = {
    "filled": "the trimmed cell; null for what exports write for a missing value",
    "filled_text": "the same for text, where words such as None or NA may be real values",
    "hashed_id": "a number for an id that is not numeric; the same text always gives the same number",
    "as_of_date": "the as-of date of the load, the last day treated as known",
}
"""Functions that Apache Spark does not have."""
FUNCTIONS: Final = frozenset({*OWN, *(name for names in ALLOWED.values() for name in names)})
TYPES: Final = frozenset({
    "bigint", "boolean", "char", "date", "dec", "decimal", "double", "float", "int", "integer", "long", "numeric",
    "real", "short", "smallint", "string", "timestamp", "tinyint", "varchar",
})  # fmt: skip
"""The types that a value may be cast to."""
UNITS: Final = frozenset({
    "day", "dayofweek", "dayofyear", "days", "dow", "doy", "hour", "hours", "microsecond", "millisecond", "minute",
    "minutes", "month", "months", "quarter", "second", "seconds", "week", "weeks", "year", "years",
})  # fmt: skip
"""The names of the parts of a date."""
