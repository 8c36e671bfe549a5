"""The semantic model's text: what Power BI Desktop would reject, and what a modeller would object to."""

import re

import pytest

from customer360.power_bi import tmdl
from customer360.power_bi.model import MODEL_TABLES, RELATIONSHIPS
from customer360.power_bi.tmdl import ModelSource
from customer360.report.dimensions import FUNNEL_STAGES
from customer360.report.missing import CAN_BE_MISSING, OF_EVENTS
from customer360.report.pages import REPORT
from customer360.tables import BANDS, RESULT_TABLES

IMPORT = ModelSource("db.example:5432", "crm", "analytics", "import")
WHOLE = REPORT.shown(())
FILES = tmdl.files(IMPORT, WHOLE)
TABLES = {path: text for path, text in FILES.items() if path.startswith("tables/")}


@pytest.mark.parametrize("path", FILES)
def test_lines_are_indented_by_tabs_only(path):
    """A space is an error in TMDL that only Power BI Desktop would report; expressions may contain spaces."""
    outside = re.sub(r"```.*?```", "", FILES[path], flags=re.S)
    outside = re.sub(r"\t\t\t\t    .*", "", outside)

    assert not re.search(r"^\t* ", outside, re.M)


def test_the_model_refers_to_every_table_and_to_no_other():
    """A reference to a missing table parses everywhere but fails in Power BI Desktop."""
    referred = re.findall(r"^ref table (.+)$", FILES["model.tmdl"], re.M)

    assert [name.strip("'") for name in referred] == [table.name for table in MODEL_TABLES]
    assert len(TABLES) == len(MODEL_TABLES)
    assert "compatibilityLevel: 1601" in FILES["database.tmdl"]


def test_a_column_sorts_by_a_column_of_its_table():
    """Otherwise months are in alphabetical order."""
    missing = [
        (table.name, column.sort_by)
        for table in MODEL_TABLES
        for column in table.columns
        if column.sort_by and column.sort_by not in {other.name for other in table.columns}
    ]

    assert missing == []


def test_every_column_comes_from_a_column_of_its_source():
    """A wrong name would fail at the first refresh, in front of a user."""
    unknown = [
        (table.name, column.source)
        for table in MODEL_TABLES
        if table.source
        for column in table.columns
        if column.source not in table.source.column_names
    ]

    assert unknown == []


def test_every_table_is_read_from_a_result_table():
    """The model imports no individual customers, so it stays small at any number of them and has no contact details."""
    sources = {table.source.name for table in MODEL_TABLES if table.source}
    copied = {table.source.name for table in MODEL_TABLES if table.source and not table.asked}
    asked = {"customer_profiles", "customer_months", "customer_moves"}

    assert sources <= {table.name for table in RESULT_TABLES}
    assert sources.isdisjoint({"customer_contacts", "rejected_rows"})
    assert sources - copied == asked
    assert {path for path, text in FILES.items() if "mode: directQuery" in text} == {
        f"tables/{name.replace('_', ' ').title()}.tmdl" for name in asked
    }


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
    """The one side must contain each value once; Refreshes has one row per refresh."""
    [table] = [table for table in MODEL_TABLES if table.name == relationship.to_table]
    keys = {column.name for column in table.columns if column.key} or {"refresh_id"}

    assert relationship.to_column in keys


def test_facts_show_measures_and_hide_their_columns():
    """The field list is for people, who need neither raw sums nor foreign keys."""
    shown = {
        table.name: [column.name for column in table.columns if not column.hidden]
        for table in MODEL_TABLES
        if table.name.endswith("Segments")
    }

    assert shown == {
        "Customer Segments": [],
        "Engagement Segments": [],
        "Activity Segments": [],
        "Demographic Segments": ["Gender"],
        "Spending Segments": [],
        "Value Segments": [],
    }


def test_months_are_a_date_table_in_each_role():
    """The month of joining, of the last login and of activity are roles of one calendar, each with its own axis."""
    dated = [path for path, text in TABLES.items() if "dataCategory: Time" in text]

    assert dated == ["tables/Calendar.tmdl", "tables/Last Login Calendar.tmdl", "tables/Activity Calendar.tmdl"]


