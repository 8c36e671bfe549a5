"""Small files as common tools export them, and the customers in them; every person is invented."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class Miniature:
    """
    A file called *name* with *text*, and the values of some columns of its *customers*, by source_id.

    Customers derived from orders also have their spending, net of refunds, and the moment of their last purchase.
    """

    name: str
    text: str
    customers: dict[str, dict[str, str | None]]
    left_out: int = 0
    """Rows that do not belong to a purchase."""
    option: dict[str, str] = field(default_factory=dict)


ANN: Final = "ann@example.com"
BO: Final = "bo@example.com"

MINIATURES: Final = {
    "shopify_customers": Miniature(
        "customers_export.csv",
        """\
Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address City,Default Address Country Code,Total Spent,Total Orders,Note,Tax Exempt,Tags
'7210448301100,Ann,Berg,ann@example.com,yes,Porto,PT,1454.22,9,"Calls often,
never late",no,VIP
'7210448301101,,,,no,,,0.00,0,,no,
""",
        {
            "7210448301100": {"name": "Ann Berg", "email": ANN, "country": "PT", "city": "Porto",
                              "account_balance": "1454.22", "join_date": None},
            "7210448301101": {"name": None, "email": None, "account_balance": "0.00"},
        },
    ),
    # Two lines of one order, a partial and a full refund, a voided order, an evening that is the next day in UTC.
    "shopify_orders": Miniature(
        "orders_export.csv",
        """\
Name,Email,Financial Status,Created at,Currency,Total,Lineitem quantity,Lineitem name,Lineitem price,Billing Name,Billing City,Billing Country,Refunded Amount
#1001,ann@example.com,paid,2025-03-14 13:29:07 -0500,USD,177.33,4,Apron,38.00,Ann Berg,Porto,PT,0.00
#1001,ann@example.com,,,,,1,Wrap,19.90,,,,
#1002,Ann@Example.com,partially_refunded,2025-05-28 22:41:07 -0400,USD,63.88,1,Bowl,54.00,Ann Berg,Porto,PT,3.88
#1003,bo@example.com,refunded,2025-06-01 10:00:00 -0400,USD,50.00,1,Bowl,50.00,Bo Ek,Umea,SE,50.00
#1004,bo@example.com,voided,2025-06-02 10:00:00 -0400,USD,80.00,2,Bowl,40.00,Bo Ek,Umea,SE,0.00
#1004,bo@example.com,,,,,1,Cup,10.00,,,,
""",
        {"Ann@Example.com": {"name": "Ann Berg", "country": "PT", "spent": "237.33",
                             "join_date": "2025-03-14", "first_purchase": "2025-03-14",
                             "last_purchase": "2025-05-29 02:41:07"},
         BO: {"name": "Bo Ek", "spent": "0.00", "first_purchase": "2025-06-01"}},
        left_out=2,
    ),
    "squarespace_orders": Miniature(
        "orders.csv",
        """\
Order ID,Email,Financial Status,Currency,Total,Amount Refunded,Created at,Lineitem quantity,Lineitem name,Lineitem price,Billing Name,Billing City,Billing Country,Cancelled at
00001,ann@example.com,PAID,USD,30.00,0.00,2026-03-05 21:06:00 -0500,1,Coffee,10.00,Ann Berg,Porto,PT,
00001,ann@example.com,,,,,,1,Tea,10.00,,,,
00002,bo@example.com,PENDING,USD,20.00,0.00,2026-03-06 21:06:00 -0500,1,Tea,20.00,Bo Ek,Umea,SE,
""",
        {ANN: {"spent": "30.00", "first_purchase": "2026-03-06"}},
        left_out=1,
    ),
    "woocommerce_customers": Miniature(
        "wc-customers-report-export.csv",
        """\
