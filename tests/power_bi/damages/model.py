"""Damage to the semantic model: to its names, shape, relationships, queries, DAX and roles."""

from __future__ import annotations

from customer360.report.pages import REPORT
from tests.power_bi.damages.apply import pattern, text

VISUALS = {visual.name: visual for page in REPORT.shown(()).pages for visual in page.visuals}
SEGMENTS, ENGAGEMENT = "tables/Customer Segments.tmdl", "tables/Engagement Segments.tmdl"
ACTIVITIES = "tables/Activity Segments.tmdl"

# --- names and references ---------------------------------------------------------------------------

text("a reference to a table that does not exist", "model.tmdl", "ref table Country", "ref table Countries")
text("a table without a reference", "model.tmdl", "ref table Country\n", "")
text("a reference to a role that does not exist", "model.tmdl", "ref role 'Country reader'", "ref role Reader")
text("a level of compatibility that is missing", "database.tmdl", "\tcompatibilityLevel: 1601\n", "")
text("implicit measures", "model.tmdl", "\tdiscourageImplicitMeasures\n", "")
text("hidden date tables", "model.tmdl", "__PBI_TimeIntelligenceEnabled = 0", "__PBI_TimeIntelligenceEnabled = 1")
pattern(
    "two columns with the same tag",
    "tables/Country.tmdl",
    r"(lineageTag: )(\S+)((?:.|\n)*?lineageTag: )\S+",
    r"\1\2\3\2",
)
pattern("a tag that is none", "tables/Country.tmdl", r"lineageTag: \S+", "lineageTag: country")
pattern("a measure described by nothing", SEGMENTS, r"\t/// Number of customers\.\n", "")
text(
    "a missing column that a visual needs", "tables/Activity.tmdl", "column Activity\n", "column 'Activity Name'\n"
)
text(
    "two measures with the same name",
    ENGAGEMENT,
    "measure 'Total Customers (Engagement)'",
    "measure 'Total Customers'",
)

# --- shape ------------------------------------------------------------------------------------------

text("spaces instead of tabs", "tables/Country.tmdl", "\t\tdataType", "        dataType")
text("a property that does not exist", "tables/Country.tmdl", "\t\tsummarizeBy: none", "\t\tsummarise: none")
text("a type that does not exist", "tables/Country.tmdl", "dataType: string", "dataType: text")
text(
    "a number stored as text",
    SEGMENTS,
    "column balance_count\n\t\tdataType: int64",
    "column balance_count\n\t\tdataType: string",
)
text("a storage mode that does not exist", "tables/Country.tmdl", "mode: import", "mode: copy")
text("one table that is queried", "tables/Country.tmdl", "mode: import", "mode: directQuery")
text("an implicit sum", "tables/Customer Segments.tmdl", "summarizeBy: none", "summarizeBy: sum")
text(
    "a sum in the field list",
    SEGMENTS,
    "column customers\n\t\tdataType: int64\n\t\tisHidden",
    "column customers\n\t\tdataType: int64",
)
text(
    "a double in the field list",
    ENGAGEMENT,
    "\t\tdisplayFolder: Customers\n\t\tisHidden",
    "\t\tdisplayFolder: Customers",
)
text("statuses in alphabetical order", "tables/Loyalty Status.tmdl", "\t\tsortByColumn: 'Status Order'\n", "")
text("months in alphabetical order", "tables/Calendar.tmdl", "\t\tsortByColumn: Month\n", "")
text(
    "an order by a column that does not exist",
    "tables/Country.tmdl",
    "sortByColumn: 'Country Order'",
    "sortByColumn: Order",
)
text("a month that is not a key", "tables/Calendar.tmdl", "\t\tisKey\n", "")
text("a calendar that is not a date table", "tables/Calendar.tmdl", "\tdataCategory: Time\n", "")
text("a share that is a number", SEGMENTS, "formatString: 0.0%", "formatString: #,0.0")
text("days without their unit", SEGMENTS, '#,0.0 "days"', "#,0.0")
text("an amount without cents", SEGMENTS, "formatString: #,0.00", "formatString: #,0")

