"""The documentation of the Power BI report says what the code says."""

import subprocess
import sys
from pathlib import Path

from customer360.measures import MEASURES
from customer360.power_bi.model import MODEL_TABLES
from customer360.report import REPORT

DOCS = Path(__file__).parents[2] / "docs" / "power-bi.md"


def test_the_glossary_is_generated_from_the_measures():
    """If this fails: `cog -r docs/power-bi.md`."""
    subprocess.run([sys.executable, "-m", "cogapp", "--check", str(DOCS)], check=True, capture_output=True)


def test_every_page_table_and_measure_occurs_in_the_docs():
    """What a person meets in the report can be looked up."""
    text = DOCS.read_text("utf-8")
    names = [
        *(page.title for page in REPORT.pages),
        *(table.name for table in MODEL_TABLES),
        *(one.label for one in MEASURES if not one.hidden),
    ]

    assert [name for name in names if name not in text] == []
