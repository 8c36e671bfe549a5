"""`customer360 doctor`: whether this machine has what the commands need."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import click

from customer360.commands.context import Context
from customer360.commands.options import DATABASE_AND_JSON, ValuedCommand, options


@click.command(cls=ValuedCommand)
@options(DATABASE_AND_JSON)
def doctor(context: Context) -> None:
    """
    Check what the commands need: an engine, PostgreSQL, rights, disk space, memory, ports, permissions.

    It changes and starts nothing. Each problem comes with a line on how to fix it; the exit code is 1 if a check
    failed.

    \b
    Example:
      customer360 doctor
      customer360 doctor --database postgresql://ada@db.example.com/crm --json
    """
    diagnosis = diagnose(context)
    context.show(diagnosis)
    sys.exit(int(diagnosis.has_failed))


@dataclass(frozen=True)
class Finding:
    """What one check found; *fix* says how to solve a problem."""

    check: str
    state: Literal["ok", "warning", "failed"]
    found: str
    fix: str = ""

    def lines(self) -> Iterator[str]:
        yield f"{self.state:<8} {self.check:<16} {self.found}"
        if self.fix:
            yield f"{'':<8} {'':<16} fix: {self.fix}"


@dataclass(frozen=True)
class Diagnosis:
    """The result of `doctor`: what every check found."""

    findings: tuple[Finding, ...]

    @property
    def has_failed(self) -> bool:
        return any(finding.state == "failed" for finding in self.findings)

    def lines(self) -> Iterator[str]:
        for finding in self.findings:
            yield from finding.lines()
        counts = Counter(finding.state for finding in self.findings)
        yield ", ".join(f"{counts[state]} {state}" for state in ("ok", "warning", "failed") if counts[state])

    def as_json(self) -> Mapping[str, Any]:
        return {"failed": self.has_failed, "checks": [asdict(finding) for finding in self.findings]}


def diagnose(context: Context) -> Diagnosis:
    """Runs every check, on the database of *context*."""
    from customer360.commands import doctor_database as database
    from customer360.commands import doctor_machine as machine

    checks = (
        machine.python, machine.engine, database.postgresql, machine.room, machine.memory,
        database.database_port, machine.dashboard_port, machine.permissions,
    )  # fmt: skip
    return Diagnosis(tuple(finding for check in checks for finding in check(context)))
