"""A Spark session on any machine: with its Java, with ours, and quietly."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from customer360 import spark as sparks
from customer360.errors import Customer360Error
from customer360.where import Where


@pytest.fixture
def no_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine whose PATH has a shell and no Java."""
    for program in ("bash", "env", "dirname", "uname", "ps", "sed", "nice"):
        if found := shutil.which(program):
            (tmp_path / program).symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)


@pytest.mark.java
def test_a_machine_without_java_gets_the_one_that_was_installed(no_java: None) -> None:
    """An empty machine has none; the wheel brings one that Spark can use."""
    home = sparks.java_home()

    assert (sparks.java_version(home / "bin" / "java") or 0) >= sparks.OLDEST_JAVA


@pytest.mark.java
def test_an_old_java_is_passed_over(no_java: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Java 8 is still the default in places."""
    old = tmp_path / "old" / "bin" / "java"
    old.parent.mkdir(parents=True)
    old.write_text("#!/bin/bash\necho 'openjdk version \"1.8.0_412\"' >&2\n")
    old.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    assert sparks.java_version(old) == 8

    home = sparks.java_home()

    assert (sparks.java_version(home / "bin" / "java") or 0) >= sparks.OLDEST_JAVA


def test_the_wrapper_drops_one_flag_and_keeps_every_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments with spaces, quotes and stars have to arrive as they were."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    echo = tmp_path / "a folder" / "java"
    echo.parent.mkdir()
    echo.write_text('#!/bin/bash\nprintf "%s\\n" "$@"\n')
    echo.chmod(0o755)
    arguments = ["-Xmx1g", "--add-modules=jdk.incubator.vector", "-Dx=a 'b' \"c\" *", "Main"]

    run = subprocess.run(
        [sparks._wrapped(echo) / "bin" / "java", *arguments], capture_output=True, text=True, check=True
    )

    assert run.stdout.splitlines() == ["-Xmx1g", "-Dx=a 'b' \"c\" *", "Main"]


def test_something_that_is_no_java_has_no_version(tmp_path: Path) -> None:
    """JAVA_HOME may point anywhere."""
    assert sparks.java_version(tmp_path / "java") is None


@pytest.mark.spark
def test_a_persons_mistake_comes_out_of_spark_as_one_line(spark: object) -> None:
    """Spark wraps what a worker raises in its own exception, with a page of traceback."""

    def task(batches):  # type: ignore[no-untyped-def]
        raise Customer360Error("column 'x' is not there; write 'y'")
        yield

    with pytest.raises(Customer360Error, match="^column 'x' is not there; write 'y'$"), sparks.plain_errors():
        spark.range(1).mapInArrow(task, "n int").collect()  # type: ignore[attr-defined]


@pytest.mark.spark
def test_an_active_session_is_used_as_it_is(spark: object) -> None:
    """On a platform that brings its own, another could not even be started."""
    assert sparks.session() is spark


@pytest.fixture(params=["", "no-such-name-360"], ids=["as it is", "named as nobody knows"])
def named(request: pytest.FixtureRequest) -> list[str]:
    """What goes before a command to run it on a machine of that name."""
    if not request.param:
        return []
    unshare, shell = shutil.which("unshare") or "unshare", shutil.which("sh") or "sh"
    prefix = [unshare, "--uts", shell, "-c", f'echo {request.param} >/proc/sys/kernel/hostname && exec "$@"', "sh"]
    try:
        subprocess.run([*prefix, sys.executable, "--version"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root may give a process another name of the machine")
    return prefix


@pytest.mark.java
@pytest.mark.slow
def test_a_session_on_the_installed_java_runs_python_and_says_nothing(tmp_path: Path, named: list[str]) -> None:
    """The whole way on an empty machine; Spark's banners and warnings tell a newcomer nothing."""
    path = tmp_path / "bin"
    path.mkdir()
    for program in ("bash", "env", "dirname", "uname", "ps", "sed", "nice", "cat", "rm", "mkdir"):
        if found := shutil.which(program):
            (path / program).symlink_to(found)
    code = (
        "from customer360 import spark; s = spark.session(master='local[1]');"
        "print(s.range(3).mapInArrow(lambda batches: batches, 'id bigint').count(),"
        " s._jvm.System.getProperty('java.version').split('.')[0]); s.stop()"
    )
    # Java would say that it has picked up the options of the tests.
    environment = {
        name: value for name, value in os.environ.items() if name not in ("JAVA_HOME", "JDK_JAVA_OPTIONS")
    }

    run = subprocess.run(
        [*named, sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**environment, "PATH": str(path)},
    )

    assert run.stdout.split() == ["3", "21"], run.stderr
    assert run.stderr == ""


def test_a_master_that_is_not_there_is_one_line() -> None:
    """A wrong name fails before anything was started."""
    with pytest.raises(
        Customer360Error, match="workers of spark://nowhere:7077 cannot reach it; set CUSTOMER360_DATABASE_URL"
    ):
        Where(master="spark://nowhere:7077").open_database()


@pytest.mark.java
def test_what_a_person_has_set_for_every_session_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Ours would go before it: a builder's settings win over those files."""
    (tmp_path / "spark-defaults.conf").write_text(
        "# spark.ui.enabled false\nspark.driver.memory   8g\nspark.eventLog.enabled=true\n"
    )
    (tmp_path / "log4j2.xml").touch()
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    monkeypatch.setenv(
        "PYSPARK_SUBMIT_ARGS",
        "--conf spark.ui.showConsoleProgress=true --conf spark.executor.cores=2 pyspark-shell",
    )

    assert sparks._given() == {
        "spark.driver.memory": "8g",
        "spark.eventLog.enabled": "true",
        "spark.ui.showConsoleProgress": "true",
        "spark.executor.cores": "2",
    }
    options = sparks._by_master(SparkSession.Builder(), "local[1]")._options
    assert not {"spark.driver.memory", "spark.ui.showConsoleProgress", "spark.driver.extraJavaOptions"} & set(
        options
    )
    assert options["spark.ui.enabled"] == "false"


@pytest.mark.java
def test_the_jars_that_java_looks_into_first_are_there() -> None:
    """Their names are those of this PySpark: one that is called otherwise by now would silently cost a second."""
    assert len(list(sparks._first_jars())) == len(sparks._FIRST_JARS)


def test_a_cluster_is_as_quiet_as_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bars and warnings would stand between the lines of a command."""
    for name in ("SPARK_CONF_DIR", "SPARK_HOME", "PYSPARK_SUBMIT_ARGS"):
        monkeypatch.delenv(name, raising=False)

    options = sparks._by_master(SparkSession.Builder(), "yarn")._options

    assert options["spark.ui.showConsoleProgress"] == "false"
    assert "log4j2.properties" in options["spark.driver.extraJavaOptions"]
    assert "spark.driver.host" not in options


def test_a_token_is_not_shown() -> None:
    """Errors end in logs."""
    assert sparks.shown("sc://spark.example.com:443/;use_ssl=true;token=secret") == "sc://spark.example.com:443"


def test_a_master_goes_before_a_server() -> None:
    """The server may come from SPARK_REMOTE, PySpark's own variable; whoever types --master means it."""
    remote = "sc://spark.example.com:443/;token=secret"

    assert Where(master="spark://example.com:7077", remote=remote).cluster == "spark://example.com:7077"
    assert Where(master="local[2]", remote=remote).cluster is None
    assert Where(remote=remote).cluster == "sc://spark.example.com:443"


def test_without_the_packages_of_spark_connect_one_line_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are large, and few need them."""
    for name in [name for name in sys.modules if name.startswith("pyspark.sql.connect")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "grpc", None)

    with pytest.raises(
        Customer360Error, match=r"^Spark Connect needs more packages: pip install 'customer360\[spark\]'$"
    ):
        sparks._by_remote(SparkSession.Builder(), "sc://127.0.0.1:15002")