Name,Username,"Last Active","Sign Up",Email,Orders,"Total Spend",AOV,"Country / Region",City,Region,"Postal Code"
"Ann Berg",ann,"2026-06-11 23:30:05","2025-06-06 23:23:05",ann@example.com,1,138.85,138.85,PT,Porto,,4000
"Bo Ek",,"2026-02-01 10:00:00",,bo@example.com,2,20.00,10.00,SE,Umea,,903
""",
        {
            ANN: {"name": "Ann Berg", "country": "PT", "join_date": "2025-06-06",
                  "last_login": "2026-06-11 23:30:05", "account_balance": "138.85"},
            BO: {"join_date": None, "account_balance": "20.00"},
        },
    ),
    "woocommerce_orders": Miniature(
        "wc-orders-report-export.csv",
        """\
Date,"Order #",Status,Customer,"Customer type","Product(s)","Items sold","Coupon(s)","N. Revenue",Attribution
"2026-01-02 10:00:00",101,completed,"Ann Berg",returning,"2× Mug",2,,150.00,Direct
"2026-02-02 10:00:00",102,cancelled,"Ann Berg",returning,"1× Mug",1,,75.00,Direct
"2026-03-02 10:00:00",103,processing,"Bo Ek",new,"1× Mug",1,,50.00,Direct
""",
        {"Ann Berg": {"spent": "150.00", "last_purchase": "2026-01-02 10:00:00"},
         "Bo Ek": {"spent": "50.00"}},
        left_out=1,
    ),
    "hubspot_contacts": Miniature(
        "hubspot-crm-exports-all-contacts.csv",
        """\
Record ID,First Name,Last Name,Email,Create Date,Lifecycle Stage,Country/Region,City,Last Activity Date,Total Revenue,Loyalty tier
88100000000,Ann,Berg,ann@example.com,2023-05-23 08:06,Customer,Portugal,Porto,2023-07-15 08:06,7842.86,Gold
88100000977,Bo,Ek,bo@example.com,2024-04-17 05:01,Lead,,,,,Silver
""",
        {
            "88100000000": {"name": "Ann Berg", "country": "Portugal", "join_date": "2023-05-23",
                            "account_balance": "7842.86", "loyalty_status": "Gold"},
            "88100000977": {"name": "Bo Ek", "account_balance": None, "loyalty_status": "Silver"},
        },
    ),
    # Ids that differ only in letter case, day-first dates, and notices below the rows.
    "salesforce_contacts": Miniature(
        "report1795771500000.csv",
        '''\
"Contact ID","First Name","Last Name","Account Name","Email","Mailing City","Mailing Country","Created Date","Last Activity","Loyalty Tier","Loyalty Points","Lifetime Value Currency","Lifetime Value","Birthdate"
"0035g00000XqTzA","Ann","Berg","Kettle Row ""Ltd""","ann@example.com","Porto","Portugal","10/08/2019","","Bronze","10,223","GBP","4,556.98",""
"0035g00000XqTza","Bo","Ek","Household of Ek","bo@example.com","Umea","Sweden","22/11/2025","23/11/2025","Silver","8,069","GBP","8,251.80","02/02/1952"