# --- relationships ----------------------------------------------------------------------------------

RELATIONS = "relationships.tmdl"
pattern(
    "a relationship the wrong way round",
    RELATIONS,
    r"fromColumn: (.*)\n\ttoColumn: (.*)",
    r"fromColumn: \2\n\ttoColumn: \1",
)
pattern(
    "a relationship that is not active",
    RELATIONS,
    r"(\tfromColumn: 'Customer Segments'.country)",
    r"\tisActive: false\n\1",
)
pattern(
    "a relationship that filters both ways",
    RELATIONS,
    r"(\tfromColumn: 'Customer Segments'.country)",
    r"\tcrossFilteringBehavior: bothDirections\n\1",
)
pattern("a relationship less", RELATIONS, r"relationship \S+\n\tfromColumn: 'Customer Segments'.country\n.*\n", "")
pattern(
    "a one side that is many",
    RELATIONS,
    r"(\tfromColumn: 'Customer Segments'.country)",
    r"\ttoCardinality: many\n\1",
)
text("a many side that is one", RELATIONS, "\ttoCardinality: many\n", "")
pattern(
    "a relationship between different types",
    RELATIONS,
    r"toColumn: Country.Country",
    "toColumn: Country.'Country Order'",
)
pattern(
    "a relationship with another table",
    RELATIONS,
    r"(fromColumn: 'Customer Segments'.balance_band\n\ttoColumn: )'Balance Band'",
    r"\1'Points Band'",
)
pattern(
    "a pair that is related twice",
    RELATIONS,
    r"\A",
    "relationship 01234567-89ab-cdef-0123-456789abcdef\n\tfromColumn: 'Customer Segments'.country\n\ttoColumn: Country.Country\n\n",
)

# --- queries ----------------------------------------------------------------------------------------

text("a query with a missing comma", "tables/Country.tmdl", "false]),", "false])")
text(
    "a query that ends with an unknown step",
    "tables/Country.tmdl",
    "in\n\t\t\t\t    Columns",
    "in\n\t\t\t\t    Result",
)
text(
    "a step that reads an unknown step",
    "tables/Country.tmdl",
    "Table.SelectColumns(Data",
    "Table.SelectColumns(Date",
)
text("a function that M does not have", "tables/Country.tmdl", "Table.SelectColumns", "Table.SelectColumn")
text("a column that the query does not return", "tables/Country.tmdl", '{"country", ', '{"county", ')
text("a query of another table", "tables/Country.tmdl", 'Item = "countries"', 'Item = "activities"')
text(
    "bands of another column",
    "tables/Points Band.tmdl",
    '[banded_column] = "loyalty_points"',
    '[banded_column] = "account_balance"',
)
text("edges that include the empty one", "tables/Balance Threshold.tmdl", " and [low] <> null", "")
text("a parameter that is misspelt", "tables/Country.tmdl", '#"Database"', '#"Databse"')
text("a parameter of another type", "expressions.tmdl", 'Type = "Text"', 'Type = "Number"')
text("a parameter that is not a parameter", "expressions.tmdl", "IsParameterQuery = true, ", "")
text(
    "a sourceColumn that does not exist", "tables/Country.tmdl", "sourceColumn: country\n", "sourceColumn: land\n"
)
text("a stage that is missing", "tables/Funnel Stage.tmdl", '{1, "Joined", 3}, ', "")

# --- DAX --------------------------------------------------------------------------------------------

