"""The whole demo on an empty machine, package installed: from no database to published results."""

from __future__ import annotations

from benchmarks.arguments import chosen, in_one_line, parser
from benchmarks.commands import CUSTOMER360, timed
from benchmarks.interleaved import Candidate, Sample, interleaved, save, say
from benchmarks.workplace import AS_OF, temporary_home

DESCRIPTION = """\
How long `customer360 demo` takes on an empty machine with the package installed, and how much memory at the most:
make and start a database, start Spark, fill, operate, publish.

  ours  customer360 demo
"""


def main() -> None:
    arguments = parser("demo", DESCRIPTION, rows="100k").parse_args()
    say(f"demo, {arguments.rows:,} rows")

    def demo() -> Sample:
        with temporary_home() as home:
            return timed([CUSTOMER360, "demo", f"--customers={arguments.rows}", f"--as-of={AS_OF}"], home)

    everyone = chosen([Candidate("ours", "**customer360 demo**", "ours", demo)], arguments.only)
    measured = interleaved(everyone, repeats=arguments.repeats, warm_ups=0)
    save("demo", arguments.rows, measured, arguments.results)


if __name__ == "__main__":
    in_one_line(main)
