"""
What an expression of a mapping may use: the values of its own row, and nothing beyond it.

A mapping is a file that people hand on. Spark SQL can call any Java method (`reflect`), read tables (a subquery)
and run programs (`USING`), so an expression is refused unless all that it calls is known to be harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pyspark.sql import functions as F

from customer360.errors import Customer360Error, nearest

# As Spark's own lexer cuts it. What could hide something from us (comments, $, ;, \) is no token.
_TOKEN: Final = re.compile(
    r"""\s*(?: (?P<text> [rR]'[^']*' | [rR]"[^"]*" | '(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" )
    | (?P<token> `(?:[^`]|``)+` | \w+ | -(?!-) | /(?!\*) | [^\w\s'"`$;{}\\@/-] ) )\s*""",
    re.VERBOSE | re.DOTALL,
)
_QUERIES: Final = frozenset({"select", "table", "values", "with", "using", "over"})
_SYNTAX: Final = frozenset({
    "all", "and", "any", "array", "as", "between", "bigint", "binary", "boolean", "both", "by", "case", "char",
    "date", "decimal", "distinct", "div", "double", "else", "escape", "float", "from", "if", "ilike", "in",
    "int", "interval", "is", "leading", "len", "like", "luhn_check", "map", "mod", "not", "numeric", "or",
    "regexp", "rlike", "smallint", "some", "space", "string", "struct", "then", "time", "timestamp",
    "timestampadd", "timestampdiff", "tinyint", "to", "trailing", "try_cast", "varchar", "when",
})  # fmt: skip
_BEYOND: Final = frozenset({
    "reflect", "try_reflect", "java_method", "input_file_name", "input_file_block_start",
    "input_file_block_length", "raise_error", "assert_true", "explode", "explode_outer", "posexplode",
    "posexplode_outer", "inline", "inline_outer", "stack",
})  # fmt: skip
CALLABLE: Final = (frozenset(name.lower() for name in dir(F) if name[0] != "_") | _SYNTAX) - _BEYOND
"""Spark's functions of values, which Python knows by name too, and the words that stand before a bracket."""


def require_row_only(target: str, text: str) -> None:
    """Raises: Customer360Error when *text*, which fills *target*, could use more than the values of its row."""
    tokens = list(_tokens(target, text))
    for before, token, after in zip(["", *tokens], tokens, [*tokens[1:], ""], strict=False):
        word = token.lower()
        if word in _QUERIES or (before == "(" and word == "from") or (before == ")" and word == "("):
            raise Customer360Error(
                f"the mapping of {target} uses {token!r}, which reaches beyond its row; "
                "use columns and functions of them, and put a column that is called so in backticks"
            )
        if after == "(" and re.match(r"[\w`]", token) and word.strip("`") not in CALLABLE:
            raise Customer360Error(_not_callable(target, word.strip("`")))


def _not_callable(target: str, name: str) -> str:
    if name in _BEYOND:
        return f"the mapping of {target} calls {name}(), which reaches beyond its row or gives more than one value"
    hint = nearest(name, CALLABLE)
    known = f"the mapping of {target}: Spark SQL has no function `{name}` that is known to keep to its row."
    return known + (hint if "Did" in hint else "")


def _tokens(target: str, text: str) -> Iterator[str]:
    """The words and signs of *text*; a literal is an empty one."""
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise Customer360Error(
                f"the mapping of {target} does not parse at ^ in {text[:place]}^{text[place:]}; "
                "quotes have to be closed, and comments, $, ; and \\ stand in none"
            )
        yield found["token"] or ""
        place = found.end()
