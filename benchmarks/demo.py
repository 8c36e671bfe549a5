"""What a user waits for with 100,000 customers: whole commands, and the first query of a notebook."""

from __future__ import annotations

import subprocess
from functools import partial
from pathlib import Path

from benchmarks.arguments import chosen, engines, in_one_line, parser
from benchmarks.commands import environment, timed
from benchmarks.engines import EMBEDDED, Engine
from benchmarks.interleaved import Candidate, Sample, interleaved, save, say
from benchmarks.workplace import AS_OF, temporary_home

DESCRIPTION = """\
Measures the time of whole commands, from the start of the process to its end, and their peak memory.

  ours            customer360 demo on a new machine with the package installed, on the embedded engine: create and
                  start a database, fill customers and events, run the operations, publish, build the Power BI
                  project, check the dashboard
  spark           the same on Apache Spark
  mock            customer360 mock on the embedded engine, without events; the database is running
  run             customer360 run on the embedded engine, without events; the database is running
  notebook        start: from requesting a session to the answer of the first query, which counts the customers
  spark-notebook  start: the same on Apache Spark
  help            start: customer360 --help
"""


def main() -> None:
    arguments = parser("demo", DESCRIPTION, rows="100k").parse_args()
    say(f"demo, {arguments.rows:,} rows")
    with temporary_home() as home:
        story = (f"--customers={arguments.rows}", f"--as-of={AS_OF}")
        no_events = (*story, "--events-per-customer=0")
        timed(EMBEDDED.command("mock", *no_events), home)
        everyone = [_demo(engine, story) for engine in engines()]
        everyone += [_command("mock", no_events, home), _command("run", (), home)]
        everyone += [_first_query(engine, home) for engine in engines()]
        everyone += [Candidate("help", "customer360 --help", "start", partial(_once, EMBEDDED.command("--help")))]
        measured = interleaved(chosen(everyone, arguments.only), repeats=arguments.repeats)
    of_demo = [each for each in measured if each.key in ("ours", "spark")]
    others = [each for each in measured if each not in of_demo]
    for name, some in {"demo-events": of_demo, "demo": others}.items():
        if some:
            save(name, arguments.rows, some, arguments.results)


def _demo(engine: Engine, story: tuple[str, ...]) -> Candidate:
    def run() -> Sample:
        with temporary_home() as home:
            return timed(engine.command("demo", *story), home)

    return Candidate(engine.key(), engine.label("customer360 demo"), "ours", run)


def _command(name: str, options: tuple[str, ...], home: Path) -> Candidate:
    run = partial(timed, EMBEDDED.command(name, *options), home)
    return Candidate(name, EMBEDDED.label(f"customer360 {name}"), "ours", run)


def _first_query(engine: Engine, home: Path) -> Candidate:
    def run() -> Sample:
        asked = subprocess.run(
            engine.module("first_query"), env=environment(home), check=True, stdout=subprocess.PIPE, text=True
        )
        return Sample(float(asked.stdout))

    return Candidate(engine.key("notebook"), f"a session and its first query, {engine.name}", "start", run)


def _once(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    in_one_line(main)
