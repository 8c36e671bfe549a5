"""
The expressions of a mapping: a small part of SQL that sees the values of its own row, and nothing else.

A mapping is a file that people hand on. Its expressions are read here, by a grammar of our own that is smaller
than that of any engine, and written out again: what an engine evaluates is what was read, so nothing can hide in a
comment, an odd quote or a name. Only columns of the source and the functions of `functions` can occur in it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from customer360.errors import Customer360Error, nearest, one_line
from customer360.own_data.cells import NO_TEXT, NOTHING
from customer360.own_data.functions import FUNCTIONS, OWN, TYPES, UNITS

# A backslash before a quote ends the text in some engines and not in others, so it is not taken: '' is a quote.
_TOKEN: Final = re.compile(
    r"""\s*(?: (?P<text> [rR]'(?:[^'\\]|\\[^'])*' | '(?:[^'\\]|\\[^'"]|'')*' | "(?:[^"\\]|\\[^'"])*" )
    | (?P<name> `(?:[^`]|``)+` ) | (?P<number> (?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?!\w) )
    | (?P<word> [^\W\d]\w* ) | (?P<sign> <=>|<>|!=|<=|>=|==|\|\||::|-(?!-)|/(?!\*)|[+*%=<>()\[\],.] ) )\s*""",
    re.VERBOSE | re.DOTALL,
)
_DEEPEST: Final = 50
_SHOWN: Final = 80
_BINARY: Final = frozenset({"+", "-", "*", "/", "%", "||", "=", "==", "<>", "!=", "<", "<=", ">", ">=", "<=>"})
_BINARY_WORDS: Final = frozenset({"and", "or", "div", "like", "ilike", "rlike", "regexp", "between", "escape"})
_NEGATED: Final = frozenset({"like", "ilike", "rlike", "regexp", "between", "in"})
_RESERVED: Final = frozenset({"and", "or", "not", "case", "when", "then", "else", "end", "is", "in", "from"})
_LITERALS: Final = frozenset({"null", "true", "false"})


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    place: int

    @property
    def word(self) -> str:
        """The keyword or sign that this may be, in lower case."""
        return self.text.lower() if self.kind in {"word", "sign"} else ""


def row_only(target: str, text: str, columns: Iterable[str], *, as_of: date | None = None) -> str:
    """
    The expression *text*, which fills *target*, as SQL of the *columns* that an engine may evaluate.

    Raises: Customer360Error when it could use more than the values of its row, or is no expression.
    """
    return _Reader(target, text, columns, as_of or date.max).whole()


def quoted(column: str) -> str:
    """A column in Spark SQL, whatever its name."""
    return "`" + column.replace("`", "``") + "`"


def named_in(sql: str) -> tuple[str, ...]:
    """The columns that *sql*, which was made here, is made of."""
    return tuple(name.replace("``", "`") for name in re.findall(r"`((?:[^`]|``)+)`", re.sub(r"'[^']*'", "", sql)))


class _Reader:
    """Reads an expression from left to right; every method returns the SQL of what it has read."""

    def __init__(self, target: str, text: str, columns: Iterable[str], as_of: date) -> None:
        self._target, self._text, self._as_of = target, text, as_of
        self._columns = {name.lower(): name for name in columns}
        self._tokens = self._cut()
        self._next, self._depth = 0, 0

    def whole(self) -> str:
        found = self._expression()
        return found if self._token.kind == "end" else self._fail()

    def _cut(self) -> list[_Token]:
        tokens, place = [], 0
        while place < len(self._text):
            found = _TOKEN.match(self._text, place)
            if found is None or found.lastgroup is None:
                raise self._error(place)
            tokens.append(_Token(found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)))
            place = found.end()
        return [*tokens, _Token("end", "", len(self._text))]

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _error(self, place: int, hint: str = "") -> Customer360Error:
        shown = one_line(f"{self._text[max(0, place - _SHOWN) : place]}^{self._text[place : place + _SHOWN]}")
        hint = (
            hint or "close brackets and quotes, double a quote inside a text, and leave out comments and queries"
        )
        return Customer360Error(f"the mapping of {self._target} does not parse at ^ in {shown}; {hint}")

    def _fail(self, hint: str = "") -> str:
        raise self._error(self._token.place, hint)

    def _take(self) -> _Token:
        self._next += 1
        return self._tokens[self._next - 1]

    def _is(self, *words: str, ahead: int = 0) -> bool:
        place = min(self._next + ahead, len(self._tokens) - 1)
        return self._tokens[place].word in words

    def _need(self, *words: str) -> str:
        return self._take().text.upper() if self._is(*words) else self._fail()

    def _maybe(self, *words: str) -> str:
        """The word with a blank after it if it comes next, else nothing."""
        return f"{self._take().text.upper()} " if self._is(*words) else ""

    def _expression(self) -> str:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._fail(f"write it with at most {_DEEPEST} brackets inside each other")
        found = self._operand()
        while (more := self._more()) is not None:
            found += f" {more}"
        self._depth -= 1
        return found

    def _more(self) -> str | None:
        """What follows a value and belongs to it: an operator and the next value, or a test of it."""
        if self._is("is"):
            return self._is_what()
        negated = self._maybe("not") if self._is(*_NEGATED, ahead=1) else ""
        if self._is("in"):
            self._take()
            return f"{negated}IN ({self._arguments()})"
        if self._token.word in _BINARY | _BINARY_WORDS:
            return f"{negated}{self._take().text.upper()} {self._operand()}"
        return None

    def _is_what(self) -> str:
        found = f"{self._need('is')} {self._maybe('not')}"
        if self._is("distinct"):
            return f"{found}{self._need('distinct')} {self._need('from')} {self._operand()}"
        return found + self._need(*_LITERALS)

    def _operand(self) -> str:
        signs = ""
        while self._is("-", "+", "not"):
            signs += f"{self._take().text.upper()} "
        found = self._value()
        while self._is("[", "::"):
            found += f"[{self._indexed()}]" if self._take().text == "[" else f"::{self._type()}"
        if self._is("."):
            self._fail("put a column whose name has a point in backticks")
        return signs + found

    def _indexed(self) -> str:
        found = self._expression()
        self._need("]")
        return found

    def _value(self) -> str:
        token = self._token
        if token.kind == "text":
            return _literal(self._take().text)
        if token.kind == "number":
            return self._take().text
        if token.kind == "name":
            return self._column(self._take().text[1:-1].replace("``", "`"))
        if token.word == "(":
            return f"({self._one()})"
        return self._of_word() if token.kind == "word" else self._fail()

    def _of_word(self) -> str:
        if self._is("(", ahead=1) and not self._is(*_RESERVED):
            return self._call()
        if self._is("date", "timestamp") and self._tokens[self._next + 1].kind == "text":
            return self._day()
        if self._is("interval") and self._tokens[self._next + 1].kind in {"text", "number"}:
            return f"{self._need('interval')} {self._value()} {self._need(*UNITS)}"
        if self._is("case"):
            return self._case()
        if self._is(*_LITERALS):
            return self._take().text.upper()
        return self._fail() if self._is(*_RESERVED) else self._column(self._take().text)

    def _column(self, name: str) -> str:
        if (column := self._columns.get(name.lower())) is not None and not self._is("("):
            return quoted(column)
        self._next -= 1
        if self._is("select", "with", "table", "values", "over") or self._is("(", ahead=1):
            self._fail()
        hint = nearest(name, self._columns.values())
        raise Customer360Error(
            f"the mapping of {self._target}: the source has no column '{one_line(name)}'.{hint}"
        )

    def _day(self) -> str:
        kind, text = self._take().text.upper(), self._take().text
        # 'today' is a day too, and another one tomorrow.
        return f"{kind} {text}" if re.fullmatch(r"'[0-9T :.Z+-]+'", text) else self._fail()

    def _case(self) -> str:
        found = self._need("case") + ("" if self._is("when") else f" {self._expression()}")
        while self._is("when"):
            found += f" {self._need('when')} {self._expression()} {self._need('then')} {self._expression()}"
        if self._is("else"):
            found += f" {self._need('else')} {self._expression()}"
        return f"{found} {self._need('end')}"

    def _type(self) -> str:
        if not self._is(*TYPES):
            self._fail(f"cast to one of {', '.join(sorted(TYPES))}")
        found = self._take().text.upper()
        if not self._is("("):
            return found
        sizes = self._take().text
        while self._token.kind == "number" or self._is(","):
            sizes += self._take().text
        return found + sizes + self._need(")")

    def _call(self) -> str:
        name = self._token.word
        if name not in FUNCTIONS:
            raise Customer360Error(self._not_allowed(name))
        self._take()
        if name in OWN:
            return self._own(name)
        self._need("(")
        found = _FORMS.get(name, _Reader._plain)(self)
        return f"{name}({found}{self._need(')')}"

    def _not_allowed(self, name: str) -> str:
        close = difflib.get_close_matches(name, sorted(FUNCTIONS), n=1, cutoff=0)
        return (
            f"the mapping of {self._target} calls {name}(), which a mapping may not call; the nearest function "
            f"that it may call is {close[0]}(); docs/own-data.md lists them all"
        )

    def _own(self, name: str) -> str:
        """A function of ours, written out; its argument is written several times, so it has no such one inside."""
        start = self._next
        if name == "as_of_date":
            return f"DATE '{self._as_of}'{(self._need('(') + self._need(')'))[2:]}"
        found = self._one()
        if any(token.word in _WRITTEN_OUT for token in self._tokens[start : self._next]):
            self._next = start
            self._fail(
                f"{name}() takes a column or a function of it, and none of {', '.join(_WRITTEN_OUT)} inside"
            )
        return _WRITTEN_OUT[name](found)

    def _one(self) -> str:
        self._need("(")
        found = self._expression()
        self._need(")")
        return found

    def _plain(self) -> str:
        return self._expression() + self._rest()

    def _rest(self) -> str:
        found = ""
        while self._is(","):
            found += f"{self._take().text} {self._expression()}"
        return found

    def _arguments(self) -> str:
        """A list in brackets, without them."""
        self._need("(")
        found = self._plain()
        self._need(")")
        return found

    def _cast(self) -> str:
        return f"{self._expression()} {self._need('as')} {self._type()}"

    def _extract(self) -> str:
        return f"{self._need(*UNITS)} {self._need('from')} {self._expression()}"

    def _units(self) -> str:
        return self._need(*UNITS) + self._rest()

    def _trim(self) -> str:
        side = self._maybe("both", "leading", "trailing")
        found = side + ("" if side and self._is("from") else self._expression())
        return f"{found} {self._need('from')} {self._expression()}" if self._is("from") else found + self._rest()

    def _substring(self) -> str:
        found = self._expression()
        for word in ("from", "for"):
            found += f" {self._need(word)} {self._expression()}" if self._is(word) else ""
        return found + self._rest()

    def _position(self) -> str:
        # `a IN b` without brackets is part of no other expression.
        found = self._operand()
        return f"{found} {self._need('in')} {self._expression()}" if self._is("in") else found + self._rest()


