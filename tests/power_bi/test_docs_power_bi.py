"""The documentation of the Power BI report agrees with the code."""

from customer360.power_bi.model import MODEL_TABLES
from customer360.report.pages import REPORT
from tests.documentation import ROOT


def test_every_page_and_table_occurs_in_the_docs():
    """Everything in the report can be looked up; measures have a separate page."""
    text = (ROOT / "docs" / "power-bi.md").read_text("utf-8")
    names = [*(page.title for page in REPORT.pages), *(table.name for table in MODEL_TABLES)]

    assert [name for name in names if name not in text] == []
