"""
Failures of PySpark's engine and of its Python workers.

They arrive as text that contains a worker's traceback: with Apache Spark among Java's, with the embedded engine
after a chain of enclosing errors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from customer360.errors import KINDS

NEEDED: Final = ("adbc-driver-manager", "adbc-driver-postgresql", "numpy", "psutil", "psycopg[binary]", "pyarrow")
"""The packages that must be installed where the workers run; PySpark itself comes with Spark."""

_LIBRARIES: Final = ("pyspark", "py4j", "grpc")


@dataclass(frozen=True)
class Raised:
    """An error of a Python worker: the module and the name of its class, and its text of one or more lines."""

    module: str
    name: str
    text: str


def is_one(error: BaseException) -> bool:
    return any(kind.__module__.partition(".")[0] in _LIBRARIES for kind in type(error).__mro__)


def raised_by_worker(text: str) -> Raised | None:
    """The last error that a Python worker raised; one of this package takes precedence."""
    found = [Raised(*match.groups(default="")) for match in _RAISED.finditer(text)]
    if match := _RAISED_BY_A_SOURCE.match(text):
        found = [Raised("", *match.groups(default=""))]
    ours = [raised for raised in found if raised.name in KINDS]
    last = next(iter([*ours, *reversed(found)]), None)
    return Raised(last.module, last.name, last.text.strip()) if last else None


_RAISED: Final = re.compile(
    # A traceback: its head, its indented lines, then MODULE.CLASS: TEXT until Java or Spark goes on.
    r"^[^\n]*Traceback \(most recent call last\):\n(?:[ \t]+[^\n]*\n)+"
    r"(?:([\w.]+)\.)?(\w+)(?:: (.*?))?(?=\n\s*\n|\n\s+at |\n\t|\nDuring handling|\nJVM stacktrace|\n\[|\s*\Z)",
    re.MULTILINE | re.DOTALL,
)
_INNER: Final = r"(?:(?:[A-Z]\w+ )+error: |[^\n:]+\ncaused by\n)"
_WITHIN: Final = rf"(?:{_INNER}|Write failed for partition \d+: |\[[\w<>]+::\w+\] |RuntimeError: (?={_INNER}))*"
"""
The chain of enclosing errors that the embedded engine writes first, such as `Write failed for partition 0:
External error: Python error: [postgres::write] `.
"""
_RAISED_BY_A_SOURCE: Final = re.compile(
    rf"{_WITHIN}(?!RuntimeError: {_INNER})(\w+)(?:: (.*?))?\nTraceback:\nTraceback \(most recent", re.DOTALL
)


def is_known(text: str) -> bool:
    return mistake(text) is not None


def line(text: str) -> str:
    """The message for a failure that no Python worker raised."""
    known = mistake(text)
    return (
        known or f"the query failed: {sentence(text)}; published data is intact. Correct that, then run it again."
    )


def sentence(text: str) -> str:
    """The first sentence of the engine's text, without its name for the condition or kind of error."""
    if match := re.search(r"\[[A-Z][A-Z_.0-9]+\] (.+?)(?:\. |(?<!not found): |[.:]?$)", text, re.MULTILINE):
        return match[1]
    causes = re.findall(r"^Caused by: ([\w.$]+(?:: .+)?)$", text, re.MULTILINE)
    first = re.sub(rf"^(?:An error occurred while calling .*\n: |{_WITHIN})", "", text.strip()).splitlines()
    return str(causes[-1] if causes else first[0] if first else "without a reason").rstrip(".")


def mistake(reason: str) -> str | None:
    """The message when *reason*, Spark's text, is a well-known failure."""
    for pattern, known in _MISTAKES.items():
        if match := re.search(pattern, reason, re.MULTILINE):
            needed = " ".join(f'"{name}"' if "[" in name else name for name in NEEDED)
            return known.format(*match.groups(), needed=needed)
    return None


_WAY_OUT: Final = (
    "install it there, or on every worker of a cluster: pip install {needed} (docs/cluster.md has alternatives)"
)
_ENGINE_FAILED: Final = (
    "the embedded engine failed ({0}); published data is intact: run the same command again, and if it fails "
    "again, run it with Apache Spark: --master 'local[*]' (pip install 'customer360[spark]')"
)
_MISTAKES: Final = {
    r'panicked with message "?(.+?)"?\s*$': _ENGINE_FAILED,
    r"(?:Internal error: )?([^\n]+?)\.?\s+This issue was likely caused by a bug in DataFusion": _ENGINE_FAILED,
    "No space left on device": (
        "no space is left for the engine's temporary files; free some, or set TMPDIR to a folder that has more"
    ),
    # DataFusion, below Sail; most operators then use the disk, but not all can.
    r"Failed to allocate additional|Resources exhausted|memory pool": (
        "the embedded engine has too little memory for a step that cannot use the disk; published data is intact: "
        "give it more (the container's limit, a larger machine), or use --master 'local[*]' "
        "(pip install 'customer360[spark]')"
    ),
    "JAVA_GATEWAY_EXITED": (
        "Java ended while it started; its output above may say why. Check that there is memory for it (the "
        "container's limit, ulimit -v) and that JAVA_HOME is correct."
    ),
    "Python worker exited unexpectedly": (
        "a Python worker of Spark ended unexpectedly, killed or out of memory; published data is intact: "
        "run the same command again, with fewer concurrent tasks if memory was short: --master 'local[1]'"
    ),
    r"java\.lang\.OutOfMemoryError": (
        "Spark's Java process ran out of memory; published data is intact: give it more with "
        "PYSPARK_SUBMIT_ARGS='--driver-memory 4g pyspark-shell', or run fewer tasks: --master 'local[1]'"
    ),
    r"No module named '([\w.]+)'": "the Python that runs the tasks lacks the module '{0}'; " + _WAY_OUT,
    r"PACKAGE_NOT_INSTALLED\] (\S+) >= (\S+)": "the Python that runs the tasks lacks {0} {1} or newer; "
    + _WAY_OUT,
    r'Cannot run program "([^"]+)"': (
        "Spark's workers have no Python at {0}; set PYSPARK_PYTHON to the one they have, with the driver's version"
    ),
    r"Python in worker has different version: (\S+) than that in driver: (\S+?),": (
        "Spark's workers run Python {0} and this is Python {1}; set PYSPARK_PYTHON to the same version there"
    ),
}
