"""A first mapping, guessed from the names of a source's columns and from what is in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from customer360.own_data import dates, numbers
from customer360.own_data.cells import cells, is_text
from customer360.own_data.mapping import COLUMN_OF, CustomerMapping
from customer360.own_data.row_only import quoted
from customer360.tables import CUSTOMERS

Sample = Mapping[str, Sequence[str]]

# Without case, spaces, punctuation and words such as "customer" in front; those of a target's own first.
SYNONYMS: Final = {
    "customer_id": (
        "id", "no", "number", "nr", "key", "code", "customerid", "memberid", "userid", "clientid", "loyaltyid",
        "loyaltynumber", "membernumber", "cardnumber", "contactid", "personid", "crmid", "custid",
    ),
    "name": ("name", "fullname", "personnamefullname", "displayname", "contactname"),
    "email": ("email", "emailaddress", "mail", "personalemailaddress", "emailid"),
    "gender": ("gender", "sex", "persongender"),
    "birth_date": ("birthdate", "dateofbirth", "dob", "birthday", "personbirthdate", "bornon", "born"),
    "country": ("country", "countryname", "countrycode", "homeaddresscountry", "homeaddresscountrycode", "nation"),
    "city": ("city", "town", "homeaddresscity", "location"),
    "join_date": (
        "joindate", "joined", "joinedat", "joinedon", "dateofjoining", "since", "membersince", "enrollmentdate",
        "enrolmentdate", "enrolldate", "enrolledat", "enrolled", "signupdate", "signup", "signedup", "signedupat",
        "registrationdate", "registered", "registeredat", "registeredon", "createdat", "created", "createddate",
        "creationdate", "createdon", "dtcustomer", "startdate", "becamememberon", "opened", "openedat",
        "dateopened",
    ),
    "first_purchase": (
        "firstpurchase", "firstpurchasedate", "firstorder", "firstorderdate", "firstorderat", "firsttransaction",
        "firsttransactiondate", "firstpurchasedat",
    ),
    "last_login": (
        "lastlogin", "lastloginat", "lastlogindate", "lastseen", "lastseenat", "lastactive", "lastactivity",
        "lastactivitydate", "lastactivityat", "lastvisit", "lastvisitdate", "lastaccess", "lastpurchasedate",
        "lastpurchase", "lastorder", "lastorderdate", "lasttransactiondate",
    ),
    "is_active": (
        "isactive", "active", "activeflag", "enabled", "status", "accountstatus", "membershipstatus", "state",
        "activemember", "isactivemember",
    ),
    "loyalty_status": (
        "loyaltystatus", "tier", "tiername", "loyaltytier", "level", "loyaltylevel", "membershiptier",
        "membershiplevel", "membershiptype", "status", "loyaltycard", "cardtype", "class", "segment", "membership",
    ),
    "loyalty_points": (
        "loyaltypoints", "points", "pointsbalance", "pointbalance", "loyaltypointsbalance", "currentpoints",
        "miles", "rewardpoints", "pointsearned",
    ),
    "account_balance": (
        "accountbalance", "balance", "currentbalance", "totalspent", "totalspend", "spent", "spend", "spending",
        "lifetimevalue", "ltv", "clv", "totalrevenue", "revenue", "monetary", "monetaryvalue", "totalsales",
        "sales", "totalamount", "totalpurchases", "purchaseamount", "amountspent", "totalcharges",
    ),
}  # fmt: skip
LINE_SYNONYMS: Final = {
    "customer_id": SYNONYMS["customer_id"],
    "order_date": (
        "orderdate", "date", "invoicedate", "transactiondate", "purchasedate", "orderedat", "orderdatetime",
        "time", "timestamp", "datetime", "createdat", "saledate", "day", "orderpurchasetimestamp",
    ),
    "amount": (
        "amount", "total", "totalamount", "linetotal", "sales", "revenue", "value", "netamount", "price",
        "totalprice", "orderamount", "ordertotal", "transactionamount", "spend", "paymentvalue",
    ),
    "quantity": ("quantity", "qty", "units", "count", "pieces", "items"),
    "unit_price": ("unitprice", "price", "priceperunit", "itemprice"),
    "loyalty_points": SYNONYMS["loyalty_points"],
    "name": ("customername", *SYNONYMS["name"]),
    "email": SYNONYMS["email"],
    "country": SYNONYMS["country"],
    "city": SYNONYMS["city"],
}  # fmt: skip
_NEWEST: Final = (
    "updatedat", "updated", "lastupdated", "lastupdate", "lastupdatedat", "modifiedat", "modified", "lastmodified",
    "lastmodifieddate", "modifieddate", "updatedate", "changedat", "exportedat", "snapshotdate", "timestamp",
)  # fmt: skip
_LEFT: Final = (
    "cancellationdate", "cancelleddate", "cancelledat", "cancellationyear", "churndate", "churnedat", "leftat",
    "closedat", "dateclosed", "terminationdate", "enddate",
)  # fmt: skip
_PREFIXES: Final = ("customer", "member", "client", "user", "cust", "loyalty", "crm", "shopper", "account", "mem")
_LADDERS: Final = (
    ("basic", "standard", "blue", "bronze", "silver", "gold", "platinum", "diamond"),
    ("star", "nova", "aurora"),
    ("free", "basic", "standard", "plus", "premium", "vip"),
    ("low", "medium", "high"),
)
_MOST_STATUSES: Final = 30


def guess(columns: Sequence[str], sample: Sample, *, transactions: bool = False) -> CustomerMapping:
    """A mapping of *columns* by their names, as far as the *sample* of their values does not speak against it."""
    found: dict[str, str] = {}
    for target, synonyms in (LINE_SYNONYMS if transactions else SYNONYMS).items():
        free = [name for name in columns if name not in found.values()]
        if (name := _named(synonyms, free, lambda n, t=target: _fits(t, sample[n]))) is not None:  # type: ignore[misc]
            found[target] = name
    if transactions:
        return CustomerMapping(_lines(found, columns, sample), transactions=True)
    mapped = {**found, **_derived(found, columns, sample)}
    newest = _named(_NEWEST, [name for name in columns if name not in found.values()], lambda _: True)
    order = _ladder(sample[found["loyalty_status"]]) if "loyalty_status" in found else ()
    return CustomerMapping(mapped, status_order=order, newest_by=newest or found.get("last_login"))


def _named(synonyms: Sequence[str], columns: Sequence[str], fits: Callable[[str], bool]) -> str | None:
    """The column that is called by the first of *synonyms* that one is called by."""
    called = [(name, _names(name)) for name in columns]
    for synonym in synonyms:
        for name, names in called:
            if synonym in names and fits(name):
                return name
    return None


def _names(column: str) -> set[str]:
    """What a column may be called: as it is, without the path in front, without the kind of person in front."""
    whole = _plain(column)
    last = _plain(re.split(r"[.:/]", column)[-1])
    short = {name.removeprefix(prefix) for name in (whole, last) for prefix in _PREFIXES}
    return {whole, last, *short} - {""}


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).lower()


def _fits(target: str, values: Sequence[str]) -> bool:
    """Whether most of *values* can be the target's; customer ids may be of any kind, see `_derived`."""
    column = COLUMN_OF[target]
    if target == "loyalty_status":
        return bool(values) and len({value.strip().lower() for value in values}) <= _MOST_STATUSES
    if target == "customer_id" or is_text(column):
        return True
    texts = pa.array(values, pa.string())
    styles = {"date": dates.STYLES, "timestamp": dates.STYLES, "boolean": (None,)}.get(column.type, numbers.STYLES)
    read: int = max(pc.count(cells(texts, column, style).values).as_py() for style in styles)
    return read * 2 >= len(values) > 0