def test_bands_are_one_table_in_six_roles_and_two_parameters():
    """Each role reads its own rows of bands; X takes the edges of its bands."""
    kept = {table.name: table.banded_column for table in MODEL_TABLES if table.source is BANDS}

    assert kept == {
        "Balance Band": "account_balance",
        "Points Band": "loyalty_points",
        "Account Age Band": "account_age_days",
        "Age Band": "age_years",
        "Spending Band": "spent",
        "Orders Band": "orders",
        "Balance Threshold": "account_balance",
        "Spending Threshold": "spent",
    }
    assert '[banded_column] = "account_balance" and [low] <> null' in FILES["tables/Balance Threshold.tmdl"]


def test_a_funnel_stage_includes_every_deepest_stage_from_its_own():
    """Ten rows: four, three, two and one."""
    rows = re.findall(r'\{(\d), "([^"]+)", (\d)\}', FILES["tables/Funnel Stage.tmdl"])

    assert [row[1] for row in rows] == [name for n, name in enumerate(FUNNEL_STAGES) for _ in range(4 - n)]
    assert all(int(deepest) >= int(stage) for stage, _, deepest in rows)


def test_directquery_queries_every_table_of_the_server():
    """Only the stages of the funnel and the prices of a point are in the model itself."""
    files = tmdl.files(ModelSource("h", "d", "s", "directquery"), WHOLE)
    modes = {
        path: mode
        for path, text in files.items()
        if path.startswith("tables/")
        for mode in re.findall(r"mode: (\w+)", text)
    }

    assert {path for path, mode in modes.items() if mode == "import"} == {
        "tables/Funnel Stage.tmdl",
        "tables/Price of a Point.tmdl",
    }
    assert set(modes.values()) == {"import", "directQuery"}


def test_a_role_by_country_closes_tables_without_a_country():
    """Totals over all countries would reveal the others to a reader of one country."""
    role = FILES["roles/Country reader.tmdl"]

    assert "tablePermission Country = 'Country'[Country] = \"Germany\"" in role
    assert "tablePermission 'Cohort Retention' = FALSE ()" in role
    assert "tablePermission 'Data Quality' = FALSE ()" in role
    assert "tablePermission 'Value Holdout' = FALSE ()" in role
    assert "tablePermission 'Spending Tenths' = FALSE ()" in role
    assert "'Top Spenders'" not in role
    assert "tablePermission 'Customer Profiles' = 'Customer Profiles'[country_member] = \"Germany\"" in role


def test_the_price_of_a_point_moves_in_exact_steps():
    """Steps are counted in whole numbers, because 0.1 + 0.2 is not 0.3 in floating point."""
    text = FILES["tables/Price of a Point.tmdl"]

    assert "List.Transform({0..1000}, each {_ / 1000})" in text
    assert 'extendedProperty ParameterMetadata = {"version":0}' in text


@pytest.mark.parametrize("missing", [OF_EVENTS, CAN_BE_MISSING], ids=["no events", "nothing"])
def test_the_model_is_the_same_for_all_data(missing):
    """Only the measures of single visuals differ, so the report can be rebuilt for the same model."""
    own = re.compile(
        r"\t/// [^\n]*\n\tmeasure '(?:Subtitle of|Value of|Below in|Tooltip of|List of) (?:.|\n)*?lineageTag: .*\n\n"
    )
    other = tmdl.files(IMPORT, REPORT.shown(missing))

    assert {path: own.sub("", text) for path, text in other.items()} == {
        path: own.sub("", text) for path, text in FILES.items()
    }


def test_every_measure_and_column_is_described():
    """Power BI shows the description on hover."""
    undescribed = [
        line
        for text in TABLES.values()
        for above, line in zip(text.splitlines(), text.splitlines()[1:], strict=False)
        if re.match(r"\t(measure|column) ", line) and not above.startswith("\t/// ")
    ]

    assert undescribed == []


def test_the_address_of_the_database_is_in_the_parameters():
    """There is one place to change when the database moves."""
    assert 'expression Server = "db.example:5432" meta' in FILES["expressions.tmdl"]
    assert 'expression Database = "crm" meta' in FILES["expressions.tmdl"]
