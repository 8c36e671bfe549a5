"""The whole demo on an empty machine, package installed: from no database to published results."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

from benchmarks.arguments import chosen, in_one_line, parser
from benchmarks.commands import CUSTOMER360, timed
from benchmarks.interleaved import Candidate, Sample, interleaved, save, say
from benchmarks.workplace import AS_OF, temporary_home

DESCRIPTION = """\
How long `customer360 demo` takes on an empty machine with the package installed, and how much memory at the most:
make and start a database, start Spark, fill, operate, publish. And how long starting takes alone.

  ours     customer360 demo
  session  start: a process that starts Spark as the commands do, and ends
  bare     start: the same by PySpark alone, on the system's Java
  help     start: customer360 --help
"""
_OURS = "from customer360.spark import session; session()"
_BARE = "from pyspark.sql import SparkSession; SparkSession.builder.master('local[*]').getOrCreate()"


def main() -> None:
    arguments = parser("demo", DESCRIPTION, rows="100k").parse_args()
    say(f"demo, {arguments.rows:,} rows")

    def demo() -> Sample:
        with temporary_home() as home:
            return timed([CUSTOMER360, "demo", f"--customers={arguments.rows}", f"--as-of={AS_OF}"], home)

    everyone = [
        Candidate("ours", "**customer360 demo**", "ours", demo),
        Candidate("session", "Spark's start, as the commands do it", "start", partial(_once, "-c", _OURS)),
        Candidate("bare", "Spark's start, PySpark alone", "start", partial(_once, "-c", _BARE)),
        Candidate("help", "customer360 --help", "start", partial(_once, CUSTOMER360, "--help")),
    ]
    measured = interleaved(chosen(everyone, arguments.only), repeats=arguments.repeats)
    save("demo", arguments.rows, measured, arguments.results)


def _once(*arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    in_one_line(main)
