"""A few hundred customers: as result tables, as a database, and in the built model."""

import pytest

from customer360.power_bi.project import files
from customer360.power_bi.tmdl import ModelSource
from tests import miniature
from tests.power_bi import dax_evaluator


@pytest.fixture(scope="module")
def tables():
    return miniature.result_tables(miniature.profiles(miniature.customers(400)))


@pytest.fixture(scope="module")
def database(tables):
    with miniature.database(tables) as connection:
        yield connection


@pytest.fixture(scope="module")
def semantic_model(tables):
    return dax_evaluator.read(files(ModelSource("db.example:5432", "crm", "analytics", "import")), tables)