def _derived(found: Mapping[str, str], columns: Sequence[str], sample: Sample) -> dict[str, str]:
    """What takes an expression: ids that are no numbers, names and dates in parts, an end of membership."""
    derived = {}
    if "customer_id" in found and not _are_numbers(sample[found["customer_id"]]):
        derived["customer_id"] = hashed(found["customer_id"])
    free = [name for name in columns if name not in found.values()]
    first, last = (_named([part], free, lambda _: True) for part in ("firstname", "lastname"))
    if first and last and "name" not in found:
        derived["name"] = f"concat_ws(' ', {quoted(first)}, {quoted(last)})"
    year, month = (
        _named([f"enrollment{part}", f"join{part}"], free, lambda _: True) for part in ("year", "month")
    )
    if year and month and "join_date" not in found:
        derived["join_date"] = f"make_date({quoted(year)}, {quoted(month)}, 1)"
    left = _named(_LEFT, free, lambda _: True)
    if left and "is_active" not in found:
        derived["is_active"] = f"coalesce(trim({quoted(left)}), '') = ''"
    return derived


def _lines(found: Mapping[str, str], columns: Sequence[str], sample: Sample) -> dict[str, str]:
    """With a quantity and a unit price their product is the amount, whatever else is called a price."""
    found = dict(found)
    if "quantity" in found:
        others = [name for name in columns if name not in {*found.values()} - {found.get("amount")}]
        price = _named(LINE_SYNONYMS["unit_price"], others, lambda name: _fits("unit_price", sample[name]))
        if price and price == found.get("amount"):
            found["unit_price"] = found.pop("amount")
    if "customer_id" in found and not _are_numbers(sample[found["customer_id"]]):
        found["customer_id"] = hashed(found["customer_id"])
    return found


def _are_numbers(values: Sequence[str]) -> bool:
    read = cells(pa.array(values, pa.string()), CUSTOMERS["customer_id"])
    return not values or bool(pc.count(read.values).as_py() * 2 >= len(values))


def hashed(column: str) -> str:
    """Ids that are no numbers as numbers: the same text gives the same one, another text another."""
    return f"CASE WHEN trim({quoted(column)}) <> '' THEN xxhash64(trim({quoted(column)})) END"


def _ladder(values: Sequence[str]) -> tuple[str, ...]:
    """The statuses in their order, when all of them are steps of a ladder that is known."""
    spelt = Counter(value.strip() for value in values)
    rising = sorted(spelt, key=lambda status: (spelt[status], status.istitle()))
    statuses = {status.lower(): status for status in rising}
    for ladder in _LADDERS:
        if len(statuses) > 1 and set(statuses) <= set(ladder):
            return tuple(statuses[step] for step in ladder if step in statuses)
    return ()
