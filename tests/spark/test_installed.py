"""Which engine is installed: found immediately, and explained in one line if it cannot work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from customer360.commands import doctor_machine
from customer360.commands.context import Context
from customer360.commands.doctor import Finding
from customer360.errors import Customer360Error
from customer360.spark.installed import default_engine, require_pyspark, require_spark

CLIENT = ("__init__.py", "sql/__init__.py")
CLASSIC = (*CLIENT, "core/__init__.py", "jars/spark-core.jar")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package folder of an environment, empty; Python sees no other."""
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    for name in ("pyspark", "pysail"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return tmp_path


def brought(folder: Path, files: tuple[str, ...]) -> None:
    for name in files:
        path = folder / "pyspark" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def installed(site: Path, name: str, files: tuple[str, ...] = (), *, by: str = "pip") -> None:
    """The files of a distribution, and the notes of pip or uv about it."""
    brought(site, files)
    notes = site / f"{name.replace('-', '_')}-4.2.0.dist-info"
    notes.mkdir()
    (notes / "METADATA").write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 4.2.0\n")
    (notes / "RECORD").write_text("".join(f"pyspark/{file},sha256=x,0\n" for file in files))
    (notes / "INSTALLER").write_text(f"{by}\n")


def removed(site: Path, name: str, files: tuple[str, ...]) -> None:
    """As `pip uninstall` does: all files that the distribution lists, regardless of who wrote them last."""
    for file in files:
        (site / "pyspark" / file).unlink()
    for note in (notes := site / f"{name.replace('-', '_')}-4.2.0.dist-info").iterdir():
        note.unlink()
    notes.rmdir()


def sail(site: Path) -> None:
    (site / "pysail").mkdir()
    (site / "pysail" / "__init__.py").touch()


def refused() -> str:
    with pytest.raises(Customer360Error) as caught:
        default_engine()
    return str(caught.value)


def test_with_sail_and_its_client_the_embedded_engine_is_the_default(site: Path) -> None:
    """What the extra `embedded` installs."""
    installed(site, "pyspark-client", CLIENT)
    sail(site)

    assert default_engine() == "embedded"


def test_with_pyspark_proper_spark_is_the_default(site: Path) -> None:
    """Even next to a Sail that was installed for something else: it refuses versions other than its own."""
    installed(site, "pyspark", CLASSIC)
    assert default_engine() == "spark"

    sail(site)
    assert default_engine() == "spark"
    require_spark("--master local[*]")


def test_the_pyspark_of_a_platform_needs_no_notes_of_pip(site: Path) -> None:
    """Databricks and Fabric put theirs on Python's path; so does SPARK_HOME/python."""
    brought(site, CLASSIC)

    assert default_engine() == "spark"
    require_spark("--master yarn")
    require_pyspark()


def test_the_pyspark_that_a_platform_puts_first_counts(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python does not import what is installed behind it, even in part."""
    installed(site, "pyspark-client", CLIENT)
    (site / "pyspark" / "sql" / "__init__.py").unlink()
    brought(site / "platform", CLASSIC)
    monkeypatch.setattr("sys.path", [str(site / "platform"), str(site)])

    assert default_engine() == "spark"
    require_spark("--master yarn")


def test_a_distribution_without_a_list_of_its_files_counts_as_complete(site: Path) -> None:
    """Linux distributions install without one."""
    installed(site, "pyspark", CLASSIC)
    (site / "pyspark-4.2.0.dist-info" / "RECORD").unlink()

    assert default_engine() == "spark"


def test_without_an_engine_one_line_names_the_extra(site: Path) -> None:
    """The base package has none. Compiled files that Python leaves after a removal do not count as a package."""
    assert refused() == "no engine is installed; run: pip install 'customer360[embedded]'"

    brought(site, ("__pycache__/__init__.cpython-311.pyc",))
    assert refused() == "no engine is installed; run: pip install 'customer360[embedded]'"


def test_the_client_alone_reaches_remote_clusters(site: Path) -> None:
    """But it cannot compute anything itself."""
    installed(site, "pyspark-client", CLIENT)

    require_pyspark()
    assert refused() == (
        "only the client of the embedded engine is installed; name a cluster with --remote, or run: "
        "pip install 'customer360[embedded]'"
    )


def test_spark_is_not_looked_for_in_the_client_of_the_embedded_engine(site: Path) -> None:
    """Both in one environment would break each other, so another environment is needed."""
    installed(site, "pyspark-client", CLIENT)
    sail(site)

    with pytest.raises(Customer360Error) as caught:
        require_spark("--master local[*]")

    assert str(caught.value) == (
        "--master local[*] requires Apache Spark, which cannot share an environment with the embedded engine; "
        "in a new environment, run: pip install 'customer360[spark]'"
    )


@pytest.mark.parametrize("check", [default_engine, require_pyspark, lambda: require_spark("--master yarn")])
def test_both_at_once_are_refused_with_the_repair(site: Path, check: object) -> None:
    """The last one installed has overwritten files of the other; neither can be trusted."""
    installed(site, "pyspark-client", CLIENT)
    installed(site, "pyspark", CLASSIC)
    sail(site)

    with pytest.raises(Customer360Error) as caught:
        check()  # type: ignore[operator]

    assert str(caught.value) == (
        "pyspark-client and pyspark are both installed and overwrite each other's files; run: "
        "pip uninstall -y pyspark-client pyspark && pip install 'customer360[embedded]'"
    )


def test_removing_one_of_both_breaks_the_other(site: Path) -> None:
    """They had the same files, and the removed one took them along."""
    installed(site, "pyspark-client", CLIENT)
    installed(site, "pyspark", CLASSIC)
    removed(site, "pyspark", CLASSIC)
    sail(site)

    assert refused() == (
        "pyspark-client lacks its file pyspark/__init__.py, as happens when pip removes the other PySpark; run: "
        "pip uninstall -y pyspark-client && pip install 'customer360[embedded]'"
    )


def test_the_same_the_other_way_round_in_an_environment_of_uv(site: Path) -> None:
    """The remains of PySpark are jars without a package; the repair uses uv, as such an environment has no pip."""
    installed(site, "customer360", by="uv")
    installed(site, "pyspark", CLASSIC)
    installed(site, "pyspark-client", CLIENT)
    removed(site, "pyspark-client", CLIENT)

    assert refused() == (
        "pyspark lacks its file pyspark/__init__.py, as happens when pip removes the other PySpark; run: "
        "uv pip uninstall -y pyspark && uv pip install 'customer360[spark]'"
    )


def test_the_doctor_reports_it_before_a_command_fails(site: Path) -> None:
    """Nothing works without an engine, so it is a failure; a complete one is named with its version."""
    assert list(doctor_machine.engine(Context())) == [
        Finding("engine", "failed", "no engine is installed; run: pip install 'customer360[embedded]'")
    ]

    installed(site, "pyspark-client", CLIENT)
    installed(site, "pysail")
    sail(site)

    (found,) = doctor_machine.engine(Context())
    assert found.found.startswith("embedded, Sail 4.2.0, without Java; its port ")


def test_checking_imports_no_pyspark() -> None:
    """It takes milliseconds, before every session."""
    code = "from customer360.spark.installed import default_engine; default_engine()"
    loaded = "import sys; print([name for name in ('pyspark', 'pysail', 'pandas') if name in sys.modules])"

    run = subprocess.run([sys.executable, "-c", f"{code}; {loaded}"], capture_output=True, text=True, check=True)

    assert run.stdout == "[]\n"
