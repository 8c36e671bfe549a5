"""The forms that are not plain calls: their signature depends on the types of their parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from customer360.own_data.language import casts, operators
from customer360.own_data.language.days import DATES, PARTS, later
from customer360.own_data.language.text import TEXT, joined, like, locate
from customer360.own_data.language.types import (
    BOOLEAN,
    DATE,
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
from customer360.own_data.language.values import NOTHING, Values, constant, each, every

if TYPE_CHECKING:
    from customer360.own_data.language.bind import Binder

_CASTS: Final = (
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
)
_ARITHMETIC: Final = {"mod": "%", "pmod": "pmod"}
_TRIED: Final = {"try_add": "+", "try_subtract": "-", "try_multiply": "*", "try_divide": "/"}


@dataclass(frozen=True)
class Call:
    """A form with the values of its *parts*; the *value* of a cast is the target type."""

    name: str
    parts: Sequence[Values]
    value: Any = None


def _cast(binder: Binder, call: Call) -> Values:
    return binder.convert(call.parts[0], call.value, is_strict=call.name == "try_cast")


def _cast_call(binder: Binder, call: Call) -> Values | None:
    kind = decimal(10, 0) if call.name == "decimal" else Type(call.name)
    return binder.convert(call.parts[0], kind) if len(call.parts) == 1 else None


def _arithmetic(binder: Binder, call: Call) -> Values | None:
    sign = _ARITHMETIC.get(call.name) or _TRIED.get(call.name) or call.name
    if len(call.parts) != 2:
        return None
    one, other = call.parts
    if sign in "+-" and (one.type.is_moment or other.type.is_moment or INTERVAL in {one.type, other.type}):
        return _shifted(binder, sign, one, other)
    return operators.arithmetic(sign, one, other, binder.convert, is_tried=call.name in _TRIED)


def _shifted(binder: Binder, sign: str, one: Values, other: Values) -> Values | None:
    if sign == "+" and not one.type.is_moment:
        one, other = other, one
    if not one.type.is_moment:
        return None
    if other.type == INTERVAL:
        count, unit = other.constant
        count = count if sign == "+" else -count
        is_clock = casts.LENGTHS[unit] in casts.SHORT
        start = binder.convert(one, TIMESTAMP) if is_clock else one
        return each(start.type, lambda moment: later(moment, count, unit), start)
    if one.type == DATE and other.type.is_whole:
        name = "date_add" if sign == "+" else "date_sub"
        return binder.function(name, DATES[name], [one, other])
    if sign == "-":
        binder.fail(sign, [one, other], "use datediff(a, b) for the days between them")
    return None


def _compared(binder: Binder, call: Call) -> Values | None:
    one, other = call.parts
    common = compared(one.type, other.type)
    if common is None and call.name in {"=", "<>", "<=>"} and BOOLEAN in {one.type, other.type}:
        common = one.type if other.type == BOOLEAN else other.type
        common = common if common.is_number else None
    if common is None or common.of or common == INTERVAL:
        return None
    return operators.comparison(call.name, binder.convert(one, common), binder.convert(other, common))


def _between(binder: Binder, call: Call) -> Values | None:
    some, least, most = call.parts
    low, high = _compared(binder, Call(">=", [some, least])), _compared(binder, Call("<=", [some, most]))
    return low and high and every(BOOLEAN, operators.all_of, low, high)


def _in(binder: Binder, call: Call) -> Values | None:
    common = widest(part.type for part in call.parts)
    if common is None or common.of or common == INTERVAL:
        return None
    return every(
        BOOLEAN, operators.one_of, *(operators.ordered(binder.convert(part, common)) for part in call.parts)
    )


def _flags(binder: Binder, call: Call) -> Values | None:
    if any(part.type not in {BOOLEAN, NULL} for part in call.parts):
        binder.fail(call.name.upper(), call.parts, "use a condition, such as x = 'yes'")
    compute = {"and": operators.all_of, "or": operators.any_of}
    if call.name == "not":
        return each(BOOLEAN, lambda flag: not flag, binder.convert(call.parts[0], BOOLEAN))
    return every(BOOLEAN, compute[call.name], *call.parts)


def _like(binder: Binder, call: Call) -> Values:
    escape = call.parts[2] if len(call.parts) == 3 else constant(STRING, "\\")
    texts = [some.constant for some in (call.parts[1], escape) if some.is_constant and some.type == STRING]
    found = like(*texts, ignores_case=call.name == "ilike") if len(texts) == 2 else None
    if found is None:
        binder.fail(call.name.upper(), call.parts, "use a pattern such as 'a%' in quotes")
    matches = found.fullmatch
    some = binder.argument(call.name, call.parts[0], "text")
    if call.name == "ilike":
        return each(BOOLEAN, lambda text: matches(text.lower()) is not None, some)
    return each(BOOLEAN, lambda text: matches(text) is not None, some)


def _case(binder: Binder, call: Call) -> Values | None:
    conditions, values = call.parts[:-1:2], [*call.parts[1:-1:2], call.parts[-1]]
    if any(some.type not in {BOOLEAN, NULL} for some in conditions):
        binder.fail("CASE", conditions, "use a condition, such as WHEN x = 'yes'")
    return _chosen(binder, conditions, values)


def _chosen(binder: Binder, conditions: Sequence[Values], values: Sequence[Values]) -> Values | None:
    common = widest(some.type for some in values)
    if common is None or common == INTERVAL:
        return None
    size = len(conditions)

    def chosen(*row: Any) -> Any:
        for place in range(size):
            if row[place]:
                return row[size + place]
        return row[-1]

    return every(common, chosen, *conditions, *(binder.convert(some, common) for some in values))


def _if(binder: Binder, call: Call) -> Values | None:
    parts = [*call.parts]
    if len(parts) != 3:
        return None
    if call.name == "nvl2":
        parts = [_is_null(parts[0]), parts[2], parts[1]]
    if parts[0].type not in {BOOLEAN, NULL}:
        binder.fail("if", parts, "use a condition as the first argument, such as x = 'yes'")
    return _chosen(binder, parts[:1], parts[1:])


def _nullif(binder: Binder, call: Call) -> Values | None:
    same = _compared(binder, Call("=", call.parts)) if len(call.parts) == 2 else None
    return same and _chosen(binder, [same], [NOTHING, call.parts[0]])


def _coalesce(binder: Binder, call: Call) -> Values | None:
    common = widest(part.type for part in call.parts)
    if common is None or common == INTERVAL or (call.name != "coalesce" and len(call.parts) != 2):
        return None
    return every(common, _first, *(binder.convert(part, common) for part in call.parts))


def _is_null(some: Values) -> Values:
    return every(BOOLEAN, lambda value: value is None, some)


def _null_test(binder: Binder, call: Call) -> Values | None:
    if len(call.parts) != 1:
        binder.fail(call.name, call.parts, "it takes 1 argument")
    is_null = _is_null(call.parts[0])
    return is_null if call.name == "isnull" else each(BOOLEAN, lambda flag: not flag, is_null)


def _extreme(binder: Binder, call: Call) -> Values | None:
    common: Type | None = call.parts[0].type
    for part in call.parts[1:]:
        common = common and tightest(common, part.type)
    if common is None or common.key or common == INTERVAL or len(call.parts) < 2:
        return None
    made = [binder.convert(part, common) for part in call.parts]
    return every(common, operators.extreme(made, is_largest=call.name == "greatest"), *made)


def _concat(binder: Binder, call: Call) -> Values:
    texts = [binder.argument("concat", part, "text") for part in call.parts]
    return each(STRING, lambda *row: "".join(row), *texts)


def _concat_ws(binder: Binder, call: Call) -> Values:
    kinds = [array_of(STRING) if part.type.name == "array" else STRING for part in call.parts]
    return every(STRING, _joined, *map(binder.convert, call.parts, kinds))


def _locate(binder: Binder, call: Call) -> Values:
    """The position of a text; 0 if the start is null."""
    found = binder.function(call.name, TEXT["locate"], call.parts)
    if len(call.parts) < 3:
        return found
    part, text, start = call.parts
    given = binder.convert(part, STRING), binder.convert(text, STRING), binder.convert(start, INT)
    return every(INT, _located, *given)


def _date_part(binder: Binder, call: Call) -> Values | None:
    unit = str(call.parts[0].constant).lower()
    if len(call.parts) != 2 or unit not in PARTS:
        binder.fail(call.name, call.parts, f"use one of {', '.join(PARTS)}")
    return binder.function(call.name, PARTS[unit], call.parts[1:])


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
    return joined(mark, [text for text in texts if text is not None])


FORMS: Final[dict[str, Callable[[Binder, Call], Values | None]]] = {
    "cast": _cast, "try_cast": _cast, "case": _case, "if": _if, "nvl2": _if,
    "nullif": _nullif, "coalesce": _coalesce, "ifnull": _coalesce, "nvl": _coalesce,
    "isnull": _null_test, "isnotnull": _null_test, "greatest": _extreme,
    "least": _extreme, "concat": _concat, "||": _concat, "concat_ws": _concat_ws,
    "between": _between, "in": _in, "and": _flags, "or": _flags,
    "not": _flags, "like": _like, "ilike": _like,
    "locate": _locate, "position": _locate, "date_part": _date_part,
    "datepart": _date_part,
    **dict.fromkeys(_CASTS, _cast_call),
    **dict.fromkeys([*"+-*/%", "div", *_ARITHMETIC, *_TRIED], _arithmetic),
    **dict.fromkeys(["=", "<>", "<", "<=", ">", ">=", "<=>"], _compared),
}  # fmt: skip
