"""A first mapping, guessed from the names and values of a raw table's columns."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from customer360.own_data import dates, numbers
from customer360.own_data.cells import ACTIVITY, cells, filled
from customer360.own_data.language.grammar import quoted
from customer360.own_data.mapping import ColumnMapping
from customer360.own_data.row_kinds import CUSTOMER_ROWS, ORDER_LINES, RowKind
from customer360.own_data.synonyms import (
    FIRST_NAMES,
    GENERIC,
    LAST_NAMES,
    MAYBE_COUNTS,
    NEWEST,
    PERSONS,
    PREFIXES,
    STATUSES,
)
from customer360.tables import CUSTOMERS, Column

Sample = Mapping[str, Sequence[str]]

_LADDERS: Final = (
    ("basic", "standard", "blue", "bronze", "silver", "gold", "platinum", "diamond"),
    ("star", "nova", "aurora"),
    ("free", "basic", "standard", "plus", "premium", "vip"),
    ("low", "medium", "high"),
)
_MOST_STATUSES: Final = 30
_LAST: Final = 10
"""Added to the level of a column that is used only if there is no other."""
_GUESTS: Final = frozenset({"0", "-1", "guest"})
"""What order exports write as the id of a customer without an account."""


@dataclass(frozen=True, order=True)
class _Candidate:
    """A column that may fill a target; the smallest candidate is the likeliest and takes precedence."""

    level: int
    target_place: int
    gives_way: bool
    synonym: int
    column_place: int
    target: str
    column: str


def guess(columns: Sequence[str], sample: Sample, kind: RowKind = CUSTOMER_ROWS) -> ColumnMapping:
    """A mapping of *columns* by their names, unless the *sample* of their values contradicts it."""
    levels = _found(columns, sample, kind)
    found = {target: column for target, (column, _) in levels.items()}
    free = [name for name in columns if name not in found.values()]
    if "name" in kind.targets:
        found |= _named_in_parts(levels, free)
    if kind is ORDER_LINES:
        found = _lines(found, sample)
    if kind.words:
        found = _with_event_id(found, sample)
    if not kind.is_per_customer:
        return ColumnMapping(with_id(found, sample), kind=kind, values=_words(found, sample, kind))
    mapped = with_id({**found, **_derived(found, free, sample)}, sample)
    newest = column_called(NEWEST, free)
    order = _ladder(sample[found["loyalty_status"]]) if "loyalty_status" in found else ()
    return ColumnMapping(mapped, status_order=order, newest_by=newest or found.get("last_login"))


def _found(columns: Sequence[str], sample: Sample, kind: RowKind) -> dict[str, tuple[str, int]]:
    """The column of each target, and the distance of its name from the target's own: 0 for the same name."""
    found: dict[str, tuple[str, int]] = {}
    taken: set[str] = set()
    for one in sorted(_candidates(columns, sample, kind)):
        free = one.target not in found and one.column not in taken
        if free and _fits(one, sample[one.column], kind):
            found[one.target] = one.column, one.level
            taken.add(one.column)
    return found


def _candidates(columns: Sequence[str], sample: Sample, kind: RowKind) -> Iterator[_Candidate]:
    for place, column in enumerate(columns):
        forms = _forms(column)
        for target_place, (target, names) in enumerate(kind.synonyms.items()):
            best = _nearest((plain(target), *names), forms)
            if best:
                level, synonym = best
                # Of two possible ids, the one with distinct values is used. A blank column gives way to any other.
                gives_way = target == "customer_id" and kind.is_per_customer and _repeats(sample[column])
                gives_way = gives_way or not sample[column]
                # A column called just Customer may contain ids, or else names, if no other column does.
                level += _LAST if target in {"customer_id", "name"} and plain(column) in PERSONS else 0
                yield _Candidate(level, target_place, gives_way, synonym, place, target, column)


def _nearest(names: Sequence[str], forms: Sequence[str | None]) -> tuple[int, int] | None:
    """The distance of the first of *forms* that is in *names*, and its position there."""
    for level, form in enumerate(forms):
        if form and form in names:
            place = names.index(form)
            return (0 if level == place == 0 else level + 1), place
    return None


def _forms(column: str) -> list[str | None]:
    """The forms of a column's name: in full, without the kind of person in front, and the end of its path."""
    path = [plain(part) for part in re.split(r"[.:/]| - ", column)]
    whole, end, last = "".join(path), "".join(path[-2:]), path[-1]
    ends = [end, last, _short(last)] if len(path) > 1 else []
    bare = plain(re.sub(r"[(\[].*?[)\]]", "", column))  # Total (EUR), Created (UTC)
    bare_too = [bare, _short(bare)] if bare != whole else []
    # address.id is not the id of a customer, and tier.name is not a customer's name.
    return [whole, _short(whole), *bare_too, *(None if form in GENERIC else form for form in ends)]


