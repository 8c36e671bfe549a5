"""Synonyms of the columns and kinds of events, as data: in lower case, without spaces and punctuation."""

from __future__ import annotations

from typing import Final

from customer360.own_data.synonyms import LINE_SYNONYMS, SYNONYMS

EVENT_SYNONYMS: Final = {
    "event_id": (
        "eventno", "eventnumber", "eventnr", "eventkey", "eventuuid", "eventref", "entryid", "entryno",
        "entrynumber", "ledgerid", "ledgerentryid", "activityid", "movementid", "logid", "transactionid",
        "transactionno", "transactionnumber", "txnid", "txid", "uuid", "id", "no", "number",
    ),
    "customer_id": (*SYNONYMS["customer_id"], *SYNONYMS["email"]),
    "occurred_at": (
        "eventdate", "eventtime", "eventtimestamp", "eventdatetime", "eventat", "occurredon", "occurred",
        "happenedat", "happenedon", "activitydate", "activitytime", "entrydate", "postedat", "postedon",
        "postingdate", "loggedat", "when", "ts", "orderdate", *LINE_SYNONYMS["order_date"],
    ),
    "kind": (
        "type", "eventtype", "eventkind", "eventname", "event", "typeofevent", "transactiontype", "txntype",
        "activitytype", "activityname", "activity", "entrytype", "ledgertype", "movementtype", "action",
        "actiontype", "operation", "typename", "reason", "category",
    ),
    "amount": LINE_SYNONYMS["amount"],
    "points": (
        "loyaltypoints", "pointsdelta", "pointsdifference", "pointschange", "pointchange", "pointsamount",
        "pointsvalue", "pointsawarded", "pointsadded", "pointsearned", "numberofpoints", "rewardpoints",
        "rewardspoints", "miles", "pts", "stamps", "delta",
    ),
    "order_id": LINE_SYNONYMS["order_id"],
    "expires_on": (
        "expires", "expiresat", "expiry", "expirydate", "expiration", "expirationdate", "validuntil", "validto",
        "pointsexpiry", "pointsexpirydate", "expirydateofpoints",
    ),
    "loyalty_status": (
        "tier", "newtier", "tierafter", "totier", "tiername", "loyaltytier", "newlevel", "newstatus",
        "loyaltylevel", "membershiptier", "membershiplevel", "viptier", "level",
    ),
    "currency": SYNONYMS["currency"],
}  # fmt: skip
"""By column, the likeliest first. Names of balances are absent, as a balance is not what an event changes."""

CALLED: Final = {
    "purchase": (
        "sale", "sales", "order", "buy", "bought", "payment", "charge", "checkout", "invoice", "transaction",
        "orderplaced", "placedorder", "orderpaid", "ordercompleted", "purchased", "purchasemade",
    ),
    "refund": (
        "refunded", "return", "returned", "chargeback", "creditnote", "cancel", "cancelled", "canceled",
        "cancellation", "orderrefunded", "orderreturned", "orderrefund", "paymentrefund", "reversal",
    ),
    "earn": (
        "earned", "earning", "accrual", "accrue", "accrued", "bonus", "award", "awarded", "pointsearned",
        "earnpoints", "earnedpoints", "pointsawarded", "pointsadded", "pointsaccrued", "bonuspoints",
        "welcomebonus", "signupbonus", "birthdaybonus", "referralbonus",
    ),
    "adjust": (
        "adjusted", "adjustment", "correction", "manualadjustment", "pointsadjustment", "pointsadjusted",
        "pointadjustment", "manualcorrection",
    ),
    "redeem": (
        "redeemed", "redemption", "redeeming", "burn", "burned", "burnt", "pointsredeemed", "redeempoints",
        "pointsburned", "rewardredeemed", "pointsspent", "pointsredemption", "rewardredemption",
    ),
    "expire": (
        "expired", "expiry", "expiration", "expiring", "lapse", "lapsed", "breakage", "pointsexpired",
        "pointsexpiry", "pointsexpiration",
    ),
    "login": (
        "loggedin", "logon", "signin", "signedin", "visit", "visited", "session", "sessionstart", "appopen",
        "appopened", "openedapp", "userlogin", "customerlogin",
    ),
    "tier_change": (
        "tierchanged", "tierupgrade", "tierdowngrade", "tierupdate", "tierupgraded", "tierdowngraded", "upgrade",
        "downgrade", "upgraded", "downgraded", "statuschange", "statuschanged", "levelchange", "levelup",
    ),
}  # fmt: skip
"""The synonyms of each kind."""
KIND_WORDS: Final = {word: kind for kind, words in CALLED.items() for word in (kind.replace("_", ""), *words)}
"""The kind of each word."""
