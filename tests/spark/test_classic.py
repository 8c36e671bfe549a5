"""Sessions of Apache Spark: with the machine's Java or ours, quietly, and with the user's settings."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from customer360.spark import classic, java

pytestmark = pytest.mark.java


@pytest.fixture
def no_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine whose PATH has a shell but no Java."""
    for program in ("bash", "env", "dirname", "uname", "ps", "sed", "nice"):
        if found := shutil.which(program):
            (tmp_path / program).symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)


def test_a_machine_without_java_gets_the_one_that_was_installed(no_java: None) -> None:
    """An empty machine has none; the package brings one that Spark can use."""
    home = java.java_home()

    assert (java.java_version(home / "bin" / "java") or 0) >= java.OLDEST_JAVA


def test_an_old_java_is_skipped(no_java: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Java 8 is still the default on some systems."""
    old = tmp_path / "old" / "bin" / "java"
    old.parent.mkdir(parents=True)
    old.write_text("#!/bin/bash\necho 'openjdk version \"1.8.0_412\"' >&2\n")
    old.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    assert java.java_version(old) == 8

    home = java.java_home()

    assert (java.java_version(home / "bin" / "java") or 0) >= java.OLDEST_JAVA


def test_the_wrapper_drops_one_flag_and_keeps_every_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments with spaces, quotes and asterisks must arrive unchanged."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    echo = tmp_path / "a folder" / "java"
    echo.parent.mkdir()
    echo.write_text('#!/bin/bash\nprintf "%s\\n" "$@"\n')
    echo.chmod(0o755)
    arguments = ["-Xmx1g", "--add-modules=jdk.incubator.vector", "-Dx=a 'b' \"c\" *", "Main"]

    run = subprocess.run(
        [java._wrapped(echo) / "bin" / "java", *arguments], capture_output=True, text=True, check=True
    )

    assert run.stdout.splitlines() == ["-Xmx1g", "-Dx=a 'b' \"c\" *", "Main"]


def test_a_program_other_than_java_has_no_version(tmp_path: Path) -> None:
    """JAVA_HOME may name any folder."""
    assert java.java_version(tmp_path / "java") is None


@pytest.fixture(params=["", "no-such-name-360"], ids=["as it is", "named as nobody knows"])
def named(request: pytest.FixtureRequest) -> list[str]:
    """The prefix to run a command on a machine of that name."""
    if not request.param:
        return []
    unshare, shell = shutil.which("unshare") or "unshare", shutil.which("sh") or "sh"
    prefix = [unshare, "--uts", shell, "-c", f'echo {request.param} >/proc/sys/kernel/hostname && exec "$@"', "sh"]
    try:
        subprocess.run([*prefix, sys.executable, "--version"], capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root may give a process another name of the machine")
    return prefix


@pytest.mark.slow
def test_a_session_on_the_installed_java_runs_python_quietly(tmp_path: Path, named: list[str]) -> None:
    """The whole path on an empty machine; Spark's banners and warnings do not help a newcomer."""
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
    # Otherwise Java reports that it has picked up the options of the tests.
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


def test_settings_for_all_sessions_take_precedence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Settings of a builder would take precedence over those files."""
    (tmp_path / "spark-defaults.conf").write_text(
        "# spark.ui.enabled false\nspark.driver.memory   8g\nspark.eventLog.enabled=true\n"
    )
    (tmp_path / "log4j2.xml").touch()
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    monkeypatch.setenv(
        "PYSPARK_SUBMIT_ARGS",
        "--conf spark.ui.showConsoleProgress=true --conf spark.executor.cores=2 pyspark-shell",
    )

    assert classic._given() == {
        "spark.driver.memory": "8g",
        "spark.eventLog.enabled": "true",
        "spark.ui.showConsoleProgress": "true",
        "spark.executor.cores": "2",
    }
    options = classic._by_master(SparkSession.Builder(), "local[1]")._options
    assert not {"spark.driver.memory", "spark.ui.showConsoleProgress", "spark.driver.extraJavaOptions"} & set(
        options
    )
    assert options["spark.ui.enabled"] == "false"


def test_a_cluster_is_as_quiet_as_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bars and warnings would be mixed with the lines of a command."""
    for name in ("SPARK_CONF_DIR", "SPARK_HOME", "PYSPARK_SUBMIT_ARGS"):
        monkeypatch.delenv(name, raising=False)

    options = classic._by_master(SparkSession.Builder(), "yarn")._options

    assert options["spark.ui.showConsoleProgress"] == "false"
    assert "log4j2.properties" in options["spark.driver.extraJavaOptions"]
    assert "spark.driver.host" not in options
