"""The semantic model's text: what Desktop would refuse, and what a modeller would frown at."""

import re

import pytest

from customer360.power_bi import tmdl
from customer360.power_bi.model import MODEL_TABLES, RELATIONSHIPS
from customer360.power_bi.tmdl import ModelSource
from customer360.report.dimensions import FUNNEL_STAGES
from customer360.tables import BANDS, RESULT_TABLES

IMPORT = ModelSource("db.example:5432", "crm", "analytics", "import")
FILES = tmdl.files(IMPORT)
TABLES = {path: text for path, text in FILES.items() if path.startswith("tables/")}


@pytest.mark.parametrize("path", FILES)
def test_lines_are_indented_by_tabs_only(path):
    """TMDL takes a space for an error, and only Desktop would say so; inside expressions spaces are free."""
    outside = re.sub(r"```.*?```", "", FILES[path], flags=re.S)
    outside = re.sub(r"\t\t\t\t    .*", "", outside)

    assert not re.search(r"^\t* ", outside, re.M)


def test_the_model_refers_to_every_table_and_to_no_other():
    """A reference to a missing table parses everywhere and fails in Desktop."""
    referred = re.findall(r"^ref table (.+)$", FILES["model.tmdl"], re.M)

    assert [name.strip("'") for name in referred] == [table.name for table in MODEL_TABLES]
    assert len(TABLES) == len(MODEL_TABLES)
    assert "compatibilityLevel: 1601" in FILES["database.tmdl"]


def test_a_column_sorts_by_a_column_of_its_table():
    """Otherwise months stand in the order of the alphabet."""
    missing = [
        (table.name, column.sort_by)
        for table in MODEL_TABLES
        for column in table.columns
        if column.sort_by and column.sort_by not in {other.name for other in table.columns}
    ]

    assert missing == []


def test_every_column_comes_from_a_column_of_its_source():
    """A wrong name would fail at the first refresh, in front of a person."""
    unknown = [
        (table.name, column.source)
        for table in MODEL_TABLES
        if table.source
        for column in table.columns
        if column.source not in table.source.column_names
    ]

    assert unknown == []


def test_every_table_is_read_from_a_result_table():
    """The model never reads single customers: it stays small at any number of them."""
    sources = {table.source.name for table in MODEL_TABLES if table.source}

    assert sources <= {table.name for table in RESULT_TABLES}
    assert sources.isdisjoint({"customer_profiles", "rejected_rows"})


def test_filters_travel_one_way_from_one_to_many_except_where_members_overlap():
    """Both ways would make totals depend on the path; the funnel's stages overlap by definition."""
    text = FILES["relationships.tmdl"]

    assert "bothDirections" not in text
    assert [r.to_table for r in RELATIONSHIPS if r.overlapping] == ["Funnel Stage"]
    assert text.count("toCardinality: many") == 1


@pytest.mark.parametrize(
    "relationship", [r for r in RELATIONSHIPS if not r.overlapping], ids=lambda r: f"{r.from_table}-{r.to_table}"
)
def test_a_relationship_ends_at_a_key(relationship):
    """The one side must hold each value once; Refreshes is one row per refresh."""
    [table] = [table for table in MODEL_TABLES if table.name == relationship.to_table]
    keys = {column.name for column in table.columns if column.key} or {"refresh_id"}

    assert relationship.to_column in keys


def test_facts_show_measures_and_hide_what_they_are_made_of():
    """The field list is for people: sums without a name and foreign keys are not for them."""
    shown = {
        table.name: [column.name for column in table.columns if not column.hidden]
        for table in MODEL_TABLES
        if table.name.endswith("Segments")
    }

    assert shown == {"Customer Segments": [], "Engagement Segments": []}


def test_months_are_a_date_table_in_each_role():
    """Joined in and last seen in are two roles of one calendar, each with its own axis."""
    dated = [path for path, text in TABLES.items() if "dataCategory: Time" in text]

    assert dated == ["tables/Calendar.tmdl", "tables/Last Login Calendar.tmdl"]


def test_bands_are_one_table_in_three_roles_and_a_parameter():
    """Each role reads its own rows of bands; X takes the edges of the balance bands."""
    kept = {table.name: table.banded_column for table in MODEL_TABLES if table.source is BANDS}

    assert kept == {
        "Balance Band": "account_balance",
        "Points Band": "loyalty_points",
        "Account Age Band": "account_age_days",
        "Balance Threshold": "account_balance",
    }
    assert '[banded_column] = "account_balance" and [low] <> null' in FILES["tables/Balance Threshold.tmdl"]


def test_a_funnel_stage_holds_every_deepest_stage_from_its_own_on():
    """Ten rows: four, three, two and one."""
    rows = re.findall(r'\{(\d), "([^"]+)", (\d)\}', FILES["tables/Funnel Stage.tmdl"])

    assert [row[1] for row in rows] == [name for n, name in enumerate(FUNNEL_STAGES) for _ in range(4 - n)]
    assert all(int(deepest) >= int(stage) for stage, _, deepest in rows)


def test_direct_query_asks_the_server_for_everything_that_it_has():
    """Only the stages of the funnel stand in the model itself."""
    files = tmdl.files(ModelSource("h", "d", "s", "directquery"))
    modes = {
        path: mode
        for path, text in files.items()
        if path.startswith("tables/")
        for mode in re.findall(r"mode: (\w+)", text)
    }

    assert {path for path, mode in modes.items() if mode == "import"} == {"tables/Funnel Stage.tmdl"}
    assert set(modes.values()) == {"import", "directQuery"}


def test_a_role_by_country_closes_what_country_cannot_narrow():
    """Totals over all countries would tell a reader of one country about the others."""
    role = FILES["roles/Country reader.tmdl"]

    assert "tablePermission Country = 'Country'[Country] = \"Germany\"" in role
    assert "tablePermission 'Cohort Retention' = FALSE ()" in role
    assert "tablePermission 'Data Quality' = FALSE ()" in role


def test_every_measure_and_column_is_described():
    """The description is what Power BI shows on hover."""
    undescribed = [
        line
        for text in TABLES.values()
        for above, line in zip(text.splitlines(), text.splitlines()[1:], strict=False)
        if re.match(r"\t(measure|column) ", line) and not above.startswith("\t/// ")
    ]

    assert undescribed == []


def test_what_a_person_sets_stands_in_the_parameters():
    """One place to change when the database moves."""
    assert 'expression Server = "db.example:5432" meta' in FILES["expressions.tmdl"]
    assert 'expression Database = "crm" meta' in FILES["expressions.tmdl"]