def _short(name: str) -> str | None:
    return next((name[len(prefix) :] for prefix in PREFIXES if name.startswith(prefix)), None)


def plain(name: str) -> str:
    """A name in lower case, without spaces and punctuation."""
    return re.sub(r"[\W_]+", "", name).lower()


def column_called(synonyms: Sequence[str], columns: Sequence[str]) -> str | None:
    """The column whose name is nearest to one of *synonyms*."""
    found = [(*best, name) for name in columns if (best := _nearest(synonyms, _forms(name)))]
    return min(found)[-1] if found else None


def _repeats(values: Sequence[str]) -> bool:
    return len(set(values)) < len(values)


def _fits(one: _Candidate, values: Sequence[str], kind: RowKind) -> bool:
    """Whether most of *values* are valid for the target; customer ids may be of any kind, see `with_id`."""
    name = plain(re.split(r"[.:/]", one.column)[-1])
    if one.target == "customer_id":
        if plain(one.column) in PERSONS:  # a name is not an id: two people may share it
            return sum(" " in value.strip() for value in values) * 2 < len(values)
        return kind.is_per_customer or plain(one.column) not in GENERIC or _repeats(values)
    if one.target == "name":
        return not values or sum(map(bool, map(kind.no_name.fullmatch, values))) * 2 < len(values)
    if one.target == "event_id":
        return one.level == 0 or not _repeats(values)
    if one.target in kind.words and one.level:
        spelt = {plain(value) for value in values if value.strip()}
        return len(spelt & set(kind.words[one.target])) * 2 >= len(spelt) > 0
    if one.target == "account_balance" and plain(one.column) in MAYBE_COUNTS:
        return any(re.search(r"[.,]\d\d(?!\d)|[^\s\d.,]", value.strip()) for value in values)
    if one.target == "loyalty_points" and "balance" in name:  # with cents it is money
        return not any(re.search(r"\d[.,]\d\d?$", value.strip()) for value in values) and reads(
            kind[one.target], values
        )
    if one.target == "refunded" and {value.strip() for value in values} <= {"0", "1"}:
        return False  # a flag, not an amount
    words = {value.strip().lower() for value in filled(pa.array(values, pa.string())).to_pylist() if value}
    if one.target == "is_active" and name.endswith(("status", "state")):
        return bool(words) and words <= (ACTIVITY if name.endswith("state") else ACTIVITY | {"0", "1", "y", "n"})
    if one.target == "loyalty_status":
        return 0 < len(words) <= _MOST_STATUSES and not (name in STATUSES and words & ACTIVITY)
    # A column with the target's own name is the target: invalid cells are rejected with a reason.
    return one.level == 0 or kind[one.target].is_text or reads(kind[one.target], values)


def reads(column: Column, values: Sequence[str]) -> bool:
    """Whether at least half of *values*, and at least one, are valid for *column*."""
    texts = filled(pa.array(values, pa.string())).drop_null()
    styles = {"date": dates.STYLES, "timestamp": dates.STYLES, "boolean": (None,)}.get(column.type, numbers.STYLES)
    read: int = max(pc.count(cells(texts, column, style).values).as_py() for style in styles)
    return read * 2 >= len(texts) > 0


def _named_in_parts(levels: Mapping[str, tuple[str, int]], free: Sequence[str]) -> dict[str, str]:
    """The first and the last name joined, unless a column is called like a full name."""
    first, last = column_called(FIRST_NAMES, free), column_called(LAST_NAMES, free)
    if not (first and last) or levels.get("name", ("", 2))[1] < 2:
        return {}
    return {"name": f"concat_ws(' ', filled_text({quoted(first)}), filled_text({quoted(last)}))"}


def _derived(found: Mapping[str, str], free: Sequence[str], sample: Sample) -> dict[str, str]:
    """The targets that need an expression: dates in parts, and the year in which a customer left."""
    derived = {}
    year, month = (column_called([f"enrollment{part}", f"join{part}"], free) for part in ("year", "month"))
    if year and month and "join_date" not in found:
        derived["join_date"] = f"make_date({quoted(year)}, {quoted(month)}, 1)"
    left = column_called(CUSTOMER_ROWS.synonyms["left_date"], free)
    if left and not {"is_active", "left_date"} & set(found):
        derived |= _end(left, sample[left])
    return derived


