"""
Writes examples/members.csv: the members of an invented coffee house, as a till would export them, dirt included.

Always the same bytes. The dirt is on purpose, and each kind of it is told in examples/README.md.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

TODAY = date(2026, 6, 30)
MEMBERS = 800
FIRST = (
    "Ana",
    "Ben",
    "Chloé",
    "Dario",
    "Elif",
    "Femi",
    "Greta",
    "Hugo",
    "Inés",
    "Jonas",
    "Kaito",
    "Leïla",
    "Mateo",
)
LAST = ("Okafor", "Silva", "Novák", "Meyer", "Rossi", "Tanaka", "Dubois", "García", "Larsen", "Popescu", "Kaya")
COUNTRIES = ("Germany", "France", "Spain", "Italy", "Norway", "Turkey", "Japan")
HEADER = ("Member No", "Full Name", "Country", "Member Since", "Last Visit", "Card", "Stars", "Balance", "Active?")
TARGET = Path(__file__).parents[1] / "examples" / "members.csv"


def main(target: Path = TARGET) -> None:
    rows = [member(random.Random(number), number) for number in range(1, MEMBERS + 1)]  # noqa: S311
    for place, spoil in enumerate(DIRT):
        spoil(rows, 37 + 29 * place)
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";", lineterminator="\r\n").writerows([HEADER, *rows])


def member(rng: random.Random, number: int) -> list[str]:
    worth = rng.lognormvariate(0, 1)
    joined = TODAY - timedelta(days=int(2200 * rng.random() ** 1.4))
    seen = max(joined, TODAY - timedelta(days=int(rng.expovariate(1 / (40 + 110 / worth)))))
    stars = int(90 * worth * (1 + (TODAY - joined).days / 500))
    card = "Black" if stars > 700 else "Red" if stars > 220 else "Green"
    yes, no = rng.choice((("Yes", "No"), ("Y", "N"), ("1", "0")))
    return [
        str(100_000 + number),
        f"{rng.choice(FIRST)} {rng.choice(LAST)}",
        rng.choice(COUNTRIES),
        f"{joined:%d.%m.%Y}",
        rng.choice((f"{seen:%d.%m.%Y}", f"{seen:%Y-%m-%d}")),
        card,
        f"{stars}",
        european(round(45 * worth * rng.uniform(0.4, 1.6), 2)),
        yes if (TODAY - seen).days < 90 else no,
    ]


def european(amount: float) -> str:
    return f"€ {amount:,.2f}".translate(str.maketrans(",.", ".,"))


def set_to(column: str, value: str) -> Callable[[list[list[str]], int], None]:
    def spoil(rows: list[list[str]], place: int) -> None:
        rows[place][HEADER.index(column)] = value

    return spoil


def again(rows: list[list[str]], place: int) -> None:
    rows.insert(place + 5, [*rows[place][:4], "29.06.2026", *rows[place][5:]])


DIRT = (
    set_to("Member No", ""),
    set_to("Member No", "unknown"),
    again,
    again,
    set_to("Member Since", "31.02.2024"),
    set_to("Member Since", "soon"),
    set_to("Member Since", "01.01.2031"),
    set_to("Last Visit", "03.03.1999"),
    set_to("Stars", "-50"),
    set_to("Stars", "a lot"),
    set_to("Balance", "n/a"),
    set_to("Balance", "NaN"),
    set_to("Balance", "12,5O"),
    set_to("Balance", "99.999.999.999.999,00"),
    set_to("Full Name", 'Zoë "Zo"\nMüller'),
    set_to("Full Name", "Peters; Ltd."),
    set_to("Country", "  Germany "),
    set_to("Active?", "maybe"),
    set_to("Card", ""),
    set_to("Last Visit", ""),
)

if __name__ == "__main__":
    main()