_FORMS: Final[dict[str, Callable[[_Reader], str]]] = {
    "cast": _Reader._cast, "try_cast": _Reader._cast, "extract": _Reader._extract, "timestampadd": _Reader._units,
    "timestampdiff": _Reader._units, "trim": _Reader._trim, "substring": _Reader._substring,
    "substr": _Reader._substring, "position": _Reader._position,
}  # fmt: skip


def _literal(text: str) -> str:
    """A text as every engine reads it: in single quotes, without the r of a raw one."""
    if text[0] in "rR":
        return "'" + text[2:-1].replace("\\", "\\\\") + "'"
    return text if text[0] == "'" else "'" + text[1:-1].replace("'", "''") + "'"


def _filled(value: str) -> str:
    text = f"trim({value})"
    return f"CASE WHEN lower({text}) NOT IN ({_texts(NOTHING)}) THEN {text} END"


def _filled_text(value: str) -> str:
    return f"CASE WHEN trim({value}) NOT IN ({_texts(NO_TEXT)}) THEN trim({value}) END"


def _hashed_id(value: str) -> str:
    # The hash of null is a number too.
    return f"CASE WHEN lower(trim({value})) NOT IN ({_texts(NOTHING)}) THEN xxhash64(trim({value})) END"


def _texts(words: Iterable[str]) -> str:
    return ", ".join("'" + word.replace("\\", "\\\\").replace("'", "''") + "'" for word in words)


_WRITTEN_OUT: Final = {"filled": _filled, "filled_text": _filled_text, "hashed_id": _hashed_id}
