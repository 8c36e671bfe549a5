"""
One process for many operations, like a notebook's kernel: `python -m tests.torture.session`.

The process reads an operation per line, as a JSON object, and writes how it ended. The operations are those of the
commands, including the last line of a command; only the engine stays, unless it is killed.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import Any, Final

from tests.torture.commands import END_SECONDS, Outcome, kill
from tests.torture.place import AS_OF, PLANS, Place
from tests.torture.states import Operation

_REPOSITORY: Final = Path(__file__).parents[2]


class Session:
    """The process, from outside."""

    def __init__(self, place: Place, **settings: str) -> None:
        self.place = place
        self.mark = secrets.token_hex(8)
        self.said = place.root / f"session-{self.mark}.log"
        path = os.pathsep.join(filter(None, [str(_REPOSITORY), os.environ.get("PYTHONPATH")]))
        with self.said.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.torture.session"],
                cwd=place.root,
                env={**place.environment(self.mark), "PYTHONPATH": path, **settings},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    @property
    def driver(self) -> int:
        return self._process.pid

    def start(self, operation: Operation, url: str | None = None) -> Running:
        assert self._process.stdin
        order = {
            "command": operation.command,
            "version": operation.version,
            "root": str(self.place.root),
            "url": url,
        }
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Running(self, operation)

    def answer(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()

    def close(self) -> None:
        try:
            self._process.communicate(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            kill([self.driver])
            self._process.communicate()


class Running:
    """An operation running in a session."""

    def __init__(self, session: Session, operation: Operation) -> None:
        self.mark, self.driver = session.mark, session.driver
        self.operation = operation
        self.is_fresh = False
        self._session = session
        self._line = ""
        self._thread = threading.Thread(target=self._wait, daemon=True)
        self._thread.start()

    def is_over(self) -> bool:
        return not self._thread.is_alive()

    def outcome(self) -> Outcome:
        self._thread.join(END_SECONDS)
        if not self._line:
            raise TimeoutError(f"{self.operation} has not ended; see {self._session.said}")
        return Outcome(**json.loads(self._line))

    def _wait(self) -> None:
        self._line = self._session.answer()


# -- inside the process -----------------------------------------------------------------------------------


def main() -> None:
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_outcome(json.loads(line))) + "\n")
        sys.stdout.flush()


def _outcome(order: dict[str, Any]) -> dict[str, Any]:
    """Like `cli.main`: one line for a user's mistake, a traceback for our own fault."""
    from customer360.errors import Customer360Error

    try:
        _do(Place(Path(order["root"])), **order)
    except Customer360Error as error:
        return {"code": 1, "said": "customer360: " + " ".join(str(error).split())}
    except BaseException:
        return {"code": 1, "said": traceback.format_exc()}
    return {"code": 0, "said": ""}


def _do(place: Place, *, command: str, version: str, url: str | None, **_: str) -> None:
    from customer360 import spark
    from customer360.commands.context import Context
    from customer360.own_data.request import Request
    from customer360.pipeline.fill import fill_mock_data
    from customer360.pipeline.own_data import load_own_data
    from customer360.pipeline.run import run_operations

    database = Context(database=url).open_database()
    if command == "mock":
        fill_mock_data(database, spark.session(), PLANS[version], replace=True)
    elif command == "run":
        run_operations(database, spark.session(), as_of=AS_OF)
    else:
        load_own_data(database, Request(path=place.file(version), as_of=AS_OF, replace=True, yes=True))


if __name__ == "__main__":
    main()
