"""
The report: its pages, visuals and slicers, defined once for Power BI and for the browser. One module a page.

Where the data has events, the true number takes the main place in each visual; without them, what the customers'
rows tell takes it, and the subtitle says which. Visuals of one page that read the same fact narrow each other at a
click.
"""

from __future__ import annotations

from typing import Final

from customer360.report.pages.activity import ACTIVITY
from customer360.report.pages.engagement import ENGAGEMENT
from customer360.report.pages.financial import FINANCIAL
from customer360.report.pages.loyalty import LOYALTY
from customer360.report.pages.overview import OVERVIEW
from customer360.report.pages.value import VALUE
from customer360.report.visuals import Report

__all__ = ["REPORT"]

REPORT: Final = Report(
    "Customer 360",
    ("loyalty_status", "activity", "country", "join_month"),
    (OVERVIEW, FINANCIAL, ENGAGEMENT, ACTIVITY, LOYALTY, VALUE),
)
