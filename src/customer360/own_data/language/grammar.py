"""
The parser for expressions of a mapping: a small part of SQL that sees only the values of its own row.

A mapping is a file that people share, so its expressions are parsed here and never passed to an engine. A tree can
contain only columns of the source and the functions in `functions`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Final, NoReturn

from customer360.errors import Invalid, nearest, one_line
from customer360.own_data.language import casts
from customer360.own_data.language.functions import FUNCTIONS, TYPES, UNITS
from customer360.own_data.language.tokens import Token, named_type, number_literal, text_literal, tokens_of
from customer360.own_data.language.tree import Node
from customer360.own_data.language.types import BOOLEAN, DATE, INTERVAL, MOST_DIGITS, NULL, TIMESTAMP, Type

_DEEPEST: Final = 50
_SHOWN: Final = 80
_MOMENT: Final = r"'[0-9T :.Z+-]+'"
_MOST_TERMS: Final = 100
_LEVELS: Final[tuple[tuple[str, ...], ...]] = (
    ("=", "==", "<>", "!=", "<", "<=", ">", ">=", "<=>"), ("+", "-", "||"), ("*", "/", "%", "div"),
)  # fmt: skip
"""The binary operators, by increasing precedence."""
_SAME: Final = {"==": "=", "!=": "<>", "regexp": "rlike"}
_NEGATED: Final = frozenset({"like", "ilike", "rlike", "regexp", "between", "in"})
_RESERVED: Final = frozenset({"and", "or", "not", "case", "when", "then", "else", "end", "is", "in", "from"})
_LITERALS: Final = {
    "null": Node("literal", value=(NULL, None)),
    "true": Node("literal", value=(BOOLEAN, True)),
    "false": Node("literal", value=(BOOLEAN, False)),
}


def read(target: str, text: str, columns: Iterable[str], *, as_of: date | None = None) -> Node:
    """
    The tree of the expression *text* over *columns*, which fills *target*.

    Raises: Customer360Error when it is invalid or could use more than the values of its row.
    """
    return _Reader(target, text, columns, as_of or date.max).whole()


def quoted(column: str) -> str:
    """The expression for a column with any name."""
    return "`" + column.replace("`", "``") + "`"


def named_in(text: str) -> tuple[str, ...]:
    """The columns in backticks in the expression *text*."""
    return tuple(name.replace("``", "`") for name in re.findall(r"`((?:[^`]|``)+)`", re.sub(r"'[^']*'", "", text)))


class _Reader:
    """Parses an expression from left to right; each method returns the node that it has parsed."""

    def __init__(self, target: str, text: str, columns: Iterable[str], as_of: date) -> None:
        self._target, self._text, self._as_of = target, text, as_of
        self._columns = {name.lower(): name for name in columns}
        self._tokens = self._cut()
        self._next, self._depth = 0, 0

    def whole(self) -> Node:
        found = self._expression()
        return found if self._token.kind == "end" else self._fail()

    def _cut(self) -> list[Token]:
        tokens, end = tokens_of(self._text)
        if end < len(self._text):
            raise self._error(end)
        return tokens

    @property
    def _token(self) -> Token:
        return self._tokens[self._next]

    def _error(self, place: int, hint: str = "") -> Invalid:
        shown = one_line(f"{self._text[max(0, place - _SHOWN) : place]}^{self._text[place : place + _SHOWN]}")
        hint = hint or "close brackets and quotes, write '' for a quote, and remove comments and queries"
        return Invalid(f"syntax error at ^ in the expression for {self._target}: {shown}; {hint}")

    def _fail(self, hint: str = "") -> NoReturn:
        raise self._error(self._token.place, hint)

    def _take(self) -> Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _is(self, *words: str, ahead: int = 0) -> bool:
        place = min(self._next + ahead, len(self._tokens) - 1)
        return self._tokens[place].word in words

    def _need(self, *words: str) -> str:
        return self._take().word if self._is(*words) else self._fail()

    def _maybe(self, *words: str) -> bool:
        """Whether one of *words* comes next; if so, it is consumed."""
        if found := self._is(*words):
            self._take()
        return found

    def _expression(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._fail(f"use at most {_DEEPEST} nested brackets")
        found = self._chain("or", lambda: self._chain("and", self._condition))
        self._depth -= 1
        return found

    def _chain(self, word: str, read: Callable[[], Node]) -> Node:
        parts = [read()]
        while self._maybe(word):
            parts.append(read())
        return parts[0] if len(parts) == 1 else Node(word, tuple(parts))

    def _condition(self) -> Node:
        signs = 0
        while self._maybe("not"):
            signs += 1
        if signs > _DEEPEST:
            self._fail(f"use NOT at most {_DEEPEST} times in a row")
        found = self._tested(self._binary())
        for _ in range(signs):
            found = _negated(found)
        return found

    def _tested(self, found: Node) -> Node:
        """*found*, or a test of it if one follows."""
        if self._maybe("is"):
            return self._is_what(found)
        is_negated = self._is(*_NEGATED, ahead=1) and self._maybe("not")
        if not self._is(*_NEGATED):
            return found
        word = self._take().word
        tested = Node(_SAME.get(word, word), (found, *self._against(word)))
        return _negated(tested) if is_negated else tested

    def _against(self, word: str) -> tuple[Node, ...]:
        if word == "in":
            self._need("(")
            found = self._list()
            self._need(")")
            return found
        parts = [self._binary()]
        if word == "between":
            self._need("and")
            parts.append(self._binary())
        elif word in {"like", "ilike"} and self._maybe("escape"):
            parts.append(self._value())
        return tuple(parts)

    def _is_what(self, found: Node) -> Node:
        is_negated = self._maybe("not")
        if self._maybe("distinct"):
            self._need("from")
            same = Node("<=>", (found, self._binary()))
            return same if is_negated else _negated(same)
        word = self._need(*_LITERALS)
        tested = Node("isnull", (found,)) if word == "null" else Node("<=>", (found, _LITERALS[word]))
        return _negated(tested) if is_negated else tested

    def _binary(self, level: int = 0) -> Node:
        if level == len(_LEVELS):
            return self._operand()
        found, terms = self._binary(level + 1), 1
        while self._is(*_LEVELS[level]):
            terms += 1
            if terms > _MOST_TERMS:
                self._fail(f"use at most {_MOST_TERMS} values in a row")
            name = self._take().word
            found = Node(_SAME.get(name, name), (found, self._binary(level + 1)))
        return found

    def _operand(self) -> Node:
        signs = []
        while self._is("-", "+"):
            signs.append(self._take().word)
        sign = signs.pop() if signs[-1:] == ["-"] and self._token.kind == "number" else ""
        found, tails = self._value(sign), 0
        while self._is("[", "::"):
            found = self._indexed(found) if self._take().text == "[" else Node("cast", (found,), self._type())
            tails += 1
        if self._is("."):
            self._fail("put a column name with a dot in backticks")
        if len(signs) + tails > _DEEPEST:
            self._fail(f"use at most {_DEEPEST} signs, [0] and ::type around a value")
        for sign in reversed(signs):
            found = Node("negative" if sign == "-" else "positive", (found,))
        return found

    def _indexed(self, found: Node) -> Node:
        place = self._expression()
        self._need("]")
        return Node("[]", (found, place))

    def _value(self, sign: str = "") -> Node:
        token = self._token
        if token.kind == "text":
            return text_literal(self._take().text)
        if token.kind == "number":
            return number_literal(sign + self._take().text) or self._fail(
                f"use a number with at most {MOST_DIGITS} digits"
            )
        if token.kind == "name":
            return self._column(self._take().text[1:-1].replace("``", "`"))
        if token.word == "(":
            return self._one()
        return self._of_word() if token.kind == "word" else self._fail()

    def _of_word(self) -> Node:
        if self._is("(", ahead=1) and not self._is(*_RESERVED):
            return self._call()
        if self._is("date", "timestamp") and self._tokens[self._next + 1].kind == "text":
            return self._day()
        if self._is("interval") and self._tokens[self._next + 1].kind in {"text", "number"}:
            return self._interval()
        if self._is("case"):
            return self._case()
        if self._is(*_LITERALS):
            return _LITERALS[self._take().word]
        return self._fail() if self._is(*_RESERVED) else self._column(self._take().text)

    def _column(self, name: str) -> Node:
        if (column := self._columns.get(name.lower())) is not None and not self._is("("):
            return Node("column", value=column)
        self._next -= 1
        if self._is("select", "with", "table", "values", "over") or self._is("(", ahead=1):
            self._fail()
        hint = nearest(name, self._columns.values())
        raise Invalid(f"unknown column '{one_line(name)}' in the expression for {self._target}.{hint}")

    def _day(self) -> Node:
        is_date, text = self._take().word == "date", self._token.text
        # Words such as 'today' are refused, as their value would change every day.
        value = (casts.day if is_date else casts.moment)(text[1:-1]) if re.fullmatch(_MOMENT, text) else None
        if value is None:
            self._fail("use a valid date, such as DATE '2024-02-29'")
        self._take()
        return Node("literal", value=(DATE if is_date else TIMESTAMP, value))

    def _interval(self) -> Node:
        self._need("interval")
        text = self._take().text.strip("'\"")
        unit = self._need(*UNITS)
        if re.fullmatch(r"[+-]?[0-9]{1,9}", text) is None or unit not in casts.LENGTHS:
            self._fail("use an interval such as INTERVAL '1' DAY")
        return Node("literal", value=(INTERVAL, (int(text), unit)))

    def _case(self) -> Node:
        self._need("case")
        of = None if self._is("when") else self._expression()
        parts: list[Node] = []
        while not parts or self._is("when"):
            self._need("when")
            found = self._expression()
            self._need("then")
            parts += (Node("=", (of, found)) if of else found, self._expression())
        parts.append(self._expression() if self._maybe("else") else _LITERALS["null"])
        self._need("end")
        return Node("case", tuple(parts))

    def _type(self) -> Type:
        if not self._is(*TYPES):
            self._fail(f"cast to one of {', '.join(sorted(TYPES))}")
        name, sizes = self._take().word, []
        if self._maybe("("):
            while self._token.kind == "number":
                sizes.append(self._take().text)
                if not self._maybe(","):
                    break
            self._need(")")
        return named_type(name, sizes) or self._fail("use a type such as decimal(12,2), with at most 38 digits")

    def _call(self) -> Node:
        name = self._token.word
        if name not in FUNCTIONS:
            raise Invalid(self._not_allowed(name))
        self._take()
        self._need("(")
        if name == "as_of_date":
            self._need(")")
            return Node("literal", value=(DATE, self._as_of))
        found = _FORMS.get(name, _Reader._plain)(self, name)
        self._need(")")
        return found

    def _not_allowed(self, name: str) -> str:
        close = difflib.get_close_matches(name, sorted(FUNCTIONS), n=1, cutoff=0)
        return (
            f"the expression for {self._target} calls {name}(), which is not allowed; the nearest allowed "
            f"function is {close[0]}(), and docs/own-data.md lists them all"
        )

    def _one(self) -> Node:
        self._need("(")
        found = self._expression()
        self._need(")")
        return found

    def _list(self) -> tuple[Node, ...]:
        found = [self._expression()]
        while self._maybe(","):
            found.append(self._expression())
        return tuple(found)

    def _plain(self, name: str) -> Node:
        return Node(name, self._list())

    def _cast(self, name: str) -> Node:
        found = self._expression()
        self._need("as")
        return Node(name, (found,), self._type())

    def _extract(self, _: str) -> Node:
        unit = self._need(*UNITS)
        self._need("from")
        return Node("date_part", (text_literal(f"'{unit}'"), self._expression()))

    def _units(self, name: str) -> Node:
        unit = self._need(*UNITS)
        self._need(",")
        return Node(name, (text_literal(f"'{unit}'"), *self._list()))

    def _trim(self, name: str) -> Node:
        sides = {"both": "trim", "leading": "ltrim", "trailing": "rtrim"}
        if is_sided := self._is(*sides):
            name = sides[self._take().word]
        parts = () if is_sided and self._is("from") else (self._expression(),)
        if self._maybe("from"):
            return Node(name, (*parts, self._expression()))
        return Node(name, (*parts, *self._list())) if self._maybe(",") else Node(name, parts)

    def _substring(self, name: str) -> Node:
        found = self._expression()
        parts = tuple(self._expression() for word in ("from", "for") if self._maybe(word))
        return Node(name, (found, *parts, *(self._list() if self._maybe(",") else ())))

    def _position(self, name: str) -> Node:
        # `a IN b` without brackets occurs in no other expression.
        found = self._operand()
        if self._maybe("in"):
            return Node(name, (found, self._expression()))
        return Node(name, (found, *self._list())) if self._maybe(",") else self._fail()


_FORMS: Final[dict[str, Callable[[_Reader, str], Node]]] = {
    "cast": _Reader._cast, "try_cast": _Reader._cast, "extract": _Reader._extract, "timestampadd": _Reader._units,
    "timestampdiff": _Reader._units, "trim": _Reader._trim, "substring": _Reader._substring,
    "substr": _Reader._substring, "position": _Reader._position,
}  # fmt: skip


def _negated(condition: Node) -> Node:
    return Node("not", (condition,))
