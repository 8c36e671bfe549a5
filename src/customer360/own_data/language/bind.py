"""Turns the tree of an expression into typed values; texts are converted to what a function takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NoReturn

from customer360.errors import Invalid
from customer360.own_data.language import casts
from customer360.own_data.language.arrays import PARTS_OF_A_CELL, TEXTS_OF_PARTS, json_path
from customer360.own_data.language.calls import Function
from customer360.own_data.language.days import DATES
from customer360.own_data.language.formats import DEFAULT, reader, writer
from customer360.own_data.language.forms import FORMS, Call
from customer360.own_data.language.numeric import NUMBERS
from customer360.own_data.language.own import OWN_VALUES
from customer360.own_data.language.patterns import regex, replacement
from customer360.own_data.language.text import TEXT
from customer360.own_data.language.tree import Node
from customer360.own_data.language.types import BOOLEAN, DOUBLE, NULL, STRING, TIMESTAMP, Type, decimal
from customer360.own_data.language.values import Values, column, constant, each

_HINT: Final = "cast to a type, such as cast(x AS double)"
_TEXTS: Final = {"text": STRING, "seconds": decimal(16, 6)}
_PREPARED: Final[dict[str, tuple[Callable[[str], Any], str]]] = {
    "regex": (regex, "a regular expression that Java and Python read the same way"),
    "replacement": (replacement, "a replacement, with $1 for a group"),
    "format": (writer, "a pattern such as dd.MM.yyyy"),
    "unit": (lambda text: text if text in casts.LENGTHS else None, "a unit such as day"),
    "path": (json_path, "a path such as $.a[0]"),
}
_FUNCTIONS: Final = {**TEXT, **DATES, **TEXTS_OF_PARTS, **OWN_VALUES}
_READ_BY_FORMAT: Final = {"to_date", "to_timestamp", "try_to_timestamp", "unix_timestamp", "to_unix_timestamp"}


def bound(target: str, node: Node) -> Values:
    """
    The values of the expression *node*, which fills *target*; its columns are texts.

    Raises: Customer360Error when its types do not match.
    """
    return Binder(target).values(node)


class Binder:
    """Binds the parts of one expression."""

    def __init__(self, target: str) -> None:
        self._target = target

    def values(self, node: Node) -> Values:
        if node.name == "column":
            return column(STRING, node.value)
        if node.name == "literal":
            return constant(*node.value)
        parts = [self.values(part) for part in node.parts]
        found = (
            FORMS[node.name](self, Call(node.name, parts, node.value))
            if node.name in FORMS
            else self._called(node.name, parts)
        )
        if found is None:
            self.fail(node.name, parts)
        return found

    def fail(self, name: str, parts: Sequence[Values], hint: str = "") -> NoReturn:
        of = ", ".join(str(part.type) for part in parts) or "nothing"
        call = f"{name}()" if name.islower() and " " not in name else name
        raise Invalid(f"the expression for {self._target}: {call} does not accept {of}; {hint or _HINT}")

    def convert(self, some: Values, to: Type, *, is_strict: bool = False) -> Values:
        """*some* cast to another type; null for values that cannot be cast."""
        if some.type == to:
            return some
        if some.type == NULL:
            return constant(to, None)
        if some.type.name == to.name == "array" and some.type.of and to.of:
            inner = casts.cast(some.type.of, to.of) if some.type.of != NULL else str
            if inner:
                return each(to, lambda found: [None if one is None else inner(one) for one in found], some)
        if (made := casts.cast(some.type, to, is_strict=is_strict)) is None:
            self.fail(f"cast to {to}", [some], "no value of this type can be cast")
        return each(to, made, some)

    def _called(self, name: str, parts: Sequence[Values]) -> Values | None:
        if name in _READ_BY_FORMAT:
            return self._read(name, parts)
        if function := _FUNCTIONS.get(name):
            return self.function(name, function, parts)
        made = NUMBERS.get(name) or PARTS_OF_A_CELL.get(name)
        return made(parts, self.convert) if made else None

    def function(self, name: str, function: Function, parts: Sequence[Values]) -> Values:
        words = function.takes.split()
        least = sum(not word.endswith("?") for word in words)
        if not least <= len(parts) <= len(words):
            counts = str(least) if least == len(words) else f"{least} to {len(words)}"
            self.fail(name, parts, f"it takes {counts} argument{'s' * (counts != '1')}")
        given = [self.argument(name, part, word.rstrip("?")) for part, word in zip(parts, words, strict=False)]
        return each(function.gives, function.compute, *given)

    def argument(self, name: str, some: Values, word: str) -> Values:
        if word in _PREPARED:
            return self._prepared(name, some, word)
        if word == "number":
            return some if some.type.is_number else self.convert(some, DOUBLE)
        to = _TEXTS.get(word) or Type(word)
        if (to == STRING and some.type.of) or (to == BOOLEAN and some.type == STRING):
            self.fail(name, [some])
        if to.is_whole and not (some.type.is_number or some.type in {STRING, NULL}):
            self.fail(name, [some])
        if to.is_moment and not (some.type.is_moment or some.type in {STRING, NULL}):
            self.fail(name, [some])
        return self.convert(some, to)

    def _prepared(self, name: str, some: Values, word: str) -> Values:
        """An argument that is the same text for all rows."""
        prepare, meant = _PREPARED[word]
        if not some.is_constant or some.type != STRING:
            self.fail(name, [some], f"use {meant} in quotes")
        if (found := prepare(some.constant)) is None:
            self.fail(name, [some], f"'{some.constant}' is not {meant}")
        return constant(STRING, found)

    def _read(self, name: str, parts: Sequence[Values]) -> Values | None:
        """A date or timestamp read from a text, with a pattern if there is one."""
        if len(parts) > 2:
            return None
        if parts[0].type == STRING and (len(parts) == 2 or "unix" in name):
            pattern = parts[1].constant if len(parts) == 2 else DEFAULT
            read = reader(pattern) if isinstance(pattern, str) else None
            if read is None:
                self.fail(name, parts, "use a pattern with a year in quotes, such as 'dd.MM.yyyy'")
            return self.function(name, DATES[name], [each(TIMESTAMP, read, parts[0])])
        return (
            self.argument(name, parts[0], "date")
            if name == "to_date"
            else self.function(name, DATES[name], parts[:1])
        )
