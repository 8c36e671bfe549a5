"""Activity by behaviour replaces the stored flag, and is labelled wherever it is shown."""

from __future__ import annotations

import pytest

from customer360.report.behaviour import FLAG, definition_of, depends_on_activity, description_of
from customer360.report.measures import measure
from customer360.report.pages import REPORT

VISUALS = {visual.name: visual for visual in REPORT.visuals}


@pytest.mark.parametrize(
    ("name", "by_flag", "by_behaviour"),
    [
        ("active_customers", "Customers marked active in the source", "Customers seen in the last 90 days"),
        (
            "inactive_customers",
            "Customers marked inactive in the source",
            "Customers not seen in the last 90 days",
        ),
        (
            "active_share_by_status",
            "Active customers ÷ all customers",
            "Active customers ÷ all customers; active: seen in the last 90 days",
        ),
        (
            "retention_funnel",
            "Customers who reached each stage without skipping one",
            "Customers who reached each stage without skipping one; active: seen in the last 90 days",
        ),
        (
            "out_of_order",
            "Skipped an earlier stage",
            "Skipped an earlier stage; active: seen in the last 90 days",
        ),
        ("total_customers", "Number of customers", "Number of customers"),
        ("acquisition", "Customers by the month they joined", "Customers by the month they joined"),
    ],
)
def test_a_subtitle_says_what_counts_as_active(name, by_flag, by_behaviour):
    """A reader who knows the flag would mistake the number for it."""
    assert definition_of(VISUALS[name], ()) == by_flag
    assert definition_of(VISUALS[name], (FLAG,)) == by_behaviour


@pytest.mark.parametrize("name", VISUALS)
def test_exactly_the_visuals_that_need_activity_say_so(name):
    """No other visual changes."""
    visual = VISUALS[name]

    assert (definition_of(visual, (FLAG,)) != visual.definition) == depends_on_activity(visual)


@pytest.mark.parametrize("visual", VISUALS.values(), ids=lambda visual: visual.name)
def test_the_subtitle_fits_above_the_visual(visual):
    """At about six pixels a character, as for every definition."""
    assert len(definition_of(visual, (FLAG,))) <= (visual.place.width * 120 - 32) / 6


def test_a_tooltip_never_mentions_a_flag_that_the_data_does_not_have():
    """Nor 90 days if there is a flag; where either is possible, as in Power BI's field list, it mentions both."""
    active = measure("active_customers")

    assert description_of(active, ()) == (
        "Customers marked active in the source. Customers with an unknown flag are counted separately."
    )
    assert description_of(active, (FLAG,)).startswith("Customers seen in the last 90 days.")
    assert active.description.startswith(
        "Customers marked active in the source; without is_active in the data, customers seen in the last 90 days."
    )
    assert description_of(measure("share_of_first_stage"), (FLAG,)) == (
        "Customers who reached the stage ÷ customers who joined; active: seen in the last 90 days."
    )
