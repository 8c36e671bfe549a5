"""
Writes examples/members.csv and orders.csv: the members of an invented coffee house and what they bought, as a till
would export them, including dirt.

The bytes are always the same. The dirt is deliberate, and examples/README.md lists each kind.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
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
MENU = {
    "Espresso": 2.60,
    "Flat white": 3.90,
    "Filter coffee": 3.20,
    "Croissant": 2.40,
    "Cheesecake": 4.80,
    "Beans 250 g": 9.90,
}
RECEIPTS_FROM = datetime(2025, 1, 1)  # noqa: DTZ001
LINE_HEADER = ("Receipt", "Time", "Member No", "Item", "Qty", "Unit Price")
EXAMPLES = Path(__file__).parents[1] / "examples"


def main(folder: Path = EXAMPLES) -> None:
    rows = [member(random.Random(number), number) for number in range(1, MEMBERS + 1)]  # noqa: S311
    lines = sorted(line for row in rows for line in bought(random.Random(f"orders of {row[0]}"), row))  # noqa: S311
    for place, spoil in enumerate(DIRT):
        spoil(rows, 37 + 29 * place)
    for place, (column, value) in enumerate(LINE_DIRT):
        lines[101 + 211 * place][LINE_HEADER.index(column)] = value
    with (folder / "members.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=";", lineterminator="\r\n").writerows([HEADER, *rows])
    with (folder / "orders.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";", lineterminator="\n").writerows([LINE_HEADER, *lines])


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


def bought(rng: random.Random, row: list[str]) -> list[list[str]]:
    """The lines of a member's receipts up to the last visit; now and then something is returned later."""
    first, last = (datetime.strptime(row[place], day_form(row[place])) for place in (3, 4))  # noqa: DTZ007
    lines = []
    for visit in visits(rng, first, last, 60 + 9_000 / (20 + int(row[6]))):
        at = visit + timedelta(minutes=rng.randrange(7 * 60, 19 * 60))
        receipt = f"R{at:%y%m%d}-{int(row[0]) % 1000:03}"
        items = rng.sample(sorted(MENU), k=rng.choice((1, 1, 2, 3)))
        lines += [line(receipt, at, row[0], item, rng.choice((1, 1, 1, 2))) for item in items]
        if rng.random() < 0.02 and visit + timedelta(days=2) <= last:
            lines.append(line(receipt, at + timedelta(days=2), row[0], items[0], -1))
    return lines


def visits(rng: random.Random, first: datetime, last: datetime, pause: float) -> Iterator[datetime]:
    visit = first + timedelta(days=int(rng.expovariate(1 / 9)))
    while visit <= last:
        if visit >= RECEIPTS_FROM:
            yield visit
        visit += timedelta(days=1 + int(rng.expovariate(1 / pause)))


def day_form(text: str) -> str:
    return "%Y-%m-%d" if "-" in text else "%d.%m.%Y"


def line(receipt: str, at: datetime, number: str, item: str, quantity: int) -> list[str]:
    return [receipt, f"{at:%d.%m.%Y %H:%M}", number, item, str(quantity), european(MENU[item])]


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

LINE_DIRT = (
    ("Time", ""),
    ("Time", "31.02.2026 10:15"),
    ("Time", "04.07.2031 09:00"),
    ("Member No", "999999"),
    ("Member No", ""),
    ("Qty", "two"),
    ("Unit Price", "n/a"),
)

if __name__ == "__main__":
    main()
