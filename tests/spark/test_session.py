"""PySpark sessions of any engine: which one is chosen, and how failures look."""

from __future__ import annotations

import sys

import pytest

from customer360 import errors
from customer360 import spark as sparks
from customer360.commands.context import Context
from customer360.errors import Customer360Error
from customer360.spark import connect


@pytest.mark.spark
@pytest.mark.parametrize("kind", errors.KINDS.values())
def test_a_persons_mistake_comes_out_of_spark_as_one_line_of_its_class(
    spark: object, kind: type[Customer360Error]
) -> None:
    """Spark wraps a worker's error in its own exception, with a page of traceback."""

    def task(batches):
        raise kind("column 'x' is not there; write 'y'")
        yield  # type: ignore[unreachable]  # makes it a generator

    with pytest.raises(kind, match="^column 'x' is not there; write 'y'$") as raised, sparks.plain_errors():
        spark.range(1).mapInArrow(task, "n int").collect()  # type: ignore[attr-defined]

    assert type(raised.value) is kind


@pytest.mark.spark
def test_an_active_session_is_used_unchanged(spark: object) -> None:
    """On a platform with its own session, another could not be started."""
    assert sparks.session() is spark


def test_an_unreachable_master_is_one_line() -> None:
    """A wrong name fails before anything is started."""
    with pytest.raises(
        Customer360Error, match="workers of spark://missing:7077 cannot reach it; set CUSTOMER360_DATABASE_URL"
    ):
        Context(master="spark://missing:7077").open_database()


def test_a_token_is_not_shown() -> None:
    """Errors end in logs."""
    assert sparks.shown("sc://spark.example.com:443/;use_ssl=true;token=secret") == "sc://spark.example.com:443"


def test_a_master_takes_precedence_over_a_server() -> None:
    """The server may come from SPARK_REMOTE, PySpark's own variable; --master is explicit."""
    remote = "sc://spark.example.com:443/;token=secret"

    assert sparks.cluster("spark://example.com:7077", remote) == "spark://example.com:7077"
    assert sparks.cluster("local[2]", remote) is None
    assert sparks.cluster(None, remote) == "sc://spark.example.com:443"


def test_without_the_packages_of_spark_connect_one_line_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are large, and few users need them."""
    for name in [name for name in sys.modules if name.startswith("pyspark.sql.connect")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "grpc", None)

    with pytest.raises(
        Customer360Error, match=r"^Spark Connect needs more packages: pip install 'customer360\[spark\]'$"
    ):
        connect.session("sc://127.0.0.1:15002", "tests", {})
