"""Failures of the machine: one line with advice, by errno if there is one."""

from __future__ import annotations

import csv
import io
import os
import resource
import shlex
import subprocess
import sys
import zlib
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pytest

from customer360.errors import Customer360Error, failures


def raised(fail: Callable[[], object]) -> BaseException:
    try:
        fail()
    except Exception as error:
        return error
    raise AssertionError("it did not fail")


def without_descriptors() -> None:
    """Opens a file repeatedly until the machine refuses."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, before[1]))
    try:
        with ExitStack() as opened:
            while True:
                opened.enter_context(Path("/dev/null").open())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


REFUSED: list[tuple[Callable[[], object], str, str]] = [
    (lambda: Path("/nosuch/file").read_text(), "No such file or directory: /nosuch/file", "Check the path."),
    (lambda: Path("/").read_text(), "Is a directory: /", "Name a file, not a folder."),
    (lambda: Path("/etc/passwd/x").read_text(), "Not a directory: /etc/passwd/x", "Check the path."),
    (lambda: Path("/tmp/" + "x" * 300).touch(), "File name too long: /tmp/xxx", "Use a shorter name."),
    (lambda: Path("/dev/full").write_text("x"), "No space left on device", "Free space on that disk"),
    (lambda: Path("/tmp/\udcff\ud800").touch(), "surrogates not allowed", "Check the file names"),
    (lambda: b"\xff".decode(), "can't decode byte 0xff", "the encoding"),
    (lambda: bytearray(1 << 62), "this process ran out of memory", "ulimit -v"),
    (lambda: subprocess.run(["ls", "/nosuch"], check=True, capture_output=True), "ls ended with", "/nosuch"),
    (lambda: subprocess.run(["sleep", "9"], check=True, timeout=0.05), "sleep did not end", "."),
    (lambda: subprocess.run(["nosuchprogram"], check=True), "No such file or directory: nosuchprogram", "Check"),
    (without_descriptors, "Too many open files: /dev/null", "ulimit -n"),
    (
        lambda: list(csv.reader(io.StringIO("x" * 200_000))),
        "field larger than field limit",
        "Check that it is one",
    ),
    (lambda: zlib.decompress(b"x"), "a compressed file is damaged", "Copy it again."),
    (
        lambda: pa.array(["abc"]).cast(pa.int32()),
        "'abc' as a scalar of type int32",
        "a value does not fit the type",
    ),
    (
        lambda: pa.array([1 << 40]).cast(pa.int32()),
        "Integer value 1099511627776 not in range",
        "Correct the value",
    ),
]


@pytest.mark.parametrize(("fail", "words", "way"), REFUSED, ids=[words for _, words, _ in REFUSED])
def test_what_the_machine_refuses_is_one_line(fail: Callable[[], object], words: str, way: str) -> None:
    """With the name of the file, the system's own words and what to do."""
    line = str(failures.explained(raised(fail)))

    assert words in line
    assert way in line
    assert "\n" not in line


@pytest.mark.parametrize(
    "fault", [AssertionError("x"), TypeError("x"), KeyError("x"), ValueError("x"), RuntimeError("x"), ZeroDivisionError(),
              ImportError("cannot import name 'x'"), pa.ArrowKeyError("x"), pa.ArrowTypeError("x")],
    ids=repr,
)  # fmt: skip
def test_a_bug_of_ours_keeps_its_traceback(fault: Exception) -> None:
    """A line with advice would be misleading."""
    assert failures.explained(fault) is None
    with pytest.raises(type(fault)), failures.plain():
        raise fault


def test_a_traceback_shows_the_cause_and_no_secret() -> None:
    """Errors end up in logs, and PostgreSQL quotes the row that it rejects."""
    said = (
        "null value\nDETAIL:  Failing row contains (1, Ada Lovelace, ada@example.com).\n"
        'CONTEXT:  COPY customers, line 1, column name: "Ada"\n'
        "at postgresql://app:s3cret@db/crm with password='s3cret'"
    )

    def fail() -> None:
        try:
            raise OSError(said)
        except OSError:
            raise Customer360Error("one line") from None

    shown = failures.traceback_of(raised(fail))

    assert shown.index("OSError: null value") < shown.index("Customer360Error: one line")
    assert "in fail" in shown
    assert not [secret for secret in ("s3cret", "Ada", "ada@example.com") if secret in shown]


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [500_000, 600_000, 800_000])
def test_a_memory_limit_is_one_line(tmp_path: Path, kilobytes: int) -> None:
    """
    That of `ulimit -v`, wherever it first has an effect: a library, a thread, an allocation, or the database.
    """
    members = tmp_path / "members.csv"
    members.write_text("customer_id,name,join_date,account_balance\n1,Ada,2024-05-01,10.50\n")
    code = "from customer360.commands.cli import main; main()"
    load = f"load {shlex.quote(str(members))} --yes --database postgresql://a@127.0.0.1:1/x"
    command = f"ulimit -v {kilobytes}; exec {shlex.quote(sys.executable)} -c '{code}' {load}"
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}

    run = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment, cwd=tmp_path)

    assert run.returncode == 1
    assert run.stderr.startswith("customer360: ")
    assert run.stderr.count("\n") == 1, run.stderr
