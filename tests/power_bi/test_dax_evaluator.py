"""The tests' evaluator behaves like DAX and rejects what the engine rejects."""

import pandas as pd
import pytest

from tests.power_bi import dax_evaluator
from tests.power_bi.dax_evaluator import Evaluator

FACT = """table Sales
{measures}
	column tier
		dataType: string
		sourceColumn: tier

	column amount
		dataType: int64
		sourceColumn: amount

	partition Sales = m
		mode: import
		source =
			let
				Data = Source{{[Item = "sales"]}}[Data],
				Columns = Table.SelectColumns(Data, {{"tier", "amount"}})
"""
TIERS = """table Tier

	column Tier
		dataType: string
		sourceColumn: tier

	partition Tier = m
		mode: import
		source =
			let
				Data = Source{[Item = "tiers"]}[Data],
				Columns = Table.SelectColumns(Data, {"tier"})
"""
RELATION = "relationship 1\n{more}\tfromColumn: Sales.tier\n\ttoColumn: Tier.Tier\n"
SALES = pd.DataFrame({"tier": ["Gold", "GOLD ", "silver", "Bronze"], "amount": [1, 2, 4, 8]})


def model_of(*measures, tiers=("gold", "Silver", "Bronze"), more=""):
    text = "".join(f"\n\tmeasure {name} = {expression}\n" for name, expression in measures)
    files = {
        "x/tables/Sales.tmdl": FACT.format(measures=text),
        "x/tables/Tier.tmdl": TIERS,
        "x/relationships.tmdl": RELATION.format(more=more),
    }
    return dax_evaluator.read(files, {"sales": SALES, "tiers": pd.DataFrame({"tier": list(tiers)})})


TOTAL = ("Total", "SUM ( 'Sales'[amount] )")


@pytest.mark.parametrize(("member", "total"), [("GOLD", 3), ("gold  ", 3), ("SILVER", 4), (" gold", None)])
def test_letter_case_and_trailing_spaces_do_not_matter(member, total):
    """As in Power BI, along relationships and in filters; a leading space matters."""
    evaluator = Evaluator(model_of(TOTAL), {("Tier", "Tier"): [{member}]})

    assert evaluator.measure("Total") == total


def test_a_comparison_of_texts_ignores_case():
    """In a measure too."""
    gold = ("Gold", "CALCULATE ( [Total], KEEPFILTERS ( 'Tier'[Tier] = \"GOLD\" ) )")

    assert Evaluator(model_of(TOTAL, gold)).measure("Gold") == 3


def test_a_key_may_not_occur_twice():
    """The refresh would fail."""
    with pytest.raises(ValueError, match="duplicate value"):
        model_of(TOTAL, tiers=("Gold", "gold "))


def test_an_inactive_relationship_filters_nothing():
    """It would need USERELATIONSHIP, which we do not use."""
    gold = {("Tier", "Tier"): [{"Gold"}]}

    assert Evaluator(model_of(TOTAL, more="\tisActive: false\n"), gold).measure("Total") == 15


@pytest.mark.parametrize(
    ("expression", "refusal"),
    [
        ("[Total] + [Wrong]", "measures need each other: Wrong"),
        ("DIVIDE ( [Total] )", "DIVIDE has 1 arguments"),
        ("IF ( [Total] > 1, 1, 2, 3 )", "IF has 4 arguments"),
        ("SUM ( 'Sales'[amount], 1 )", "SUM has 2 arguments"),
        ("SUM ( 'Sales'[tier] )", "which is not a number"),
        ("SUM ( [Total] )", "SUM does not take a column"),
        ("CALCULATE ( [Total], 'Sales'[amount] = [Total] )", "compares with the measure Total"),
        ("CALCULATE ( [Total], 'Sales'[amount] >= [Total] )", "compares with the measure Total"),
        ("CALCULATE ( [Total], KEEPFILTERS ( 'Sales'[amount] < [Total] ) )", "compares with the measure Total"),
        ("CALCULATE ( [Total], NOT 'Sales'[amount] = [Total] )", "compares with the measure Total"),
        ("CALCULATE ( [Total], 'Sales'[tier] = 1 )", "compares a number with a text"),
        ("'Sales'[amount] + 1", "has no single value here"),
        ("[Totals]", "there is no measure Totals"),
        ("SUM ( 'Sales'[price] )", "there is no column"),
        ("AVERAGEX ( 'Sales', 1 )", "AVERAGEX is not a known function"),
        ("Edge + 1", "there is no variable Edge"),
    ],
)
def test_what_the_engine_rejects_is_rejected(expression, refusal):
    """When the model is loaded, not when somebody looks at the number."""
    with pytest.raises(ValueError, match=refusal):
        model_of(TOTAL, ("Wrong", expression))


def test_circular_measures_are_rejected_at_any_length():
    """Here, three of them."""
    circle = [("One", "[Two]"), ("Two", "[Three]"), ("Three", "[One] + [Total]")]

    with pytest.raises(ValueError, match="measures need each other: One, Three, Two"):
        model_of(TOTAL, *circle)


@pytest.mark.parametrize(
    "expression", ["DIVIDE ( [Total] 2 )", "DIVIDE ( [Total], 2", "[Total] )", "VAR A = 1 [Total]"]
)
def test_what_does_not_parse_is_rejected(expression):
    """With a missing comma or parenthesis."""
    with pytest.raises((SyntaxError, TypeError)):
        model_of(TOTAL, ("Wrong", expression))
