"""What the benchmarks report about their own figures."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace

from benchmarks.engines import EMBEDDED, SPARK
from benchmarks.interleaved import RESULTS, Measured, Result, Sample, load_all
from benchmarks.memory import Peak
from benchmarks.table import BEGIN, END, README, render
from benchmarks.targets import MILLION, TARGETS

MACHINE = {
    "processor": "a",
    "cores": "2",
    "memory": "8 GB",
    "load after": "0.1",
    "commit": "1234abcd",
    "pysail": "0.7.2",
}
HELD = 60 << 20


def result(rows: int, seconds: float, **machine: str) -> Result:
    ours = Measured("ours", "**customer360 run**", "ours", [Sample(seconds)])
    return Result("operations", rows, f"2026-11-2{len(machine)}T10:00:00+00:00", {**MACHINE, **machine}, (ours,))


def growth(*results: Result) -> float | None:
    (target,) = (target for target in TARGETS if target.words.startswith("run 30M"))
    return target.measured(results)


def test_the_tables_are_those_of_the_results() -> None:
    written = README.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]

    assert written.strip() == "\n".join(render(load_all(RESULTS))).strip()


def test_a_result_of_another_machine_says_so() -> None:
    """Results that were not measured again stay, with their date; the top line is about the newest."""
    lines = list(render([result(MILLION, 7.0), result(10 * MILLION, 50.0, processor="b", pysail="0.8")]))

    assert lines[0] == "Machine: processor b, cores 2, memory 8 GB, pysail 0.8."
    assert [line for line in lines if line.startswith("Taken")] == [
        "Taken 2026-11-20 10:00 UTC, load after 0.1, commit 1234abcd, processor a, pysail 0.7.2.",
        "Taken 2026-11-22 10:00 UTC, load after 0.1, commit 1234abcd.",
    ]


def test_seconds_of_two_machines_are_never_divided() -> None:
    small, large = result(MILLION, 10.0), result(30 * MILLION, 270.0)

    assert growth(small, large) == 0.9
    assert growth(small, replace(large, machine={**MACHINE, "processor": "b"})) is None
    assert (
        growth(small, replace(large, machine={name: MACHINE[name] for name in MACHINE if name != "pysail"}))
        is None
    )


def test_each_engine_has_candidates_of_its_own() -> None:
    """A result measured on one engine never counts for the other."""
    assert [EMBEDDED.key(), EMBEDDED.key("columns")] == ["ours", "columns"]
    assert [SPARK.key(), SPARK.key("columns")] == ["spark", "spark-columns"]


def test_the_memory_of_a_process_in_its_own_session_counts() -> None:
    """The embedded engine runs in one."""
    inner = f"held = bytearray(b'1') * {HELD}; print(flush=True); input()"
    outer = (
        "import subprocess, sys\n"
        f"engine = subprocess.Popen([sys.executable, '-c', {inner!r}], start_new_session=True,"
        " stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
        "engine.stdout.readline(); print(flush=True); input(); engine.communicate(b'\\n')\n"
    )
    process = subprocess.Popen([sys.executable, "-c", outer], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()

    with Peak(lambda: [process.pid]) as peak:
        for _ in range(200):
            if peak.bytes >= HELD or process.poll() is not None:
                break
            time.sleep(0.05)
    process.communicate(b"\n")

    assert peak.bytes >= HELD
