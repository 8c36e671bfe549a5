"""Customers with every value that engines may treat differently; the same for the same seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pyarrow as pa

from customer360.tables import CUSTOMERS, columns_read

Draw = Callable[[random.Random], Any]

BLANKS = [sign for sign in map(chr, range(0x3001)) if sign.isspace()]
NO_BLANKS = ["\u200b", "\u2060", "\ufeff", "\u180e", "\u0000x".strip("\u0000"), "\u00ad"]
"""Characters that look like spaces but are not."""

LETTERS = [
    "İstanbul", "istanbul", "i̇stanbul", "ISTANBUL", "ıstanbul",  # dotted and dotless i
    "Straße", "STRASSE", "STRAẞE", "straße",
    "Kelvin", "\u212aelvin", "kelvin", "Ångström", "\u212bngström", "A\u030angström",
    "ΣΊΣΥΦΟΣ", "Σίσυφος", "σίσυφοσ", "ΟΔΟΣ", "ΟΔΟΣ.", "ΟΔΟΣΑ", "Σ", "ς", "AΣ", "A.Σ", "A\u0301Σ", "AΣ\u0301", "AΣ B",
    "ﬁnland", "FINLAND", "ǅ", "Ǆ", "ǆ", "Ა", "ა", "Ꭰ", "ꭰ", "Ⴀ", "ⴀ", "Ω", "ω", "ϴ", "θ", "Ⅷ", "ⅷ", "Ⓐ", "ⓐ", "𐐀", "𐐨", "𞤀", "𞤢",
    "Ꞔ", "ꞔ", "Ɤ", "ɤ", "Ꟊ", "ꟊ", "Ⱟ", "ⱟ", "𐕰", "𐖗", "Ɪ", "ɪ", "Ꟛ", "ꟛ",  # letters of recent versions of Unicode
    "e\u0301", "é", "É", "E\u0301", "\u0130\u0307", "J\u030c", "ǰ",
    "👩\u200d👩\u200d👧", "👩👩👧", "🇨🇱", "\u05e9\u05dc\u05d5\u05dd", "\u202eabc\u202c", "العربية", "日本", "한국", "\u1112\u1161\u11ab", "\U0010ffff", "\ufffd",
]  # fmt: skip
ODD = [
    "", " ", "\t", "a\nb", "a\rb", "a\r\nb", "\x01", "\x07", "\x1b[0m", "\x7f", "\x85", "\u2028x\u2029", "\\", "\\N", "\\x00", "'", '"', "''",
    '{"a":1}', "a,b", "%", "_", "NULL", "null", "None", "NaN", "Infinity", "-0", "1e5", "Other", "OTHER", "other ", "Unknown", "unknown", "\u00a0UNKNOWN",
    "x" * 3000, "é" * 700,
]  # fmt: skip
DAYS = [
    date(1, 1, 1), date(4, 2, 29), date(100, 3, 1), date(1000, 1, 1), date(1582, 10, 4), date(1582, 10, 5), date(1582, 10, 15), date(1899, 12, 31), date(1900, 1, 1),
    date(1900, 2, 28), date(1900, 3, 1), date(1969, 12, 31), date(1970, 1, 1), date(2000, 2, 29), date(2038, 1, 19), date(2100, 2, 28), date(9999, 12, 31),
]  # fmt: skip
TIMES = [
    timedelta(),
    timedelta(microseconds=1),
    timedelta(hours=12),
    timedelta(days=1) - timedelta(microseconds=1),
]
AMOUNTS = [
    "9999999999.99",
    "-9999999999.99",
    "0.00",
    "0.01",
    "-0.01",
    "0.10",
    "0.11",
    "0.25",
    "0.26",
    "1000.00",
    "2500.00",
    "2500.01",
]
LARGEST = 2**63 - 1


def text(chance: random.Random) -> str | None:
    """One of a few words, so that many customers share one, in random case and with random spaces around it."""
    word = chance.choice(
        [*LETTERS, *ODD, "Chile", "Chile", "Perú", "o'Land", *[f"Land {chance.randrange(30)}"] * 20]
    )
    cases: list[Callable[[str], str]] = [str, str, str.upper, str.lower, str.title, str.swapcase]
    word = chance.choice(cases)(word)
    around = [chance.choice(["", "", "", chance.choice(BLANKS), chance.choice(NO_BLANKS)]) for _ in range(2)]
    return chance.choice([f"{around[0]}{word}{around[1]}", word, word, None])


def day(around: date, *, spread: int) -> Draw:
    def draw(chance: random.Random) -> date | None:
        near = around + timedelta(days=chance.randint(-spread, min(3, (date.max - around).days)))
        first = near.replace(day=1)
        return chance.choice([None, *[near] * 14, first, first - timedelta(days=1), around, chance.choice(DAYS)])

    return draw


def moment(around: date, *, spread: int) -> Draw:
    on_day = day(around, spread=spread)

    def draw(chance: random.Random) -> datetime | None:
        found = on_day(chance)
        time = chance.choice([*TIMES, timedelta(microseconds=chance.randrange(86_400_000_000))])
        return found and datetime(found.year, found.month, found.day) + time

    return draw


def amount(chance: random.Random) -> Decimal | None:
    drawn = f"{chance.lognormvariate(6, 3):.2f}"
    return chance.choice(
        [None, Decimal(chance.choice(AMOUNTS)), *[Decimal(drawn)] * 3, Decimal(chance.randrange(5))]
    )


def points(chance: random.Random) -> int | None:
    odd = [0, 1, 2, 3, 250, 251, -1, 10**11, 10**11 + 1, LARGEST, -LARGEST - 1]
    return chance.choice([None, chance.choice(odd), *[int(chance.lognormvariate(6, 2))] * 4, 77])


def flag(chance: random.Random) -> bool | None:
    return chance.choice([True, True, False, None])


def draws(as_of: date) -> dict[str, Draw]:
    return {
        "source_id": lambda chance: chance.choice([None, f"{chance.randrange(10**6):07}", "a@b.example", text(chance)]),
        "name": text,
        "email": lambda chance: chance.choice([None, "", "a@b.example", text(chance)]),
        "gender": lambda chance: chance.choice([None, "", "Female", "female ", "MALE", "Other", text(chance)]),
        "birth_date": day(as_of - timedelta(days=9_000), spread=25_000),
        "country": text,
        "join_date": day(as_of, spread=900),
        "first_purchase": day(as_of, spread=500),
        "last_login": moment(as_of, spread=200),
        "is_active": flag,
        "loyalty_status": lambda chance: chance.choice(["Gold", "gold", "GOLD\u3000", "Silver", "ΑΡΓΥΡΌΣ", "αργυρός", "", " ", None, "Unknown", "Other"]),
        "loyalty_points": points,
        "account_balance": amount,
    }  # fmt: skip


TYPES = {
    "customer_id": pa.int64(),
    "source_id": pa.string(),
    "name": pa.string(),
    "email": pa.string(),
    "gender": pa.string(),
    "birth_date": pa.date32(),
    "country": pa.string(),
    "join_date": pa.date32(),
    "first_purchase": pa.date32(),
    "last_login": pa.timestamp("us"),
    "is_active": pa.bool_(),
    "loyalty_status": pa.string(),
    "loyalty_points": pa.int64(),
    "account_balance": pa.decimal128(12, 2),
}


def nasty_customers(
    rows: int, *, as_of: date, seed: int, missing: tuple[str, ...] = (), **others: tuple[pa.DataType, Draw]
) -> pa.Table:
    """
    *rows* customers without the *missing* columns; *others* are columns of other types, with how to draw a value.

    A few ids occur twice, are missing, or are the largest or smallest possible.
    """
    chance = random.Random(seed)
    drawn: Mapping[str, Draw] = {**draws(as_of), **{name: draw for name, (_, draw) in others.items()}}
    types = {**TYPES, **{name: kind for name, (kind, _) in others.items()}}
    customers = []
    for number in range(1, rows + 1):
        odd = [None, number // 2, LARGEST, -LARGEST - 1, 0, -number]
        own_id = chance.choice([number] * 60 + odd)
        row = {"customer_id": own_id, **{name: drawn[name](chance) for name in columns_read(CUSTOMERS)[1:]}}
        if "customer_id" in others:
            row["customer_id"] = drawn["customer_id"](chance)
        if chance.random() < 0.7 and isinstance(row["join_date"], date) and "last_login" not in others:
            row["last_login"] = _later(row["join_date"], row["last_login"])
        customers.append(row)
    fields = [(name, types[name]) for name in columns_read(CUSTOMERS) if name not in missing]
    return pa.Table.from_pylist(customers, pa.schema(fields))


def _later(joined: date, seen: datetime | None) -> datetime | None:
    """Makes most customers log in after joining, or all would be rejected."""
    return seen and max(seen, datetime(joined.year, joined.month, joined.day))


def utc(draw: Draw) -> Draw:
    def drawn(chance: random.Random) -> datetime | None:
        found = draw(chance)
        return found and found.replace(tzinfo=timezone.utc)

    return drawn
