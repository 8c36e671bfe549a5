"""A project that is damaged in one place is found out; an undamaged one is not."""

import pytest

from customer360.power_bi.project import files
from customer360.power_bi.tmdl import ModelSource
from tests.power_bi import rules
from tests.power_bi.damages import DAMAGES

pytestmark = pytest.mark.slow

BUILT = files(ModelSource("db.example:5432", "crm", "analytics", "import"))


@pytest.mark.parametrize("storage", ["import", "directquery"])
@pytest.mark.parametrize("hide_names", [False, True], ids=["with names", "without names"])
def test_what_is_built_breaks_no_rule(storage, hide_names):
    """In every form that can be built."""
    built = files(ModelSource("db.example:5432", "crm", "analytics", storage, "Customer 360 Test", hide_names))

    assert list(rules.problems(built)) == []


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_is_found(name):
    """A check that no damage trips checks nothing."""
    damaged = DAMAGES[name](BUILT)

    assert damaged != BUILT
    assert next(iter(rules.problems(damaged)), None), f"nothing is wrong with {name}"


def test_there_is_damage_of_every_kind():
    """To references, shape, layout, meaning, queries, DAX, roles and files."""
    assert len(DAMAGES) >= 60
