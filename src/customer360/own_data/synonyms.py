"""What people call the columns of customers and of order lines, as data: without case, spaces and punctuation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

PERSONS: Final = (
    "customer", "cust", "member", "membership", "client", "user", "loyalty", "crm", "shopper", "buyer", "guest",
    "patron", "subscriber", "contact", "person", "household", "visitor", "mem",
)  # fmt: skip
"""Words for the person that a row is about, as they stand in front of a name."""
PREFIXES: Final = (*PERSONS, "account")
GENERIC: Final = ("id", "no", "number", "nr", "key", "code", "name")
"""Names that say what a cell is, and not of what: at the end of a path they may be anything's."""
_IDS: Final = ("id", "number", "no", "nr", "key", "code", "ref")


def _of_persons(names: Sequence[str], persons: Sequence[str] = PERSONS) -> tuple[str, ...]:
    return tuple(person + name for person in persons for name in names)


SYNONYMS: Final = {
    "customer_id": (
        *_of_persons(_IDS), "cardnumber", "recordid", "id", "no", "number", "nr", "key", "code",
        *_of_persons(_IDS, ("account",)),
    ),
    "name": (
        "fullname", *_of_persons(["name", "fullname"]), "personnamefullname", "displayname", "billingname",
        "shippingname",
    ),
    "email": (
        "emailaddress", "mail", *_of_persons(["email", "emailaddress", "mail"]), "personalemailaddress", "emailid",
    ),
    "gender": ("sex", "persongender"),
    "birth_date": ("dateofbirth", "dob", "birthday", "personbirthdate", "bornon", "born"),
    "country": (
        "countryname", "countrycode", "countryregion", "homeaddresscountry", "homeaddresscountrycode", "nation",
        "defaultaddresscountry", "defaultaddresscountrycode", "billingcountry", "shippingcountry",
    ),
    "city": ("town", "homeaddresscity", "location", "defaultaddresscity", "billingcity", "shippingcity"),
    "join_date": (
        "joined", "joinedat", "joinedon", "dateofjoining", "since", "membersince", "enrollmentdate",
        "enrolmentdate", "enrolldate", "enrolledat", "enrolled", "signupdate", "signup", "signedup", "signedupat",
        "registrationdate", "registered", "registeredat", "registeredon", "createdat", "created", "createddate",
        "createdutc", "creationdate", "createdate", "createdon", "dateadded", "dtcustomer", "startdate",
        "becamememberon", "opened", "openedat", "dateopened",
    ),
    "first_purchase": (
        "firstpurchasedate", "firstorder", "firstorderdate", "firstorderat", "firsttransaction",
        "firsttransactiondate", "firstpurchasedat",
    ),
    "last_login": (
        "lastloginat", "lastlogindate", "lastseen", "lastseenat", "lastactive", "lastactivity",
        "lastactivitydate", "lastactivityat", "lastvisit", "lastvisitdate", "lastaccess", "lastpurchasedate",
        "lastpurchase", "lastorder", "lastorderdate", "lasttransactiondate",
    ),
    "is_active": (
        "active", "activeflag", "enabled", "activemember", "isactivemember", "status", "accountstatus",
        "membershipstatus", "customerstatus", "memberstatus", "state",
    ),
    "loyalty_status": (
        "tier", "tiername", "loyaltytier", "level", "loyaltylevel", "membershiptier",
        "membershiplevel", "membershiptype", "status", "loyaltycard", "cardtype", "class", "segment", "membership",
    ),
    "loyalty_points": (
        "points", "pointsbalance", "pointbalance", "loyaltypointsbalance", "currentpoints",
        "miles", "rewardpoints", "pointsearned",
    ),
    "account_balance": (
        "balance", "currentbalance", "totalspent", "totalspend", "spent", "spend", "spending", "lifetimespend",
        "lifetimevalue", "ltv", "clv", "totalrevenue", "revenue", "monetary", "monetaryvalue", "totalsales",
        "sales", "totalamount", "totalpurchases", "purchaseamount", "amountspent", "totalcharges",
    ),
    "left_date": (
        "cancellationdate", "cancelleddate", "canceleddate", "cancelledat", "canceledat", "cancellationyear",
        "churndate", "churnedat", "leftat", "lefton", "closedat", "closedate", "dateclosed", "terminationdate",
        "terminatedat", "deactivatedat", "membershipend", "membershipenddate", "enddate", "exitdate",
    ),
    "currency": ("currencycode", "currencyiso", "isocurrency", "ordercurrency", "transactioncurrency", "ccy"),
}  # fmt: skip
"""By column, the likeliest first; the column's own name precedes them all."""
LINE_SYNONYMS: Final = {
    "customer_id": SYNONYMS["customer_id"],
    "order_date": (
        "date", "invoicedate", "transactiondate", "purchasedate", "orderedat", "orderdatetime",
        "time", "timestamp", "datetime", "createdat", "saledate", "day", "orderpurchasetimestamp",
    ),
    "amount": (
        "total", "totalamount", "linetotal", "sales", "revenue", "value", "netamount", "price",
        "totalprice", "orderamount", "ordertotal", "transactionamount", "spend", "paymentvalue",
    ),
    "quantity": ("qty", "units", "count", "pieces", "items", "lineitemquantity", "orderquantity"),
    "unit_price": ("price", "priceperunit", "itemprice", "lineitemprice"),
    "discount": ("discountrate", "discountshare", "discountpct", "discountpercent", "discountpercentage"),
    "loyalty_points": SYNONYMS["loyalty_points"],
    "name": SYNONYMS["name"],
    "email": SYNONYMS["email"],
    "country": SYNONYMS["country"],
    "city": SYNONYMS["city"],
    "currency": SYNONYMS["currency"],
}  # fmt: skip
NEWEST: Final = (
    "updatedat", "updated", "lastupdated", "lastupdate", "lastupdatedat", "modifiedat", "modified", "lastmodified",
    "lastmodifieddate", "modifieddate", "updatedate", "changedat", "exportedat", "snapshotdate", "timestamp",
)  # fmt: skip
"""What tells the newest of several rows."""
STATUSES: Final = (
    "orderstatus", "status", "state", "financialstatus", "paymentstatus", "transactionstatus", "invoicestatus",
    "deliverystatus", "fulfillmentstatus", "salesstatus",
)  # fmt: skip
"""What the state of an order is called."""
