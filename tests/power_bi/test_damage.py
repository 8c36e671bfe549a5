"""A project with damage in one place is detected; one without damage is not."""

import pytest

from customer360.power_bi.project import files
from customer360.power_bi.tmdl import ModelSource
from customer360.report.missing import CAN_BE_MISSING, OF_EVENTS, named
from customer360.report.pages import REPORT
from tests.power_bi import rules
from tests.power_bi.damages import DAMAGES

pytestmark = pytest.mark.slow

SOURCE = ModelSource("db.example:5432", "crm", "analytics", "import")
BUILT = files(SOURCE)


@pytest.mark.parametrize("storage", ["import", "directquery"])
@pytest.mark.parametrize("hide_names", [False, True], ids=["with names", "without names"])
def test_a_built_project_violates_no_rule(storage, hide_names):
    """In every variant that can be built."""
    built = files(ModelSource("db.example:5432", "crm", "analytics", storage, "Customer 360 Test", hide_names))

    assert list(rules.problems(built)) == []


@pytest.mark.parametrize(
    "missing",
    [OF_EVENTS, CAN_BE_MISSING, named(["loyalty_points", "account_balance", "last_login"])],
    ids=["without events", "without anything", "a shop"],
)
def test_a_project_for_less_data_violates_no_rule(missing):
    """A different report over the same model."""
    assert list(rules.problems(files(SOURCE, missing), REPORT.shown(missing))) == []


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found(name):
    """A check that no damage triggers checks nothing."""
    damaged = DAMAGES[name](BUILT)

    assert damaged != BUILT
    assert next(iter(rules.problems(damaged)), None), f"nothing is wrong with {name}"


def test_there_is_damage_of_every_kind():
    """To references, shape, layout, meaning, queries, DAX, roles and files."""
    assert len(DAMAGES) >= 60
