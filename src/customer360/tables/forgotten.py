"""Who was forgotten, as keyed hashes: enough to know an id when it comes again, and not to tell whose it was."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

IDS: Final = ("customer_id", "source_id")
"""The columns that say who a customer is. Values are hashed with its name: 17 of one is not 17 of the other."""


@dataclass(frozen=True)
class Forgotten:
    """The *hashes* of the ids of those who were forgotten, HMAC-SHA-256 with *salt*; false without any."""

    salt: bytes = b""
    hashes: frozenset[bytes] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.hashes)

    def has(self, column: str, value: object) -> bool:
        """Whether *value*, of one of `IDS`, is that of somebody who was forgotten; null is nobody's."""
        return value is not None and hashed(self.salt, column, value) in self.hashes

    def among(self, column: str, values: Iterable[object]) -> set[object]:
        """Those of *values*, each hashed once, that are of somebody who was forgotten."""
        return {value for value in set(values) if self.has(column, value)}


NOBODY: Final = Forgotten()


def hashed(salt: bytes, column: str, value: object) -> bytes:
    """The hash of an id; letter case and blanks around it do not matter, as where ids are compared."""
    return hmac.digest(salt, f"{column}:{str(value).strip().lower()}".encode(errors="surrogatepass"), "sha256")
