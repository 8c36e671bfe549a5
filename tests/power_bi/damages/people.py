"""Damage to the drillthrough pages: to how they are opened and left, and to their lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from customer360.power_bi.placed import identity
from tests.power_bi.damages.apply import content, pattern, text, without
from tests.power_bi.damages.report import set_literal

ACTIVE, EARNED = "Active Customers", "Points Earned"
PROFILES = "tables/Customer Profiles.tmdl"


def page(name: str, of: str, change: Callable[[dict[str, Any]], object]) -> None:
    content(name, f"pages/{identity('people', of)}/page.json", change)


def visual(name: str, of: str, each: str, change: Callable[[dict[str, Any]], object]) -> None:
    folder = f"pages/{identity('people', of)}/visuals/{identity('people', of, each)}"
    content(name, f"{folder}/visual.json", change)


# --- how they are opened and left -----------------------------------------------------------------

without("a list without a way back", f"{identity('people', ACTIVE, 'back')}/visual.json")
visual(
    "a back button that leads elsewhere",
    ACTIVE,
    "back",
    lambda built: set_literal(built, "visualLink.type", "'PageNavigation'", "visualContainerObjects"),
)
visual(
    "a back button that does nothing",
    ACTIVE,
    "back",
    lambda built: set_literal(built, "visualLink.show", "false", "visualContainerObjects"),
)
page("a list without its binding", ACTIVE, lambda built: built.pop("pageBinding"))
page("a list that is not a drillthrough page", ACTIVE, lambda built: built.pop("type"))
page("a list that all readers see", ACTIVE, lambda built: built.pop("visibility"))
page("a list without its measure", ACTIVE, lambda built: built["pageBinding"].update(parameters=[]))
page("a list with a missing measure", ACTIVE, lambda built: built["pageBinding"]["parameters"].pop())
page(
    "a list that drops the filters", ACTIVE, lambda built: built["pageBinding"].update(acceptsFilterContext="None")
)
page(
    "a list bound to another filter",
    ACTIVE,
    lambda built: built["pageBinding"]["parameters"][0].update(boundFilter="Filter" + 24 * "0"),
)
page(
    "a list of another measure",
    ACTIVE,
    lambda built: [
        one["Measure"].update(Property="Total Customers")
        for one in (
            built["pageBinding"]["parameters"][0]["fieldExpr"],
            built["filterConfig"]["filters"][0]["field"],
        )
    ],
)
page("a list of another name", ACTIVE, lambda built: built.update(displayName="Customers: Inactive Customers"))

# --- their lists ----------------------------------------------------------------------------------

visual("a list of all customers", ACTIVE, "customers", lambda built: built.pop("filterConfig"))
visual(
    "a list of the customers that the number omits",
    ACTIVE,
    "customers",
    lambda built: built["filterConfig"]["filters"][0]["filter"]["Where"][0].update(
        Condition=built["filterConfig"]["filters"][0]["filter"]["Where"][0]["Condition"]["Not"]["Expression"]
    ),
)
visual(
    "a list without its names",
    ACTIVE,
    "customers",
    lambda built: built["visual"]["query"]["queryState"]["Values"]["projections"].pop(0),
)
visual(
    "a sum that is not shown",
    EARNED,
    "customers",
    lambda built: built["visual"]["query"]["queryState"]["Values"]["projections"].pop(),
)
pattern(
    "a missing condition of a measure",
    PROFILES,
    r"CALCULATE \( (\[List of Total Customers\]), KEEPFILTERS \( 'Activity'\[Activity\] = \"Active\" \) \)",
    r"\1",
)
pattern(
    "a missing condition of rows",
    PROFILES,
    r",\n\s+KEEPFILTERS \( 'Customer Months'\[is_retained\] = TRUE \(\) \)",
    "",
)
pattern("a list that a slicer does not reach", PROFILES, r"KEEPFILTERS \( NOT ByCountry \|\| [^)]+\),\n\s+", "")
pattern("a list of one month later", PROFILES, r">= Since \)", "> Since )")
pattern("customers who added nothing", PROFILES, r"IF \( Added <> 0, Added \)", "Added + 0")
text(
    "a list that names another filter",
    PROFILES,
    "VAR InCountry = VALUES ( 'Country'[Country] )",
    "VAR InCountry = VALUES ( 'Loyalty Status'[Loyalty Status] )",
)

# --- what is imported, and who may see it ---------------------------------------------------------

for table in ("Customer Profiles", "Customer Months", "Customer Moves"):
    text(f"{table} copied into the model", f"tables/{table}.tmdl", "mode: directQuery", "mode: import")
pattern("profiles without a key", PROFILES, r"^\t\tisKey\n", "")
pattern(
    "customers in the field list",
    PROFILES,
    r"(column account_balance\n\t\tdataType: decimal\n)\t\tisHidden\n",
    r"\1",
)
text(
    "a role that lists other countries",
    "roles/Country reader.tmdl",
    "tablePermission 'Customer Profiles' = 'Customer Profiles'[country_member] = \"Germany\"",
    "tablePermission 'Customer Profiles' = 'Customer Profiles'[country_member] = \"France\"",
)
