"""Parses the model's DAX into nested lists: [operator or function or kind, operands...]."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)|"(?P<text>[^"]*)"|'(?P<table>(?:[^']|'')+)'|\[(?P<name>[^\]]+)\]"""
    r"""|(?P<word>\w+)|(?P<sign>&&|\|\||<>|>=|<=|[-+*=<>(),&]))"""
)

LEVELS = (("||",), ("&&",), ("=", "<>", ">=", "<=", ">", "<", "IN"), ("&",), ("+", "-"), ("*",))


Tree = list[Any]
"""An operator, function or kind, and its operands."""


def parse(text: str) -> Tree:
    """The expression as nested lists: [operator or function or kind, operands...]."""
    tokens = []
    position = 0
    text = text.strip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None:
            raise SyntaxError(f"not DAX that we emit: {text[position:]}")
        kind = match.lastgroup or ""
        tokens.append((kind, match[kind]))
        position = match.end()
    parser = _Parser(tokens)
    tree = parser.statement()
    if parser.tokens:
        raise SyntaxError(f"left over: {parser.tokens}")
    return tree


@dataclass
class _Parser:
    tokens: list[tuple[str, str]]

    def next(self, *expected: str) -> tuple[str, str] | None:
        if self.tokens and (
            not expected or (self.tokens[0][1] in expected and self.tokens[0][0] in ("sign", "word"))
        ):
            return self.tokens.pop(0)
        return None

    def any(self) -> tuple[str, str]:
        if not self.tokens:
            raise SyntaxError("the expression ends too early")
        return self.tokens.pop(0)

    def need(self, expected: str) -> None:
        if not self.next(expected):
            raise SyntaxError(f"expected {expected} before {self.tokens}")

    def statement(self) -> Tree:
        variables = []
        while self.next("VAR"):
            name = self.any()[1]
            self.need("=")
            variables.append((name, self.operation()))
        if variables:
            self.need("RETURN")
        return ["let", variables, self.operation()] if variables else self.operation()

    def operation(self, level: int = 0) -> Tree:
        if level == len(LEVELS):
            return self.operand()
        left = self.operation(level + 1)
        while sign := self.next(*LEVELS[level]):
            left = [sign[1], left, self.operation(level + 1)]
        return left

    def operand(self) -> Tree:
        if self.next("-"):
            return ["negative", self.operand()]
        if self.next("NOT"):
            return ["not", self.operand()]
        if self.next("("):
            inner = self.operation()
            self.need(")")
            return inner
        kind, value = self.any()
        if kind == "number":
            return ["constant", float(value)]
        if kind == "text":
            return ["constant", value]
        if kind == "name":
            return ["measure", value]
        if kind == "table":
            if self.tokens and self.tokens[0][0] == "name":
                return ["column", (value, self.tokens.pop(0)[1])]
            return ["table", value]
        return [value.upper(), *self.arguments()] if self.next("(") else ["variable", value]

    def arguments(self) -> Tree:
        found: Tree = []
        if self.next(")"):
            return found
        found.append(self.operation())
        while self.next(","):
            found.append(self.operation())
        self.need(")")
        return found
