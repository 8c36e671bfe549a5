"""Each customer's identity: a name, a city and an e-mail address that fit the country, as Arrow arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from customer360.mock_data.columns import indices, texts
from customer360.mock_data.countries import ascii_fold, countries
from customer360.mock_data.draws import Choice, Draws, Indices, below
from customer360.mock_data.plan import Story

_NAMINGS = ("female", "male")
_EMAIL_DOMAINS = {"@example.com": 0.7, "@example.org": 0.15, "@example.net": 0.15}  # reserved by RFC 2606

_NOTHING, _SPACE = texts(["", " "])


@dataclass(frozen=True)
class _Names:
    """First names or surnames of every country and naming, concatenated, as written and as in an address."""

    choice: Choice
    written: pa.Array
    addressed: pa.Array


@dataclass(frozen=True)
class _Tables:
    country: Choice
    gender: Choice
    naming_of_gender: Indices
    first_names: _Names
    surnames: _Names
    city: Choice
    domain: Choice
    country_names: pa.Array
    gender_names: pa.Array
    city_names: pa.Array
    domain_names: pa.Array


def country_indices(story: Story, draws: Draws) -> Indices:
    """For each customer, the index of the country in `countries()`."""
    return _tables(story).country(draws("country"))


def identities(story: Story, draws: Draws, customer_id: pa.Array, country: Indices) -> dict[str, pa.Array]:
    """The columns name, email, gender, country and city."""
    tables = _tables(story)
    gender = tables.gender(draws("gender"))
    bearer = country * np.int16(len(_NAMINGS)) + tables.naming_of_gender[gender]
    first_name = tables.first_names.choice(draws("first_name"), bearer)
    surname = tables.surnames.choice(draws("surname"), bearer)
    name = (tables.first_names.written.take(indices(first_name)), tables.surnames.written.take(indices(surname)))
    return {
        "name": pc.binary_join_element_wise(*name, _SPACE),
        "email": _emails(story, draws, customer_id, first_name, surname),
        "gender": tables.gender_names.take(indices(gender)),
        "country": tables.country_names.take(indices(country)),
        "city": tables.city_names.take(indices(tables.city(draws("city"), country))),
    }


def _emails(story: Story, draws: Draws, customer_id: pa.Array, first_name: Indices, surname: Indices) -> pa.Array:
    """first.surname and the customer's number, which makes the address unique; a few omit the surname."""
    tables = _tables(story)
    nameless = below(draws("email_without_surname"), story.email_without_surname_share)
    surname = np.where(nameless, np.int16(len(tables.surnames.written)), surname)
    return pc.binary_join_element_wise(
        tables.first_names.addressed.take(indices(first_name)),
        tables.surnames.addressed.take(indices(surname)),
        customer_id.cast(pa.string()),
        tables.domain_names.take(indices(tables.domain(draws("email_domain")))),
        _NOTHING,
    )


@lru_cache(maxsize=4)
def _tables(story: Story) -> _Tables:
    places, genders = countries(), story.genders
    first_names = [getattr(country, naming) for country in places for naming in _NAMINGS]
    surnames = [names for country in places for names in (country.female_surnames, country.surnames)]
    return _Tables(
        country=Choice([country.weight for country in places]),
        gender=Choice([gender.share for gender in genders]),
        naming_of_gender=np.array([_NAMINGS.index(gender.named_like) for gender in genders], dtype=np.int16),
        first_names=_names(story, first_names, prefix=""),
        surnames=_names(story, surnames, prefix="."),
        city=Choice(*(list(country.cities.values()) for country in places)),
        domain=Choice(list(_EMAIL_DOMAINS.values())),
        country_names=texts([country.name for country in places]),
        gender_names=texts([gender.name for gender in genders]),
        city_names=texts([city for country in places for city in country.cities]),
        domain_names=texts(list(_EMAIL_DOMAINS)),
    )


def _names(story: Story, groups: Sequence[Sequence[str]], prefix: str) -> _Names:
    """Addresses have one entry more than there are names: the empty one."""
    names = [name for group in groups for name in group]
    weights = [[1 / (rank + story.name_rank_offset) for rank in range(1, len(group) + 1)] for group in groups]
    addressed = [prefix + ascii_fold(name) for name in names]
    return _Names(Choice(*weights), texts(names), texts([*addressed, ""]))
