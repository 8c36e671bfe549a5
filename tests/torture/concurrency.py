"""Concurrency: two commands, commands with users or long readers, tasks that run twice, two servers."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.dashboard.places import dashboard
from customer360.postgres.embedded import EmbeddedPostgres
from tests.torture import cluster, moments
from tests.torture.commands import CUSTOMER360, Command, Outcome, kill, own_words, workers
from tests.torture.dashboards import under_load, wait_for
from tests.torture.lane import Lane
from tests.torture.place import MANY
from tests.torture.states import Operation, State

_OFTEN_TWICE: Final = {
    "spark.speculation": "true",
    "spark.speculation.interval": "50ms",
    "spark.speculation.multiplier": "1.01",
    "spark.speculation.quantile": "0.1",
    "spark.speculation.minTaskRuntime": "1ms",
    "spark.task.maxFailures": "8",
    "spark.eventLog.enabled": "true",
    "spark.eventLog.compress": "false",
}
"""Any task that takes slightly longer than another is run again in parallel."""


@dataclass(frozen=True)
class Finding:
    """What ran concurrently, its outcome, and what was wrong with that."""

    what: str
    came: str
    problems: tuple[str, ...]
    seconds: float = 0.0


Scene = Callable[[Lane], Finding]


def timed(scene: Scene, lane: Lane) -> Finding:
    started, seen = time.monotonic(), len(lane.reader.broken)
    finding = scene(lane)
    problems = (*finding.problems, *lane.reader.broken[seen:], *lane.left_behind())
    return replace(finding, problems=problems, seconds=time.monotonic() - started)


# -- two commands -----------------------------------------------------------------------------------------


def two_at_once(command: str) -> Scene:
    """Both work, one after the other; the final state is that of the later one."""

    def scene(lane: Lane) -> Finding:
        before = lane.look()
        ends = [Operation(command, version).after(before) for version in ("A", "B")]
        lane.reader.expect(before, *ends, *ends)
        both = [lane.fresh(Operation(command, version)) for version in ("A", "B")]
        problems = [complaint for one in both for complaint in one.outcome().complaints(0)]
        found = lane.look()
        problems += [] if found in ends else [f"left {found}"]
        return Finding(f"two `{command}`", "one waits for the other, both end with 0", tuple(problems))

    return scene


def a_fill_during_a_run(lane: Lane) -> Finding:
    """The run refreshes what it read, then the fill continues; a fill that may not wait is refused by name."""
    run, before = lane.prepare("run"), lane.look()
    refreshed = run.after(before)
    fill = lane.prepare("mock")
    lane.reader.expect(before, refreshed, fill.after(refreshed))
    running = lane.fresh(run)
    moments.until_at_work(lane.connection(), running)
    refused = Command(lane.place, fill, "--wait", "0")
    waiting = lane.fresh(fill)
    problems = [*_refusal(refused.outcome(), "another run is using the database: customer360 run (pid ")]
    problems += [*running.outcome().complaints(0), *waiting.outcome().complaints(0)]
    problems += _unless(lane.look(), fill.after(refreshed))
    return Finding("`mock` during `run`, and one more with `--wait 0`", "one waits, the other is refused with the holder's name",
                   tuple(problems))  # fmt: skip


def _refusal(outcome: Outcome, words: str) -> Iterator[str]:
    yield from outcome.complaints(1)
    if words not in outcome.said:
        yield f"said {outcome.said!r} and not {words!r}"


def _unless(found: State, wanted: State) -> list[str]:
    return [] if found == wanted else [f"left {found} where {wanted} was expected"]


# -- readers ----------------------------------------------------------------------------------------------


def a_run_with_a_long_reader(lane: Lane) -> Finding:
    """It waits as long as allowed, blocks no readers, names the reader, and changes nothing."""
    run, before = lane.prepare("run"), lane.look()
    lane.reader.expect(before)
    lane.reader.slowest = 0.0
    with lane.place.database.connect("a long report") as reader, reader.transaction():
        reader.execute("SELECT count(*) FROM analytics.customer_profiles")
        outcome = Command(lane.place, run, "--swap-wait", "3").outcome()
    slowest = lane.reader.slowest
    problems = [*_refusal(outcome, "a long report"), *_unless(lane.look(), before)]
    lane.finish(run)
    return Finding("`run --swap-wait 3` during an open transaction", f"gives up and names it; another reader waited at most {slowest:.2f} s",
                   tuple(problems))  # fmt: skip


def a_run_with_users(users: int) -> Scene:
    """Every answer belongs to the refresh that it names, and none fails."""

    def scene(lane: Lane) -> Finding:
        loaded = under_load(lane, users, seconds=20, refreshes=1)
        answers = sum(loaded.seen.answers.values())
        came = f"{answers:,} answers, {len(loaded.seen.failures)} failed, none of a mix of two refreshes"
        return Finding(f"`run` with {users} users of the dashboard", came, loaded.problems)

    return scene


def two_dashboards(lane: Lane) -> Finding:
    """Each follows the database independently."""
    with dashboard(lane.place.home) as one, dashboard(lane.place.home) as other:
        lane.finish(lane.prepare("run"))
        problems = [*wait_for(lane, one), *wait_for(lane, other)]
    return Finding("two dashboards on one database", "both show the new refresh", tuple(problems))


# -- Spark ------------------------------------------------------------------------------------------------


def tasks_that_run_twice(lane: Lane) -> Finding:
    """Speculation runs a task twice in parallel; still, every row is there once."""
    if not cluster.IS_INSTALLED:
        return _left_out("speculation on two executors")
    with cluster.cluster(lane.place.root / "cluster") as master:
        counted = [_on_cluster(lane, master, operation, strike=False) for operation in _many_tasks(lane)]
    copies, problems = sum(copies for copies, _ in counted), [one for _, some in counted for one in some]
    if not copies:
        problems.append("Spark ran no task twice")
    return Finding(
        "speculation on two executors", f"{copies} tasks ran twice, every row is there once", tuple(problems)
    )


def tasks_that_are_retried(lane: Lane) -> Finding:
    """On a cluster Spark repeats the tasks of a lost worker; the command is not affected."""
    if not cluster.IS_INSTALLED:
        return _left_out("Python workers killed on two executors")
    with cluster.cluster(lane.place.root / "cluster") as master:
        counted = [_on_cluster(lane, master, operation, strike=True) for operation in _many_tasks(lane)]
    problems = [one for _, some in counted for one in some]
    return Finding(
        "Python workers killed on two executors",
        "Spark repeats their tasks, every row is there once",
        tuple(problems),
    )


def _left_out(what: str) -> Finding:
    return Finding(what, "not taken: .venv-spark, the environment of Apache Spark, is not there", ())


def _many_tasks(lane: Lane) -> Iterator[Operation]:
    """A fill and a run of enough customers that each takes several tasks; learnt before, and removed afterwards."""
    lane.learn_version(MANY)
    yield Operation("mock", MANY)
    yield Operation("run")


def _on_cluster(lane: Lane, master: str, operation: Operation, *, strike: bool) -> tuple[int, list[str]]:
    """The tasks that ran twice, and the problems."""
    log = lane.place.temporary / "events"
    log.mkdir()
    settings = {**_OFTEN_TWICE, "spark.eventLog.dir": log.as_uri()}
    arguments = " ".join(f"--conf {name}={value}" for name, value in settings.items())
    _, after = lane.expect(operation)
    options = ["--master", master, "--database", lane.place.database.url]
    submitted = {
        "PYSPARK_SUBMIT_ARGS": f"{arguments} pyspark-shell",
        "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1",
    }
    running = Command(lane.place, operation, *options, program=cluster.CUSTOMER360, **submitted)
    if strike:
        moments.until_at_work(lane.connection(), running)
        _kill_some_workers(running)
    problems = [*running.outcome().complaints(0), *_unless(lane.look(), after)]
    copies = _copies(log)
    subprocess.run(["rm", "-r", str(log)], check=True)
    return copies, problems


def _kill_some_workers(running: Command) -> None:
    for _ in range(3):
        while not (found := workers(running.mark)) and not running.is_over():
            time.sleep(0.02)
        kill(found[:1])
        time.sleep(0.5)


def _copies(log: Path) -> int:
    events = (
        json.loads(line)
        for file in log.rglob("*")
        if file.is_file()
        for line in file.read_text().splitlines()
        if line.startswith("{") and line.endswith("}")  # a killed Spark may leave half a line
    )
    return sum(
        event["Event"] == "SparkListenerTaskStart" and event["Task Info"]["Speculative"] for event in events
    )


# -- servers ----------------------------------------------------------------------------------------------


def two_starts_at_once(lane: Lane) -> Finding:
    """An empty folder and two commands that need the server: one creates it, both use it."""
    home = lane.place.root / "another home"
    environment = {**lane.place.environment("start"), "CUSTOMER360_HOME": str(home)}
    started = [
        subprocess.Popen([CUSTOMER360, "db", "start"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]  # fmt: skip
    said = [process.communicate() for process in started]
    problems = [own_words(error) for _, error in said if own_words(error)]
    if len({line for line, _ in said}) != 1 or not EmbeddedPostgres(home).is_running():
        problems.append(f"not one server: {said}")
    EmbeddedPostgres(home).stop()
    return Finding("two `db start` on an empty folder", "one server, both are connected to it", tuple(problems))


def scenes(*, quick: bool) -> list[Scene]:
    if quick:
        return [two_at_once("load"), two_starts_at_once]
    return [
        two_at_once("mock"), two_at_once("load"), a_fill_during_a_run, a_run_with_a_long_reader, a_run_with_users(50),
        two_dashboards, tasks_that_run_twice, tasks_that_are_retried, two_starts_at_once,
    ]  # fmt: skip
