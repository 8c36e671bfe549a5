"""Names of customers, countries and statuses are always shown as text and never run."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from customer360.web.app import make_app
from customer360.web.server import Address, running
from tests.web.published import WHOLE, miniature_results, publish

MARKUP = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>{{7*7}}"
CALLED = {"country": ("Kenya", f"K{MARKUP}"), "loyalty_status": ("Gold", f"G{MARKUP}"), "name": ("", MARKUP)}


def hostile(table: pa.Table) -> pa.Table:
    """*table* with markup as one country, one status and every name."""
    for column, (usual, name) in CALLED.items():
        if column in table.column_names:
            place, texts = table.column_names.index(column), table[column]
            is_meant = pc.or_(pc.equal(texts, usual), usual == "")
            table = table.set_column(place, table.schema.field(column), pc.if_else(is_meant, name, texts))
    return table


@pytest.fixture
def hostile_dashboard(database):
    publish(database, {table: hostile(rows) for table, rows in miniature_results().items()})
    with running(make_app(database), Address(port=0)) as address:
        yield address.url


def test_a_name_in_markup_is_shown_as_text(hostile_dashboard, page, complaints):
    """In charts, tooltips, slicers, tables and the URL; an image that fails to load would be a complaint."""
    seen = ""
    for shown in WHOLE.pages:
        page.goto(f"{hostile_dashboard}/{shown.name}")
        page.wait_for_selector("html[data-painted]", state="attached")
        for table in page.get_by_role("button", name="as a table").all():
            table.dispatch_event("click")
        for mark in page.locator("button[data-mark]").all()[:10]:
            mark.dispatch_event("focus")
        seen += page.locator("body").inner_text()
        assert page.locator("img[src=x], body script").count() == 0
        assert page.title() != "owned"

    assert MARKUP.partition(">")[0] in seen
    assert complaints == []