def _with_event_id(found: Mapping[str, str], sample: Sample) -> dict[str, str]:
    """*found* with non-numeric event ids, such as UUIDs, as hashes."""
    column = found.get("event_id")
    is_text = column is not None and not _are_numbers(sample[column])
    return {**found, **({"event_id": f"hashed_id({quoted(str(column))})"} if is_text else {})}


def _words(found: Mapping[str, str], sample: Sample, kind: RowKind) -> dict[str, dict[str, str]]:
    """The values of the words in the sample, for the user to review and correct."""
    spelt = {
        target: {word.strip(): words[plain(word)] for word in sample[found[target]] if plain(word) in words}
        for target, words in kind.words.items()
        if target in found
    }
    return {
        target: {word: value for word, value in said.items() if word.lower() != value}
        for target, said in spelt.items()
        if any(word.lower() != value for word, value in said.items())
    }


def _end(column: str, values: Sequence[str]) -> dict[str, str]:
    """If no date of leaving was found: a column of years, a column that is blank so far, or one of other marks."""
    cell = f"filled({quoted(column)})"
    if plain(column).endswith("year"):
        later = f"try_cast({cell} AS double) > year(as_of_date())"
        return {"is_active": f"{cell} IS NULL OR coalesce({later}, false)"}
    is_blank = not pc.count(filled(pa.array(values, pa.string()))).as_py()
    return {"left_date": column} if is_blank else {"is_active": f"{cell} IS NULL"}


def _lines(found: Mapping[str, str], sample: Sample) -> dict[str, str]:
    """If there are a quantity and a unit price, their product is the amount, unless every line has an amount."""
    found = dict(found)
    if (
        "quantity" in found
        and "unit_price" not in found
        and plain(found.get("amount", "")) in ORDER_LINES.synonyms["unit_price"]
    ):
        found["unit_price"] = found.pop("amount")
    if "amount" in found and {"quantity", "unit_price"} <= set(found):
        amount = found["amount"]
        is_of_orders = plain(amount).startswith("order") or len(sample[amount]) < len(sample[found["quantity"]])
        if is_of_orders and "order_id" in found:
            found["order_amount"] = amount
        if is_of_orders:
            del found["amount"]
    if "discount" in found and ("amount" in found or not _are_shares(sample[found["discount"]])):
        del found["discount"]
    if "email" in found and "customer_id" in found and not _names_customers(found, sample):
        del found["customer_id"]
    return found


def _names_customers(found: Mapping[str, str], sample: Sample) -> bool:
    """Whether the id is a customer's, not the order's, and guests have one just as they have an e-mail address."""
    column = found["customer_id"]
    is_of_persons = any(person in plain(column) for person in PREFIXES)
    has_guests = bool(_GUESTS & {value.strip().lower() for value in sample[column]})
    return is_of_persons and not has_guests and len(sample[column]) >= len(sample[found["email"]])


def _are_shares(values: Sequence[str]) -> bool:
    """Whether all of *values* are between 0 and 1."""
    read = cells(pa.array(values, pa.string()), ORDER_LINES["discount"]).values
    is_share = pc.fill_null(pc.and_(pc.greater_equal(read, 0), pc.less_equal(read, 1)), False)
    return len(values) > 0 and bool(pc.all(is_share).as_py())


def with_id(found: Mapping[str, str], sample: Sample) -> dict[str, str]:
    """*found* with non-numeric ids as hashes; without an id, the e-mail address identifies customers."""
    if "customer_id" in found:
        column = found["customer_id"]
        if column not in sample:
            return dict(found)
        side = column if _are_numbers(sample[column]) else f"hashed_id({quoted(column)})"
        return {**found, "customer_id": side}
    if "email" in found:
        return {"customer_id": f"hashed_id(lower({quoted(found['email'])}))", **found}
    return dict(found)


def _are_numbers(values: Sequence[str]) -> bool:
    texts = filled(pa.array(values, pa.string())).drop_null()
    read = cells(texts, CUSTOMERS["customer_id"])
    return not len(texts) or bool(pc.count(read.values).as_py() * 2 >= len(texts))


def _ladder(values: Sequence[str]) -> tuple[str, ...]:
    """The statuses, lowest first, if all of them are steps of a known ladder."""
    spelt = Counter(value.strip() for value in values)
    rising = sorted(spelt, key=lambda status: (spelt[status], status.istitle()))
    statuses = {status.lower(): status for status in rising}
    for ladder in _LADDERS:
        if len(statuses) > 1 and set(statuses) <= set(ladder):
            return tuple(statuses[step] for step in ladder if step in statuses)
    return ()