text(
    "a missing parenthesis",
    SEGMENTS,
    "SUM ( 'Customer Segments'[customers] )",
    "SUM ( 'Customer Segments'[customers] ",
)
text("a column that does not exist", SEGMENTS, "'Customer Segments'[balance_sum]", "'Customer Segments'[balance]")
text("a measure that does not exist", SEGMENTS, "[Total Account Balance]", "[Total Balance]")
text("a function that DAX does not have", SEGMENTS, "DIVIDE (", "QUOTIENTS (")
text("a function with too few arguments", SEGMENTS, "EDATE ( FullMonthsEnd, -12 )", "EDATE ( FullMonthsEnd )")
text("a sum of texts", SEGMENTS, "SUM ( 'Customer Segments'[customers] )", "SUM ( 'Customer Segments'[country] )")
text(
    "a measure that depends on itself",
    SEGMENTS,
    "SUM ( 'Customer Segments'[customers] )",
    "[% Active Customers] * 1",
)
text("a filter that compares with a measure", SEGMENTS, ">= Threshold", ">= [Balance Threshold Value]")
text(
    "a column without a row", SEGMENTS, "SUM ( 'Customer Segments'[customers] )", "'Customer Segments'[customers]"
)
text("an undeclared variable", SEGMENTS, "VAR Threshold =", "VAR Edge =")
text("a text compared with a number", SEGMENTS, "'Activity'[Activity] = \"Active\"", "'Activity'[Activity] = 1")
text("a member of another name", SEGMENTS, "'Activity'[Activity] = \"Active\"", "'Activity'[Activity] = \"Yes\"")
text(
    "a filter that replaces the reader's",
    SEGMENTS,
    "KEEPFILTERS ( 'Activity'[Activity] = \"Active\" )",
    "'Activity'[Activity] = \"Active\"",
)
text(
    "a ratio upside down",
    SEGMENTS,
    "DIVIDE ( [Active Customers] + 0, [Total Customers] )",
    "DIVIDE ( [Total Customers] + 0, [Active Customers] )",
)
text(
    "a share of all rather than of the selection",
    SEGMENTS,
    "ALLSELECTED ()",
    "REMOVEFILTERS ( 'Customer Segments' )",
)
text("eleven months", SEGMENTS, "EDATE ( FullMonthsEnd, -12 )", "EDATE ( FullMonthsEnd, -11 )")
text("a band above that is not", SEGMENTS, ">= Threshold", "> Threshold")
text("the sum of another column", SEGMENTS, "'Customer Segments'[points_sum]", "'Customer Segments'[points_count]")
text(
    "a share of the next stage",
    ENGAGEMENT,
    "MIN ( 'Funnel Stage'[Stage] ) - 1",
    "MIN ( 'Funnel Stage'[Stage] ) + 1",
)
text(
    "a value that draws another measure", SEGMENTS, "[New Customers, Last 12 Months] + 0", "[Total Customers] + 0"
)
text("a value that is blank without customers", SEGMENTS, "= [Total Customers] + 0\n", "= [Total Customers]\n")

