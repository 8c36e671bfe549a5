"""From the tree of an expression to its values: every part gets its type, and texts become what a function takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn

from customer360.errors import Customer360Error
from customer360.own_data.language import casts, operators
from customer360.own_data.language.arrays import PARTS_OF_A_CELL, at_index, json_path, split
from customer360.own_data.language.calls import Function
from customer360.own_data.language.days import DATES, PARTS, later
from customer360.own_data.language.formats import reader, writer
from customer360.own_data.language.hashes import hashes
from customer360.own_data.language.numeric import NUMBERS
from customer360.own_data.language.own import OWN_VALUES
from customer360.own_data.language.patterns import regex, replacement
from customer360.own_data.language.text import TEXT, like, locate
from customer360.own_data.language.tree import Node
from customer360.own_data.language.types import (
    BOOLEAN,
    DATE,
    DOUBLE,
    INT,
    INTERVAL,
    NULL,
    STRING,
    TIMESTAMP,
    Type,
    array_of,
    compared,
    decimal,
    tightest,
    widest,
)
from customer360.own_data.language.values import NOTHING, Values, column, constant, each, every

_TEXTS: Final = {"text": STRING, "seconds": decimal(16, 6)}
_PREPARED: Final[dict[str, tuple[Callable[[str], Any], str]]] = {
    "regex": (regex, "a regular expression that Java and Python read alike"),
    "replacement": (replacement, "a replacement, with $1 for a group"),
    "format": (writer, "a pattern such as dd.MM.yyyy"),
    "unit": (lambda text: text if text in casts.LENGTHS else None, "a unit such as day"),
    "path": (json_path, "a path such as $.a[0]"),
}
_DEFAULT_FORMAT: Final = "yyyy-MM-dd HH:mm:ss"
_CASTS: Final = {
    "bigint",
    "boolean",
    "date",
    "decimal",
    "double",
    "float",
    "int",
    "smallint",
    "string",
    "timestamp",
}
_READ_BY_FORMAT: Final = {"to_date", "to_timestamp", "try_to_timestamp", "unix_timestamp", "to_unix_timestamp"}
_ARITHMETIC: Final = {"mod": "%", "pmod": "pmod"}
_TRIED: Final = {"try_add": "+", "try_subtract": "-", "try_multiply": "*", "try_divide": "/"}


def bound(target: str, node: Node) -> Values:
    """
    The values of the expression *node*, which fills *target*; its columns are texts.

    Raises: Customer360Error when the parts of it do not fit together.
    """
    return _Binder(target).values(node)


class _Binder:
    def __init__(self, target: str) -> None:
        self._target = target

    def values(self, node: Node) -> Values:
        if node.name == "column":
            return column(STRING, node.value)
        if node.name == "literal":
            return constant(*node.value)
        parts = [self.values(part) for part in node.parts]
        found = _FORMS[node.name](self, node, parts) if node.name in _FORMS else self._called(node.name, parts)
        if found is None:
            self._fail(node.name, parts)
        return found

    def _fail(self, name: str, parts: Sequence[Values], hint: str = "") -> NoReturn:
        of = ", ".join(str(part.type) for part in parts) or "nothing"
        call = f"{name}()" if name.replace("_", "").isalnum() else name
        raise Customer360Error(
            f"the mapping of {self._target}: {call} does not work on {of}; {hint or 'cast to a type, such as cast(x AS double)'}"
        )

    def convert(self, some: Values, to: Type, *, is_strict: bool = False) -> Values:
        """*some* as another type, with null for what is none."""
        if some.type == to:
            return some
        if some.type == NULL:
            return constant(to, None)
        if some.type.name == to.name == "array" and some.type.of and to.of:
            inner = casts.cast(some.type.of, to.of) if some.type.of != NULL else str
            if inner:
                return each(to, lambda found: [None if one is None else inner(one) for one in found], some)
        if (made := casts.cast(some.type, to, is_strict=is_strict)) is None:
            self._fail(f"cast to {to}", [some], "there is no such value")
        return each(to, made, some)

    def _called(self, name: str, parts: Sequence[Values]) -> Values | None:
        if name in _READ_BY_FORMAT:
            return self._read(name, parts)
        if function := TEXT.get(name) or DATES.get(name):
            return self._function(name, function, parts)
        made = NUMBERS.get(name) or PARTS_OF_A_CELL.get(name)
        return made(parts, self.convert) if made else None

    def _function(self, name: str, function: Function, parts: Sequence[Values]) -> Values:
        words = function.takes.split()
        least = sum(not word.endswith("?") for word in words)
        if not least <= len(parts) <= len(words):
            counts = str(least) if least == len(words) else f"{least} to {len(words)}"
            self._fail(name, parts, f"it takes {counts} values")
        given = [self._argument(name, part, word.rstrip("?")) for part, word in zip(parts, words, strict=False)]
        return each(function.gives, function.compute, *given)

    def _argument(self, name: str, some: Values, word: str) -> Values:
        if word in _PREPARED:
            return self._prepared(name, some, word)
        if word == "number":
            return some if some.type.is_number else self.convert(some, DOUBLE)
        to = _TEXTS.get(word) or Type(word)
        if (to == STRING and some.type.of) or (to == BOOLEAN and some.type == STRING):
            self._fail(name, [some])
        if to.is_whole and not (some.type.is_number or some.type in {STRING, NULL}):
            self._fail(name, [some])
        if to.is_moment and not (some.type.is_moment or some.type in {STRING, NULL}):
            self._fail(name, [some])
        return self.convert(some, to)

    def _prepared(self, name: str, some: Values, word: str) -> Values:
        """An argument that is one text for all rows."""
        prepare, meant = _PREPARED[word]
        if not some.is_constant or some.type != STRING:
            self._fail(name, [some], f"write {meant} in quotes")
        if (found := prepare(some.constant)) is None:
            self._fail(name, [some], f"'{some.constant}' is not {meant}")
        return constant(STRING, found)

    def _read(self, name: str, parts: Sequence[Values]) -> Values | None:
        """A day or a moment of a text, by a pattern where there is one."""
        name = "to_timestamp" if name == "try_to_timestamp" else name
        is_unix = "unix" in name
        if len(parts) > 2 or (parts[0].type == STRING and is_unix and len(parts) == 1):
            parts = [*parts, constant(STRING, _DEFAULT_FORMAT)] if len(parts) == 1 else parts
        if len(parts) == 2 and parts[0].type == STRING:
            some, pattern = parts
            read = reader(pattern.constant) if pattern.is_constant and pattern.type == STRING else None
            if read is None:
                self._fail(name, parts, "write a pattern such as dd.MM.yyyy with a year, in quotes")
            moments = each(TIMESTAMP, read, some)
        elif len(parts) <= 2:
            if name == "to_date":
                return self._argument(name, parts[0], "date")
            moments = self._argument(name, parts[0], "timestamp")
        else:
            return None
        return self._function(name, DATES[name], [moments])

    # Forms of their own

    def _cast(self, node: Node, parts: Sequence[Values]) -> Values:
        return self.convert(parts[0], node.value, is_strict=node.name == "try_cast")

    def _cast_call(self, node: Node, parts: Sequence[Values]) -> Values | None:
        to = decimal(10, 0) if node.name == "decimal" else Type(node.name)
        return self.convert(parts[0], to) if len(parts) == 1 else None

    def _arithmetic(self, node: Node, parts: Sequence[Values]) -> Values | None:
        sign = _ARITHMETIC.get(node.name) or _TRIED.get(node.name) or node.name
        if len(parts) != 2:
            return None
        one, other = parts
        if sign in "+-" and (one.type.is_moment or other.type.is_moment or INTERVAL in {one.type, other.type}):
            return self._shifted(sign, one, other)
        return operators.arithmetic(sign, one, other, self.convert, is_tried=node.name in _TRIED)

    def _shifted(self, sign: str, one: Values, other: Values) -> Values | None:
        if sign == "+" and not one.type.is_moment:
            one, other = other, one
        if not one.type.is_moment:
            return None
        if other.type == INTERVAL:
            count, unit = other.constant
            count = count if sign == "+" else -count
            is_clock = not isinstance(casts.LENGTHS[unit], int) and casts.LENGTHS[unit].days == 0
            start = self.convert(one, TIMESTAMP) if is_clock else one
            return each(start.type, lambda moment: later(moment, count, unit), start)
        if one.type == DATE and other.type.is_whole:
            name = "date_add" if sign == "+" else "date_sub"
            return self._function(name, DATES[name], [one, other])
        if sign == "-":
            self._fail(sign, [one, other], "write datediff(a, b) for the days between them")
        return None

    def _compared(self, node: Node, parts: Sequence[Values]) -> Values | None:
        one, other = parts
        common = compared(one.type, other.type)
        if common is None and node.name in {"=", "<>", "<=>"} and BOOLEAN in {one.type, other.type}:
            common = one.type if other.type == BOOLEAN else other.type
            common = common if common.is_number else None
        if common is None or common.of or common == INTERVAL:
            return None
        return operators.comparison(node.name, self.convert(one, common), self.convert(other, common))

    def _between(self, node: Node, parts: Sequence[Values]) -> Values | None:
        low, high = (
            self._compared(Node(sign), [parts[0], part]) for sign, part in ((">=", parts[1]), ("<=", parts[2]))
        )
        return low and high and every(BOOLEAN, operators.all_of, low, high)

    def _in(self, node: Node, parts: Sequence[Values]) -> Values | None:
        common = widest(part.type for part in parts)
        if common is None or common.of or common == INTERVAL:
            return None
        return every(BOOLEAN, operators.one_of, *(operators.ordered(self.convert(part, common)) for part in parts))

    def _flags(self, node: Node, parts: Sequence[Values]) -> Values | None:
        if any(part.type not in {BOOLEAN, NULL} for part in parts):
            self._fail(node.name.upper(), parts, "write a condition, such as x = 'yes'")
        compute = {"and": operators.all_of, "or": operators.any_of}
        if node.name == "not":
            return each(BOOLEAN, lambda flag: not flag, self.convert(parts[0], BOOLEAN))
        return every(BOOLEAN, compute[node.name], *parts)

    def _like(self, node: Node, parts: Sequence[Values]) -> Values | None:
        escape = parts[2].constant if len(parts) == 3 else "\\"
        pattern = parts[1].constant if parts[1].is_constant and parts[1].type == STRING else None
        found = (
            like(pattern, escape, ignores_case=node.name == "ilike") if pattern is not None and escape else None
        )
        if found is None:
            self._fail(node.name.upper(), parts, "write a pattern such as 'a%' in quotes")
        some = self._argument(node.name, parts[0], "text")
        if node.name == "ilike":
            return each(BOOLEAN, lambda text: found.fullmatch(text.lower()) is not None, some)
        return each(BOOLEAN, lambda text: found.fullmatch(text) is not None, some)

    def _case(self, node: Node, parts: Sequence[Values]) -> Values | None:
        conditions, values = parts[:-1:2], [*parts[1:-1:2], parts[-1]]
        if any(some.type not in {BOOLEAN, NULL} for some in conditions):
            self._fail("CASE", conditions, "write a condition, such as WHEN x = 'yes'")
        return self._chosen(conditions, values)

    def _chosen(self, conditions: Sequence[Values], values: Sequence[Values]) -> Values | None:
        common = widest(some.type for some in values)
        if common is None or common == INTERVAL:
            return None
        size = len(conditions)

        def chosen(*row: Any) -> Any:
            for place in range(size):
                if row[place]:
                    return row[size + place]
            return row[-1]

        return every(common, chosen, *conditions, *(self.convert(some, common) for some in values))

    def _if(self, node: Node, parts: Sequence[Values]) -> Values | None:
        if len(parts) != 3:
            return None
        if node.name == "nvl2":
            parts = [self._is_null(parts[0]), parts[2], parts[1]]
        if parts[0].type not in {BOOLEAN, NULL}:
            self._fail("if", parts, "write a condition first, such as x = 'yes'")
        return self._chosen(parts[:1], parts[1:])

    def _nullif(self, node: Node, parts: Sequence[Values]) -> Values | None:
        same = self._compared(Node("="), parts) if len(parts) == 2 else None
        return same and self._chosen([same], [NOTHING, parts[0]])

    def _coalesce(self, node: Node, parts: Sequence[Values]) -> Values | None:
        common = widest(part.type for part in parts)
        if common is None or common == INTERVAL or (node.name != "coalesce" and len(parts) != 2):
            return None
        return every(common, _first, *(self.convert(part, common) for part in parts))

    def _is_null(self, some: Values) -> Values:
        return every(BOOLEAN, lambda value: value is None, some)

    def _null_test(self, node: Node, parts: Sequence[Values]) -> Values | None:
        is_null = self._is_null(parts[0])
        found = is_null if node.name == "isnull" else each(BOOLEAN, lambda flag: not flag, is_null)
        return found if len(parts) == 1 else None

    def _extreme(self, node: Node, parts: Sequence[Values]) -> Values | None:
        common: Type | None = parts[0].type
        for part in parts[1:]:
            common = common and tightest(common, part.type)
        if common is None or common.key or common == INTERVAL or len(parts) < 2:
            return None
        made = [self.convert(part, common) for part in parts]
        return every(common, operators.extreme(made, is_largest=node.name == "greatest"), *made)

    def _concat(self, node: Node, parts: Sequence[Values]) -> Values:
        texts = [self._argument("concat", part, "text") for part in parts]
        return each(STRING, lambda *row: "".join(row), *texts)

    def _concat_ws(self, node: Node, parts: Sequence[Values]) -> Values:
        made = [
            self.convert(part, array_of(STRING))
            if part.type.name == "array"
            else self._argument("concat_ws", part, "text")
            for part in parts
        ]
        return every(STRING, _joined, *made)

    def _locate(self, node: Node, parts: Sequence[Values]) -> Values:
        """Without a place to start at nothing is found."""
        found = self._function(node.name, TEXT["locate"], parts[:2])
        if len(parts) < 3:
            return found
        given = [*(self._argument(node.name, part, "text") for part in parts[:2]), self._argument(node.name, parts[2], "int")]
        return every(INT, _located, *given) if len(parts) == 3 else self._fail(node.name, parts, "it takes 2 to 3 values")

    def _split(self, node: Node, parts: Sequence[Values]) -> Values:
        return self._function("split", Function("text regex int?", array_of(STRING), split), parts)

    def _json(self, node: Node, parts: Sequence[Values]) -> Values:
        function = Function("text path", STRING, lambda text, find: find(text))
        return self._function("get_json_object", function, parts)

    def _date_part(self, node: Node, parts: Sequence[Values]) -> Values | None:
        unit = parts[0].constant if parts[0].is_constant and parts[0].type == STRING else None
        if len(parts) != 2 or unit is None or unit.lower() not in PARTS:
            self._fail(node.name, parts, f"name one of {', '.join(PARTS)}")
        return self._function(node.name, PARTS[unit.lower()], parts[1:])

    def _from_unixtime(self, node: Node, parts: Sequence[Values]) -> Values:
        parts = [*parts, constant(STRING, _DEFAULT_FORMAT)] if len(parts) == 1 else parts
        return self._function(node.name, DATES[node.name], parts)

    def _hash(self, node: Node, parts: Sequence[Values]) -> Values | None:
        return hashes(parts)

    def _rlike(self, node: Node, parts: Sequence[Values]) -> Values:
        return self._function("regexp_like", TEXT["regexp_like"], parts)

    def _own(self, node: Node, parts: Sequence[Values]) -> Values:
        return self._function(node.name, OWN_VALUES[node.name], parts)

    def _indexed(self, node: Node, parts: Sequence[Values]) -> Values | None:
        return at_index(parts, self.convert)


def _first(*row: Any) -> Any:
    return next((value for value in row if value is not None), None)


def _located(part: str | None, text: str | None, start: int | None) -> int | None:
    if start is None:
        return 0
    return None if part is None or text is None else locate(part, text, start)


def _joined(mark: str | None, *row: Any) -> str | None:
    if mark is None:
        return None
    texts = (text for some in row for text in (some if isinstance(some, list) else [some]))
    return mark.join(text for text in texts if text is not None)


Form = Callable[[_Binder, Node, Sequence[Values]], Values | None]
_FORMS: Final[dict[str, Form]] = {
    "cast": _Binder._cast, "try_cast": _Binder._cast, "case": _Binder._case, "if": _Binder._if, "nvl2": _Binder._if,
    "nullif": _Binder._nullif, "coalesce": _Binder._coalesce, "ifnull": _Binder._coalesce, "nvl": _Binder._coalesce,
    "isnull": _Binder._null_test, "isnotnull": _Binder._null_test, "greatest": _Binder._extreme,
    "least": _Binder._extreme, "concat": _Binder._concat, "||": _Binder._concat, "concat_ws": _Binder._concat_ws,
    "between": _Binder._between, "in": _Binder._in, "and": _Binder._flags, "or": _Binder._flags,
    "not": _Binder._flags, "like": _Binder._like, "ilike": _Binder._like, "rlike": _Binder._rlike,
    "split": _Binder._split, "locate": _Binder._locate, "position": _Binder._locate, "get_json_object": _Binder._json, "date_part": _Binder._date_part,
    "datepart": _Binder._date_part, "from_unixtime": _Binder._from_unixtime, "xxhash64": _Binder._hash,
    "[]": _Binder._indexed,
    **dict.fromkeys(_CASTS, _Binder._cast_call), **dict.fromkeys(OWN_VALUES, _Binder._own),
    **dict.fromkeys([*"+-*/%", "div", *_ARITHMETIC, *_TRIED], _Binder._arithmetic),
    **dict.fromkeys(["=", "<>", "<", "<=", ">", ">=", "<=>"], _Binder._compared),
}  # fmt: skip
