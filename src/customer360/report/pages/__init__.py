"""
The report: its pages, visuals and slicers, defined once for Power BI and the browser. Each page has a module.

If the data has events, each visual shows the exact number; without events, it shows what the customers' rows can
say, and its subtitle says so. Visuals of a page that read the same fact filter each other on a click.
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
