"""Synonyms of the columns of customers and order lines, as data: in lower case, without spaces and punctuation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

PERSONS: Final = (
    "customer", "cust", "member", "membership", "client", "user", "loyalty", "crm", "shopper", "buyer", "guest",
    "patron", "subscriber", "contact", "person", "household", "visitor", "mem",
)  # fmt: skip
"""Words for the person that a row is about, as prefixes of a name."""
PREFIXES: Final = (*PERSONS, "account")
GENERIC: Final = ("id", "no", "number", "nr", "key", "code", "name")
"""Names that do not say what they belong to: at the end of a path they may be those of anything."""
_IDS: Final = ("id", "number", "no", "nr", "key", "code", "ref")


def _of_persons(names: Sequence[str], persons: Sequence[str] = PERSONS) -> tuple[str, ...]:
    return tuple(person + name for person in persons for name in names)


SYNONYMS: Final = {
    "customer_id": (
        *_of_persons(_IDS), "customeruniqueid", "uniquecustomerid",
        "cardnumber", "recordid", "recordidcontact", "id", "no", "number", "nr", "key", "code",
        *_of_persons(_IDS, ("account",)), "customer", "member", "client", "buyer", "user",
    ),
    "name": (
        "fullname", *_of_persons(["name", "fullname"]), "personnamefullname", "displayname", "billingname",
        "shippingname",
        "billtoname", "billtofullname", "shiptoname", "recipientname", "attendeename", "billingfullname",
        "customer", "client", "member", "buyer", "guest",
    ),
    "email": (
        "emailaddress", "mail", *_of_persons(["email", "emailaddress", "mail"]), "personalemailaddress", "emailid",
        "billingemail", "billingemailaddress", "primaryemail", "email1", "emailaddress1", "email1value",
        "payeremail", "attendeeemail", "workemail", "shippingemail", "orderemail",
        "purchaseemail", "emailwork", "personemailwork", "emailhome",
    ),
    "gender": ("sex", "persongender"),
    "birth_date": ("dateofbirth", "dob", "birthday", "personbirthdate", "bornon", "born",
        "birthdate",
    ),
    "country": (
        "countryname", "countrycode", "countryregion", "homeaddresscountry", "homeaddresscountrycode", "nation",
        "defaultaddresscountry", "defaultaddresscountrycode", "billingcountry", "shippingcountry",
        "addresscountry", "addresscountrycode", "billingaddresscountry", "billingaddresscountrycode",
        "billingcountrycode", "shippingaddresscountry", "shippingcountrycode", "mailingcountry",
        "primaryaddresscountry", "countrybilling", "billtocountry", "shipcountry", "shiptocountry",
        "deliverycountry", "homecountry", "homecountryregion", "businesscountryregion", "address1country",
    ),
    "city": ("town", "homeaddresscity", "location", "defaultaddresscity", "billingcity", "shippingcity",
        "towncity", "citytown", "addresscity", "billingaddresscity", "shippingaddresscity", "mailingcity",
        "primaryaddresscity", "citybilling", "billtocity", "shipcity", "shiptocity", "deliverycity", "homecity",
        "businesscity", "address1city", "suburb",
        "billingsuburb",
    ),
    "join_date": (
        "joined", "joinedat", "joinedon", "dateofjoining", "since", "membersince", "enrollmentdate",
        "enrolmentdate", "enrolldate", "enrolledat", "enrolled", "signupdate", "signup", "signedup", "signedupat",
        "registrationdate", "registered", "registeredat", "registeredon", "createdat", "created", "createddate",
        "createdutc", "creationdate", "createdate", "createdon", "dateadded", "dtcustomer", "startdate",
        "becamememberon", "opened", "openedat", "dateopened",
        "datejoined", "dateregistered", "dateofregistration", "datecreated", "accountcreated",
        "accountcreatedat", "accountcreatedon", "createdtime", "createtime", "creationtime", "addtime",
        "addedon", "addedat", "profilecreatedon", "optintime", "firstseen", "firstseenat", "firstvisit",
        "firstvisitdate", "registrationtime",
        "addedtime", "registration", "registeredtime",
        "firstactivity", "firstactivitydate", "optedinat",
    ),
    "first_purchase": (
        "firstpurchasedate", "firstorder", "firstorderdate", "firstorderat", "firsttransaction",
        "firsttransactiondate", "firstpurchasedat",
        "firstsale", "firstsaledate", "firstorderon", "dateoffirstpurchase", "dateoffirstorder",
    ),
    "last_login": (
        "lastloginat", "lastlogindate", "lastseen", "lastseenat", "lastactive", "lastactivity",
        "lastactivitydate", "lastactivityat", "lastvisit", "lastvisitdate", "lastaccess", "lastpurchasedate",
        "lastpurchase", "lastorder", "lastorderdate", "lasttransactiondate",
        "lastactivitytime", "lastactivitydateutc", "lastlogintime", "lastsignin", "lastsigninat", "lastsession",
        "lastvisited", "lastvisitedat", "lastvisiton", "lastsale", "lastsaledate", "lastordered",
        "lastorderedon", "lastorderat", "lastpurchasedat", "lastpurchasedon", "dateoflastpurchase",
        "dateoflastorder", "datelastordered",
        "laststampdate", "lastearned", "lastearneddate",
    ),
    "is_active": (
        "active", "activeflag", "enabled", "activemember", "isactivemember", "status", "accountstatus",
        "membershipstatus", "customerstatus", "memberstatus", "state",
    ),
    "loyalty_status": (
        "tier", "tiername", "loyaltytier", "level", "loyaltylevel", "membershiptier",
        "membershiplevel", "membershiptype", "status", "loyaltycard", "cardtype", "class", "segment", "membership",
        "viptier", "rewardtier", "currenttier", "tierlevel", "customergroup", "customergroupname", "membergroup",
        "viptiername", "tiertitle",
    ),
    "loyalty_points": (
        "points", "pointsbalance", "pointbalance", "loyaltypointsbalance", "currentpoints",
        "miles", "rewardpoints", "pointsearned",
        "availablepoints", "loyaltybalance", "rewardbalance", "rewardspoints", "totalpoints", "pointsavailable",
        "stamps", "stampscollected", "stampbalance", "stampsbalance", "currentstamps",
    ),
    "account_balance": (
        "balance", "currentbalance", "totalspent", "totalspend", "spent", "spend", "spending", "lifetimespend",
        "lifetimevalue", "ltv", "clv", "totalrevenue", "revenue", "monetary", "monetaryvalue", "totalsales",
        "sales", "totalamount", "totalpurchases", "purchaseamount", "amountspent", "totalcharges",
        "spenttodate", "lifetimesales", "lifetimerevenue", "totalpaid", "totalvalue", "totalordervalue",
        "totalorderamount", "totalordersvalue", "totalspentamount", "salestotal", "valueoforders",
        "customerlifetimevalue", "lifetimespent", "totalpurchase", "totalpurchased", "moneyspent", "netsales",
        "lifetimepurchases",
        "storecredit",
        "openbalance",
    ),
    "left_date": (
        "cancellationdate", "cancelleddate", "canceleddate", "cancelledat", "canceledat", "cancellationyear",
        "churndate", "churnedat", "leftat", "lefton", "closedat", "closedate", "dateclosed", "terminationdate",
        "terminatedat", "deactivatedat", "membershipend", "membershipenddate", "enddate", "exitdate",
    ),
    "currency": ("currencycode", "currencyiso", "isocurrency", "ordercurrency", "transactioncurrency", "ccy",
        "ordercurrencycode", "currencysymbol",
    ),
}  # fmt: skip
"""By column, the likeliest first; the column's own name takes precedence over all of them."""
LINE_SYNONYMS: Final = {
    "customer_id": SYNONYMS["customer_id"],
    "order_id": (
        "order", "orderno", "ordernumber", "ordernr", "orderref", "orderreference", "ordercode", "invoice",
        "invoiceid", "invoiceno", "invoicenumber", "receipt", "receiptid", "receiptno", "receiptnumber", "sale",
        "saleid", "salenumber", "saleno", "transactionid", "transactionno", "transactionnumber", "basketid",
        "purchaseid", "checkoutid", "ticketnumber", "bookingid", "documentnumber", "paymentid",
    ),
    "order_date": (
        "date", "invoicedate", "transactiondate", "purchasedate", "orderedat", "orderdatetime",
        "time", "timestamp", "datetime", "createdat", "saledate", "day", "orderpurchasetimestamp",
        "ordered", "orderplaced", "orderplacedat", "orderplacedon", "dateplaced", "placedon", "placedat",
        "dateoforder", "ordertime", "ordercreated", "ordercreatedat", "ordercreatedon", "created", "createddate",
        "createdon", "createdtime", "createtime", "datecreated", "creationdate", "purchasedat", "purchasedon",
        "purchased", "transactiontime", "transactiondatetime", "saletime", "saledatetime", "soldat",
        "paymentdate", "paymenttime", "datepaid", "paidat", "paidon", "datetimeutc", "createddateutc",
        "createdutc", "checkoutdate", "submittedat", "documentdate", "billingdate", "completedat",
        "transactiontimestamp", "ordertimestamp", "purchasetimestamp", "saletimestamp", "invoicedatetime",
        "invoicetimestamp", "purchasedatetime", "purchasetime", "dateofpurchase", "transdate",
    ),
    "amount": (
        "total", "totalamount", "linetotal", "sales", "revenue", "value", "netamount", "price",
        "totalprice", "orderamount", "ordertotal", "transactionamount", "spend", "paymentvalue",
        "grandtotal", "ordergrandtotal", "ordervalue", "totalordervalue", "totalordervalueinclvat",
        "totalincltax", "totalinctax", "ordertotalincltax", "ordertotalinctax", "totalpaid", "amountpaid",
        "totalcollected", "paymentamount", "totalsale", "totalsales", "grossamount", "gross", "grosssales",
        "netsales", "lineamount", "itemtotal", "grosstotal", "saleprice", "nettotal",
        "ordertotalamount", "orderamounttotal",
        "salesvalue", "salevalue", "salesamount", "saleamount", "netsalesvalue", "netvalue", "purchaseamount",
        "purchasevalue", "invoiceamount", "invoicetotal", "dollarvalue", "amountspent", "turnover",
    ),
    "quantity": ("qty", "units", "count", "pieces", "items", "lineitemquantity", "orderquantity",
        "quantitysold", "qtysold", "qtyordered", "quantityordered", "itemquantity", "productquantity",
    ),
    "unit_price": ("price", "priceperunit", "itemprice", "lineitemprice",
        "productprice", "sellingprice",
        "itemcost",
    ),
    "discount": ("discountrate", "discountshare", "discountpct", "discountpercent", "discountpercentage"),
    "order_amount": ("ordersamount",),
    "refunded": (
        "refundedamount", "amountrefunded", "totalrefunded", "refundamount", "refundtotal", "totalrefund",
        "refundsamount", "refunds", "refund", "orderrefundamount", "partialrefunds",
    ),
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
"""Columns that show which of several rows is the newest."""
STATUSES: Final = (
    "orderstatus", "status", "state", "financialstatus", "paymentstatus", "transactionstatus", "invoicestatus",
    "deliverystatus", "fulfillmentstatus", "salesstatus",
)  # fmt: skip
"""Columns of the status of an order."""

FIRST_NAMES: Final = ("firstname", "givenname", "forename", "billingfirstname", "first")
LAST_NAMES: Final = ("lastname", "surname", "familyname", "billinglastname", "last")

MAYBE_COUNTS: Final = (
    "totalpurchases",
    "totalpurchase",
    "totalpurchased",
    "lifetimepurchases",
    "sales",
    "totalsales",
)
"""Names that may be money or a number of purchases: only amounts have cents."""