text(
    "the month of the as-of date included",
    SEGMENTS,
    "EOMONTH ( [Data as of] + 1, -1 ) + 1",
    "EOMONTH ( [Data as of], 0 ) + 1",
)
text(
    "a band without an edge treated as 0",
    SEGMENTS,
    ", KEEPFILTERS ( NOT ISBLANK ( 'Balance Band'[Lower Edge] ) )",
    "",
)
text(
    "nothing of something that is blank",
    SEGMENTS,
    "DIVIDE ( [Active Customers] + 0",
    "DIVIDE ( [Active Customers]",
)
text("the oldest refresh", "tables/Refreshes.tmdl", "Newest = MAX (", "Newest = MIN (")
text(
    "the worst check rather than all",
    "tables/Data Quality.tmdl",
    "SUM ( 'Data Quality'[rows_failed] )",
    "MAX ( 'Data Quality'[rows_failed] )",
)
text("a total in every part", SEGMENTS, "[Customer Segments Answer],", "1 = 1,")
text(
    "a count of what is missing",
    SEGMENTS,
    " && NOT CONTAINSSTRING ( [Missing Columns], \", public.customers.loyalty_points, \" ),\n\t\t\t    SUM ( 'Customer Segments'[customers] )",
    ",\n\t\t\t    SUM ( 'Customer Segments'[customers] )",
)
text("a cohort that was not followed", "tables/Cohort Retention.tmdl", "+ 3 ) <", "+ 2 ) <")
text("half a year earlier", ACTIVITIES, "EDATE ( [Last Full Month], -12 )", "EDATE ( [Last Full Month], -6 )")
text("the first month compared", ACTIVITIES, "Month > [First Month of Events]", "Month >= [First Month of Events]")
text("the Gold of today compared", ACTIVITIES, "ISFILTERED ( 'Loyalty Status' ) || ", "")
text(
    "a month that is not over",
    ACTIVITIES,
    "KEEPFILTERS ( 'Activity Calendar'[Activity Month] < FullMonthsEnd )",
    "KEEPFILTERS ( 'Activity Calendar'[Activity Month] <= FullMonthsEnd )",
)
text(
    "points without their price",
    ACTIVITIES,
    "[Outstanding Points] * [Price of a Point Value]",
    "[Outstanding Points] * 1",
)
text(
    "a first month of the selection", ACTIVITIES, ", REMOVEFILTERS ( 'Activity Segments' ) )", ", ALLSELECTED () )"
)
text("negative measures above zero", ACTIVITIES, "[Points Redeemed] * -1", "[Points Redeemed] * 1")
text(
    "months before the events drawn as 0",
    ACTIVITIES,
    " && MAX ( 'Activity Calendar'[Activity Month] ) >= [First Month of Events], [Points Earned] + 0",
    ", [Points Earned] + 0",
)
text(
    "the second tenth",
    "tables/Spending Tenths.tmdl",
    "'Spending Tenths'[Tenth of Customers] = 1",
    "'Spending Tenths'[Tenth of Customers] = 2",
)
text(
    "spending above an edge of balances",
    "tables/Spending Segments.tmdl",
    "[Spending Threshold Value]",
    "[Balance Threshold Value]",
)
text("steps of another size", "tables/Price of a Point.tmdl", "{_ / 1000}", "{_ / 100}")
text("bands of spending from those of balances", "tables/Spending Threshold.tmdl", '"spent"', '"account_balance"')
text("segments in alphabetical order", "tables/RFM Segment.tmdl", "\t\tsortByColumn: 'Segment Order'\n", "")
text(
    "another definition below a title", SEGMENTS, f'"{VISUALS["acquisition"].definition}"', '"Customers by month"'
)
text(
    "a share of a row in the tooltip",
    SEGMENTS,
    "CALCULATE ( [Total Customers], REMOVEFILTERS ( 'Balance Band' ), REMOVEFILTERS ( 'Points Band' ) ) )\n",
    "CALCULATE ( [Total Customers], REMOVEFILTERS ( 'Balance Band' ) ) )\n",
)
text("a 0 in every empty cell", SEGMENTS, "formatString: #,0;-#,0;", "formatString: #,0")

# --- roles ------------------------------------------------------------------------------------------

ROLE = "roles/Country reader.tmdl"
text("a role that sees retention", ROLE, "\n\ttablePermission 'Cohort Retention' = FALSE ()\n", "")
text("a role that sees the test of the model", ROLE, "\n\ttablePermission 'Value Holdout' = FALSE ()\n", "")
text("a role that sees who spends most", ROLE, "\n\ttablePermission 'Spending Tenths' = FALSE ()\n", "")
text("a role that sees what was rejected", ROLE, "metadataPermission: none", "metadataPermission: read")
text("a role by a column that does not exist", ROLE, "'Country'[Country] =", "'Country'[Name] =")
text("a role about a table that does not exist", ROLE, "'Data Quality'", "Quality")
text("a role that sees all countries", ROLE, "'Country'[Country] = \"Germany\"", "TRUE ()")
