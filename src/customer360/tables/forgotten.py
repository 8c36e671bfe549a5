"""Forgotten customers as keyed hashes: enough to recognise an id that returns, but not to say whose it was."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

IDS: Final = ("customer_id", "source_id")
"""The id columns. The column's name is part of the hash, so 17 in one column is not 17 in the other."""


@dataclass(frozen=True)
class Forgotten:
    """The *hashes* of the ids of forgotten customers, HMAC-SHA-256 with *salt*; false if there are none."""

    salt: bytes = b""
    hashes: frozenset[bytes] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.hashes)

    def has(self, column: str, value: object) -> bool:
        """Whether *value* of *column*, one of `IDS`, is a forgotten customer's; false for null."""
        return value is not None and hashed(self.salt, column, value) in self.hashes

    def among(self, column: str, values: Iterable[object]) -> set[object]:
        """The *values*, each hashed once, that belong to forgotten customers."""
        return {value for value in set(values) if self.has(column, value)}


NOBODY: Final = Forgotten()


def hashed(salt: bytes, column: str, value: object) -> bytes:
    """The hash of an id, regardless of letter case and surrounding spaces, as in comparisons of ids."""
    return hmac.digest(salt, f"{column}:{str(value).strip().lower()}".encode(errors="surrogatepass"), "sha256")