"Contacts with loyalty"
"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."
"Confidential Information - Do Not Distribute"
"Generated By:  Bram Sample  27/11/2026 09:15"
"Fernhill & Co."
''',
        {
            "0035g00000XqTzA": {"name": "Ann Berg", "join_date": "2019-08-10", "loyalty_points": "10223",
                                "account_balance": "4556.98"},
            "0035g00000XqTza": {"name": "Bo Ek", "join_date": "2025-11-22", "birth_date": "1952-02-02"},
        },
    ),
    "stripe_payments": Miniature(
        "unified_payments.csv",
        """\
id,Created date (UTC),Amount,Amount Refunded,Currency,Converted Amount,Converted Amount Refunded,Converted Currency,Fee,Status,Customer ID,Customer Description,Customer Email
ch_1,2025-07-27 19:36:12,753.85,0.00,eur,817.32,0.00,usd,24.00,Paid,cus_R01,Ann Berg,ann@example.com
ch_2,2025-06-29 21:01:38,513.96,171.32,usd,513.96,171.32,usd,15.20,Paid,,,ann@example.com
pi_3,2025-05-19 01:07:45,23.14,0.00,usd,23.14,0.00,usd,0.00,requires_payment_method,cus_R02,Bo Ek,bo@example.com
ch_4,2025-05-10 04:09:40,1599.49,1599.49,eur,1734.17,1734.17,usd,50.59,Refunded,,,bo@example.com
ch_5,2025-05-01 04:09:40,10.00,0.00,usd,10.00,0.00,usd,0.59,Paid,,,bo@example.com
""",
        {
            ANN: {"spent": "1159.96", "first_purchase": "2025-06-29", "last_purchase": "2025-07-27 19:36:12"},
            BO: {"spent": "10.00", "last_purchase": "2025-05-10 04:09:40"},
        },
        left_out=1,
    ),
    "stripe_customers": Miniature(
        "unified_customers.csv",
        """\
id,Description,Email,Name,Created (UTC),Delinquent,Currency,Total Spend,Payment Count,Plan,Status
cus_R01xKpLmN3qW,,ann@example.com,Ann Berg,2023-01-05 10:00,false,eur,120.50,3,gold_monthly,active
cus_R02xKpLmN3qW,,bo@example.com,Bo Ek,2023-02-06 11:30,false,eur,0.00,0,,
""",
        {"cus_R01xKpLmN3qW": {"name": "Ann Berg", "join_date": "2023-01-05", "account_balance": "120.50"},
         "cus_R02xKpLmN3qW": {"account_balance": "0.00"}},
    ),
    "square_customers": Miniature(
        "square-directory.csv",
        """\
Reference ID,First Name,Last Name,Email Address,Phone Number,City,Birthday,Memo,Square Customer ID,Creation Source,First Visit,Last Visit,Transaction Count,Lifetime Spend
,Ann,Berg,ann@example.com,'+351900000001,Porto,1990-02-03,,SQCUST0001,Instant Profile,2023-01-05,2024-05-01,3,"$1,120.50"
,Bo,Ek,bo@example.com,,Umea,,,SQCUST0002,Manual,2023-02-06,2023-02-06,1,$15.00
""",
        {"SQCUST0001": {"name": "Ann Berg", "join_date": "2023-01-05", "account_balance": "1120.50",
                        "birth_date": "1990-02-03", "city": "Porto"},
         "SQCUST0002": {"account_balance": "15.00"}},
    ),
    "square_transactions": Miniature(
        "transactions.csv",
        """\
Date,Time,Time Zone,Gross Sales,Discounts,Net Sales,Tax,Tip,Partial Refunds,Total Collected,Source,Transaction ID,Payment ID,Event Type,Customer ID,Customer Name
10/15/2025,2:30:00 PM,Eastern Time (US & Canada),$60.00,$0.00,$60.00,$0.00,$10.00,$0.00,$70.00,Point of Sale,TX900,PM900,Payment,SQ1,Ann Berg
10/16/2025,2:30:00 PM,Eastern Time (US & Canada),-$20.00,$0.00,-$20.00,$0.00,$0.00,$0.00,-$20.00,Point of Sale,TX901,PM901,Refund,SQ1,Ann Berg
""",
        {"SQ1": {"name": "Ann Berg", "spent": "50.00", "first_purchase": "2025-10-15"}},
    ),
    "square_items": Miniature(
        "items.csv",
        """\
Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Gross Sales,Discounts,Net Sales,Tax,Transaction ID,Payment ID,Event Type,Customer ID,Customer Name
2025-10-15,10:15:00,Eastern Time (US & Canada),Mugs,Mug,2,Regular,,"$1,045.00",$-45.00,"$1,000.00",$0.00,TX1,PM1,Payment,SQ1,Ann Berg
2025-10-15,10:15:00,Eastern Time (US & Canada),Mugs,Cup,1,Regular,,$5.00,$0.00,$5.00,$0.00,TX1,PM1,Payment,SQ1,Ann Berg
""",
        {"SQ1": {"spent": "1005.00", "last_purchase": "2025-10-15 10:15:00"}},
    ),
    # A payment, its refund, a fully refunded one, a hold, a withdrawal, the shop's own purchase, a pending one.
    "paypal": Miniature(
        "Download.CSV",
        """\
"Date","Time","TimeZone","Name","Type","Status","Currency","Gross","Fee","Net","From Email Address","To Email Address","Transaction ID","Reference Txn ID","Town/City","Country","Balance Impact"
"01/10/2026","19:54:00","PST","Ann Berg","Express Checkout Payment","Completed","USD","1,030.56","-31.30","999.26","ann@example.com","shop@example.com","T1","","Porto","Portugal","Credit"
"02/16/2026","10:00:00","PST","Ann Berg","Payment Refund","Completed","USD","-30.56","0.00","-30.56","shop@example.com","ann@example.com","T2","T1","","","Debit"
"03/12/2026","10:00:00","PDT","Bo Ek","Mobile Payment","Completed","USD","177.90","-5.00","172.90","bo@example.com","shop@example.com","T3","","Umea","Sweden","Credit"
"03/22/2026","10:00:00","PDT","Bo Ek","Payment Refund","Completed","USD","-177.90","0.00","-177.90","shop@example.com","bo@example.com","T4","T3","","","Debit"
"03/23/2026","10:00:00","PDT","","Account Hold for Open Authorization","Completed","USD","-40.00","0.00","-40.00","","","T5","","","","Memo"
"03/24/2026","10:00:00","PDT","","General Withdrawal","Completed","USD","-900.00","0.00","-900.00","","","T6","","","","Debit"
"04/28/2026","10:00:00","PDT","Hosting","PreApproved Payment Bill User Payment","Completed","USD","-23.00","0.00","-23.00","shop@example.com","billing@example.net","T7","","","","Debit"
"05/18/2026","10:00:00","PDT","Bo Ek","Website Payment","Pending","USD","159.24","0.00","159.24","bo@example.com","shop@example.com","T8","","","","Memo"
""",
        {ANN: {"name": "Ann Berg", "spent": "1000.00", "join_date": "2026-01-10",
               "last_purchase": "2026-01-10 19:54:00"},
         BO: {"spent": "0.00", "first_purchase": "2026-03-12"}},
        left_out=4,
    ),
    "klaviyo_profiles": Miniature(
        "klaviyo.csv",
        """\
Email,Klaviyo ID,First Name,Last Name,City,Country,Date Added,Last Active,Historic Customer Lifetime Value,Predicted Customer Lifetime Value
ann@example.com,01HABCDEF,Ann,Berg,Porto,Portugal,2023-01-05 10:00:00+00:00,2024-05-01 09:00:00+00:00,120.50,40.0
bo@example.com,01HABCDEG,Bo,Ek,,,2023-02-06 11:30:00+00:00,,15.0,10.0
""",
        {"01HABCDEF": {"name": "Ann Berg", "join_date": "2023-01-05", "account_balance": "120.50"},
         "01HABCDEG": {"account_balance": "15.00"}},
    ),
    "mailchimp_audience": Miniature(
        "subscribed_members.csv",
        """\
"Email Address","First Name","Last Name",MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,CC,LAST_CHANGED,LEID,EUID,NOTES,TAGS
ann@example.com,Ann,Berg,3,"2023-01-05 10:00:00","2023-01-05 10:01:00",PT,"2024-05-01 09:00:00",1001,aa11,,
bo@example.com,Bo,Ek,2,,"2023-02-06 11:31:00",SE,"2024-05-01 09:00:00",1002,bb22,,
""",
        {ANN: {"name": "Ann Berg", "country": "PT", "join_date": "2023-01-05"}, BO: {"join_date": "2023-02-06"}},
    ),
    # 24-hour times with AM and PM.
    "magento_customers": Miniature(
        "export.csv",
        """\
ID,Name,Email,Group,Phone,ZIP,Country,State/Province,"Customer Since","Web Site","Date of Birth",Gender,City
1001,"Ann Berg",ann@example.com,General,,4000,Portugal,,"May 21, 2023 22:55:07 PM","Main Website",1955-01-01,Female,Porto
1004,"Bo Ek",bo@example.com,"Gold Members",,,,,"May 26, 2021 00:30:31 AM","Main Website",,,
""",
        {"1001": {"join_date": "2023-05-21", "loyalty_status": "General", "country": "Portugal"},
         "1004": {"join_date": "2021-05-26", "loyalty_status": "Gold Members", "country": None}},
    ),
    "magento_orders": Miniature(
        "export.csv",
        """\
ID,"Purchase Point","Purchase Date","Bill-to Name","Ship-to Name","Grand Total (Base)","Grand Total (Purchased)",Status,"Customer Email","Customer Name","Total Refunded"
000000001,"Main Website","Nov 27, 2025 1:02:03 PM","Ann Berg","Ann Berg",120.0000,120.0000,Complete,ann@example.com,"Ann Berg",20.0000
000000002,"Main Website","Nov 28, 2025 1:02:03 PM","Bo Ek","Bo Ek",50.0000,50.0000,Canceled,bo@example.com,"Bo Ek",
000000003,"Main Website","Nov 29, 2025 1:02:03 PM","Bo Ek","Bo Ek",70.0000,70.0000,Closed,bo@example.com,"Bo Ek",70.0000
""",
        {ANN: {"name": "Ann Berg", "spent": "100.00", "first_purchase": "2025-11-27"},
         BO: {"spent": "0.00", "first_purchase": "2025-11-29"}},
        left_out=1,
    ),
    "loylap_customers": Miniature(
        "customers.csv",
        """\
ID,Name,First Name,Last Name,Email,Username,Status,Phone_Number,Date_Birth,Date_Add,Date_Edit,Account_Number,Gender,Cash_Balance,Stamp_Balance,Role_Name
410200,Ann Berg,Ann,Berg,ann@example.com,LL90,1,,1961-02-04,2024-06-11 02:47:18,2024-06-23 02:51:18,"LL90,LL70",F,62.38,3,Staff
410204,,,,,LL91,0,,,2026-01-30 01:45:01,2026-02-11 01:49:01,LL91,,88.24,1,
""",
        {"410200": {"name": "Ann Berg", "join_date": "2024-06-11", "birth_date": "1961-02-04", "is_active": "True",
                    "loyalty_status": "Staff", "loyalty_points": "3", "account_balance": "62.38"},
         "410204": {"name": None, "is_active": "False", "loyalty_status": None}},
    ),
    "etsy_orders": Miniature(
        "EtsySoldOrders2025.csv",
        """\
Sale Date,Order ID,Buyer User ID,Full Name,Ship City,Ship Country,Currency,Order Value,Sales Tax,Order Total,Status,Card Processing Fees,Order Net,Adjusted Order Total,Buyer
09/25/25,11223344,buyer01,Ann Berg,Porto,Portugal,USD,50.00,0,55.00,,2.00,53.00,0.00,buyer01
09/26/25,11223345,buyer02,Bo Ek,Umea,Sweden,USD,20.00,0,25.00,,2.00,23.00,20.00,buyer02
""",
        {"buyer01": {"name": "Ann Berg", "spent": "55.00", "first_purchase": "2025-09-25"},
         "buyer02": {"spent": "20.00"}},
    ),
    "amazon_orders": Miniature(
        "orders.txt",
        "amazon-order-id\tpurchase-date\torder-status\tproduct-name\tquantity\tcurrency\titem-price\tship-city\tship-country\tbuyer-email\n"
        "113-1\t2025-03-05T10:11:12+00:00\tShipped\tMug\t2\tUSD\t20.00\tPorto\tPT\tann@example.com\n"
        "113-1\t2025-03-05T10:11:12+00:00\tShipped\tCup\t1\tUSD\t5.00\tPorto\tPT\tann@example.com\n"
        "113-2\t2025-03-06T10:11:12+00:00\tCancelled\tCup\t0\tUSD\t\tUmea\tSE\tbo@example.com\n",
        {ANN: {"spent": "25.00", "country": "PT", "first_purchase": "2025-03-05"}},
        left_out=1,
    ),
}  # fmt: skip
"""By recipe: a few rows of what it loads and excludes."""
