"""The names and cities of mock customers."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest

from customer360.mock_data.countries import Country, ascii_fold, countries
from customer360.tables import OTHER, UNKNOWN

each_country = pytest.mark.parametrize("country", countries(), ids=lambda country: country.name)


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Groß", "gross"),
        ("van der Meer", "vandermeer"),
        ("O'Brien", "obrien"),
        ("Łukasz Żółć", "lukaszzolc"),
        ("Sørensen", "sorensen"),
        ("Yılmaz", "yilmaz"),
        ("Núñez", "nunez"),
        ("Bjørk-Æsir", "bjorkaesir"),
    ],
)
def test_a_name_folds_to_the_letters_of_an_address(name: str, folded: str) -> None:
    """Many systems reject addresses with letters other than a-z."""
    assert ascii_fold(name) == folded


@each_country
def test_every_country_has_enough_names_and_cities(country: Country) -> None:
    """Otherwise a page of customers looks like the same ten people."""
    assert min(len(country.female), len(country.male)) >= 40
    assert len(country.surnames) >= 60
    assert len(country.cities) >= 8


@each_country
def test_no_name_is_listed_twice(country: Country) -> None:
    """It would be drawn more often than its position implies."""
    for names in (country.female, country.male, country.surnames):
        assert len(set(names)) == len(names)


@each_country
def test_every_female_surname_has_a_male_counterpart(country: Country) -> None:
    """If surnames depend on gender, the two lists are parallel: Nováková and Novák."""
    assert len(country.female_surnames) == len(country.surnames)


@each_country
def test_every_name_is_written_composed_and_folds_to_something(country: Country) -> None:
    """'é' as two code points would not be found by a search for one."""
    for name in [*country.female, *country.male, *country.surnames, *country.female_surnames, *country.cities]:
        assert unicodedata.is_normalized("NFC", name)
        assert len(ascii_fold(name)) >= 2


def test_the_countries_fit_the_report_most_customers_first() -> None:
    """The report names nineteen countries and groups the rest; no country may have the name of that group."""
    names = [country.name for country in countries()]

    assert len(names) <= 19
    assert len(set(names) - {OTHER, UNKNOWN}) == len(names)
    assert all(first.weight >= second.weight for first, second in pairwise(countries()))
