"""Notes for the review of a mapping: columns that would change the numbers and are not used."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from customer360.own_data.cells import ACTIVITY
from customer360.own_data.guess import Sample, column_called, plain
from customer360.own_data.language.grammar import named_in, quoted
from customer360.own_data.mapped import column_of, sides
from customer360.own_data.mapping import ColumnMapping, toml_text
from customer360.own_data.synonyms import STATUSES

_UNDONE: Final = re.compile(
    r"(?i)cancel|refund|return|void|fail|declin|reject|revers|charge.?back|delet|fraud|abandon|expired|unpaid|pending"
)
"""Words for orders that may not count."""
_SHOWN: Final = 6
_YES: Final = frozenset({"1", "yes", "y", "true"})
_NO: Final = frozenset({"0", "no", "n", "false"})


@dataclass(frozen=True)
class Note:
    """A line of the plan, and the condition that it proposes for [keep]."""

    text: str
    where: str = ""


def notes(mapping: ColumnMapping, columns: Sequence[str], sample: Sample) -> list[Note]:
    """The notes on *columns*, above all on those that *mapping* does not use."""
    used = set(used_columns(mapping, columns))
    free = [name for name in columns if name not in used]
    if mapping.kind.is_per_customer:
        return list(_of_activity(mapping, free, sample))
    return [
        *(_of_discounts(mapping, free, sample) if "discount" in mapping.kind.targets else ()),
        *_of_words(mapping, columns, sample),
        *_of_orders(mapping, free, sample),
        *_of_flags(free, sample),
    ]


def used_columns(mapping: ColumnMapping, columns: Sequence[str]) -> Iterator[str]:
    """The columns of a raw table that *mapping* uses, directly or in an expression."""
    for side in sides(mapping).values():
        if (column := column_of(side, columns)) is not None:
            yield column
        else:
            words = {word.lower() for word in (*named_in(side), *re.findall(r"\w+", side))}
            yield from (name for name in columns if name.lower() in words)


def _of_discounts(mapping: ColumnMapping, free: Sequence[str], sample: Sample) -> Iterator[Note]:
    if "discount" in mapping.columns:
        yield Note("amount is quantity * unit_price * (1 - discount)")
    elif (column := column_called(["discount", *mapping.kind.synonyms["discount"]], free)) is not None:
        if "amount" in mapping.columns:
            yield Note(f"{column} is not used: {mapping.columns['amount']} is assumed to be net of the discount")
        else:
            cell = quoted(column)
            side = (
                f"replace({cell}, '%', '') / 100"
                if any("%" in value for value in sample[column])
                else f"{cell} / 100"
            )
            yield Note(
                f"{column} is not used; if it is a percentage of the price, set in [columns]: "
                f'discount = "{side}"; if it is an amount: amount = "quantity * price - {cell}"'
            )


def _of_words(mapping: ColumnMapping, columns: Sequence[str], sample: Sample) -> Iterator[Note]:
    """Words without a known value."""
    for target, words in mapping.kind.words.items():
        column = column_of(mapping.columns.get(target, ""), columns)
        said = {word.lower() for word in mapping.values.get(target, {})}
        counts = Counter(value.strip() for value in (sample[column] if column else ()) if value.strip())
        unknown = [
            (word, n) for word, n in counts.most_common() if plain(word) not in words and word.lower() not in said
        ]
        if unknown:
            shown = ", ".join(f"{word} ({count:,})" for word, count in unknown[:_SHOWN])
            yield Note(
                f"{column} has unknown values in the first rows: {shown}; set in [values.{target}]: "
                f"{toml_text(unknown[0][0])} = one of {', '.join(dict.fromkeys(words.values()))}, "
                "or exclude such rows with where in [keep]"
            )


def _of_flags(free: Sequence[str], sample: Sample) -> Iterator[Note]:
    """Yes/no columns for cancelled or refunded orders."""
    for column in free:
        marks = {value.strip().lower() for value in sample[column]}
        if _UNDONE.search(column) and marks & _YES and marks <= _YES | _NO:
            texts = ", ".join(f"'{mark}'" for mark in sorted(marks & _YES))
            where = f"lower(coalesce({quoted(column)}, '')) NOT IN ({texts})"
            yield Note(
                f"{column} is not used, so rows that it marks are counted; to exclude them, set in [keep]: "
                f"where = {toml_text(where)}",
                where,
            )


def _of_orders(mapping: ColumnMapping, free: Sequence[str], sample: Sample) -> Iterator[Note]:
    if mapping.where:
        return
    # Refunded amounts are subtracted separately, and after a partial return a purchase remains.
    counted = re.compile("(?i)partial" + ("|refund" if "refunded" in mapping.columns else ""))
    undone_in = {
        name: [
            text
            for text in dict.fromkeys(map(str.strip, sample[name]))
            if _UNDONE.search(text) and not counted.search(text)
        ]
        for name in free
    }
    found = [name for name in free if undone_in[name]]
    ending = (name for name in found if plain(name).endswith(("status", "state")))
    column = column_called(STATUSES, found) or next(ending, None)
    if column is None:
        return
    values, undone = Counter(value.strip() for value in sample[column]), undone_in[column]
    if len(values) <= 5 * _SHOWN:
        texts = ", ".join("'" + value.replace("\\", "").replace("'", "''") + "'" for value in undone[:_SHOWN])
        where = f"coalesce({quoted(column)}, '') NOT IN ({texts})"
        shown = ", ".join(f"{value} ({count:,})" for value, count in values.most_common(_SHOWN))
        yield Note(
            f"{column} has {shown} in the first rows, and rows of every status are counted; to exclude some, "
            f"set in [keep]: where = {toml_text(where)}",
            where,
        )


def _of_activity(mapping: ColumnMapping, free: Sequence[str], sample: Sample) -> Iterator[Note]:
    for column in free if "is_active" not in mapping.present else ():
        words = dict.fromkeys(value.strip() for value in sample[column])
        known = [word for word in words if word.lower() in ACTIVITY]
        others = [word for word in words if word.lower() not in ACTIVITY]
        if known and 0 < len(others) <= _SHOWN:
            yield Note(
                f"{column} is not used: {', '.join(others)} may or may not mean active; set in [columns]: "
                f'is_active = {toml_text(column)}, and in [values.is_active]: {toml_text(others[0])} = "no"'
            )
