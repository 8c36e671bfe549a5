"""One line from a page of Java: the innermost cause, or the line of a worker."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from customer360.errors import Customer360Error, failures
from customer360.errors.spark import line, mistake, raised_by_worker
from customer360.postgres.connection import Database
from customer360.spark import plain_errors


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        (
            "ModuleNotFoundError: No module named 'adbc_driver_manager'",
            "lacks the module 'adbc_driver_manager'; install it",
        ),
        (
            "[PACKAGE_NOT_INSTALLED] PyArrow >= 18.0.0 must be installed; however",
            "lacks PyArrow 18.0.0 or newer; install it",
        ),
        (
            'java.io.IOException: Cannot run program "/x/python": error=2',
            "have no Python at /x/python; set PYSPARK_PYTHON",
        ),
        (
            "[PYTHON_VERSION_MISMATCH] Python in worker has different version: 3.10 than that in driver: 3.11, PySpark cannot",
            "run Python 3.10 and this is Python 3.11; set PYSPARK_PYTHON",
        ),
    ],
)
def test_what_a_worker_lacks_is_one_line(reason: str, line: str) -> None:
    """Spark prints a page of Java for each."""
    found = mistake(f"Job aborted:\n  Lost task 0.3\n{reason}\n  at org.apache.spark")

    assert found is not None
    assert line in found
    assert "\n" not in found


def test_other_failures_are_not_guessed_at() -> None:
    """A bug of ours keeps its traceback."""
    assert mistake("ValueError: too many values to unpack") is None


def failing_task(spark: Any, fail: Callable[[], object]) -> None:
    """Calls *fail* in a task."""

    def task(batches: Any) -> Any:
        fail()
        yield from batches

    spark.range(1).mapInArrow(task, "id bigint").collect()


def in_a_worker(url: str, statement: str) -> Callable[[], object]:
    def fail() -> object:
        import psycopg

        with psycopg.connect(url, autocommit=True) as connection:
            return connection.execute(statement)

    return fail


@pytest.mark.spark
@pytest.mark.both
@pytest.mark.parametrize(
    ("statement", "line"),
    [
        (
            "SELECT * FROM nosuch",
            'app@db/crm: relation "nosuch" does not exist; published data is intact. Correct the name, schema included, or',
        ),
        (
            "SET default_transaction_read_only = on; COMMIT; CREATE TABLE t (a int)",
            "app@db/crm: cannot execute CREATE TABLE in a read-only transaction; published data is intact. The server accepts no changes",
        ),
        (
            "DO $$BEGIN RAISE 'no' USING ERRCODE = '53100', DETAIL = 'since noon', HINT = 'wait'; END$$",
            "app@db/crm: no (since noon; wait); published data is intact. Free space on the server's disk",
        ),
        (
            "SELECT pg_terminate_backend(pg_backend_pid())",
            "app@db/crm: terminating connection due to administrator",
        ),
    ],
    ids=["undefined table", "read-only", "disk full", "ended"],
)
def test_what_the_server_said_to_a_worker_is_reported_as_if_said_here(
    spark: Any, database: Database, statement: str, line: str
) -> None:
    """The worker's error arrives as text; its class still has the SQLSTATE."""
    with pytest.raises(Customer360Error) as told, plain_errors("app@db/crm"):
        failing_task(spark, in_a_worker(database.url, statement))

    assert str(told.value).startswith(line)
    assert "\n" not in str(told.value)


@pytest.mark.spark
@pytest.mark.both
def test_what_the_machine_refuses_a_worker_is_reported_as_such(spark: Any) -> None:
    """A file that cannot be written, no memory, no thread."""

    def no_memory() -> None:
        raise MemoryError

    def no_thread() -> None:
        raise RuntimeError("can't start new thread")

    def no_file() -> None:
        open("/proc/nosuch/file", "w")  # noqa: PTH123, SIM115

    for fail, words in (
        (no_memory, "this process ran out of memory; published"),
        (no_thread, "cannot start more threads"),
        (no_file, "No such file or directory: '/proc/nosuch/file'. Check the path."),
    ):
        with pytest.raises(Customer360Error, match=words), plain_errors():
            failing_task(spark, fail)


@pytest.mark.spark
@pytest.mark.both
def test_a_bug_of_ours_in_a_worker_keeps_its_traceback(spark: Any) -> None:
    """Users cannot fix it."""
    from pyspark.errors import PythonException

    def fault() -> None:
        {}["customer_id"]  # type: ignore[index]

    with pytest.raises(PythonException, match="KeyError: 'customer_id'"), plain_errors():
        failing_task(spark, fault)


@pytest.mark.spark
@pytest.mark.both
def test_what_the_engine_itself_says_is_its_first_sentence(spark: Any) -> None:
    """Neither the plan nor a stack; each engine has its own words."""
    with pytest.raises(Customer360Error) as told, plain_errors():
        spark.sql("SELECT CAST(concat('abc', id) AS int) FROM range(1)").collect()

    assert re.match(
        'the query failed: (?:The value \'abc0\' of the type "STRING" cannot be cast to "INT" because it is malformed'
        "|Cannot cast string 'abc0' to value of Int32 type); published data is intact. Correct that, then run it again.$",
        str(told.value),
    )


JAVA = """An error occurred while calling o66.save.
: org.apache.spark.SparkException: [TASK_WRITE_FAILED] Task failed while writing rows to x. SQLSTATE: 58030
\tat org.apache.spark.sql.errors.QueryExecutionErrors$.x(Y.scala:1)
Caused by: org.apache.spark.api.python.PythonException: Traceback (most recent call last):
  File "/x/worker.py", line 1, in process
    f()
ValueError: first

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/x/copy.py", line 2, in copy
    raise Customer360Error(line) from None
customer360.errors.Customer360Error: crm.members: name is null in a row; nothing was published

\tat org.apache.spark.api.python.BasePythonRunner.x(Z.scala:2)
Caused by: java.io.IOException: broken
"""


def test_the_line_of_a_worker_is_found_among_java() -> None:
    """At any position among chained tracebacks."""
    raised = raised_by_worker(JAVA)

    assert raised is not None
    assert (raised.module, raised.name) == ("customer360.errors", "Customer360Error")
    assert raised.text == "crm.members: name is null in a row; nothing was published"


def test_java_without_a_worker_is_reported_with_its_innermost_cause() -> None:
    """The outermost one only says which step of Spark failed."""
    text = "An error occurred while calling o1.x.\n: java.lang.RuntimeException: outer\n\tat a.b\nCaused by: java.io.IOException: broken\n\tat c"

    assert line(text).startswith("the query failed: java.io.IOException: broken; published data is intact.")


FRAMES = 'Traceback:\nTraceback (most recent call last):\n  File "/x/y.py", line 1, in z\n    f()\n'


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        (
            f"Python error: [postgres::writer] Customer360Error: t has no column 'a'\n{FRAMES}",
            "Customer360Error",
            "t has no column 'a'",
        ),
        (
            f"Write failed for partition 0: External error: Python error: [PostgresWriter::write] Customer360Error: no\n{FRAMES}",
            "Customer360Error",
            "no",
        ),
        (
            f"Python error: [W::write] RuntimeError: External error: Customer360Error: of a task before\n{FRAMES}",
            "Customer360Error",
            "of a task before",
        ),
        (
            f"Write failed for partition 0: External error: Python error: [W::write] RuntimeError: partition 0\ncaused by\nExternal error: Customer360Error: of a read\n{FRAMES}",
            "Customer360Error",
            "of a read",
        ),
        (f"ValueError: first line\nError: second line\n{FRAMES}", "ValueError", "first line\nError: second line"),
        (f"Python error: [postgres::read] MemoryError\n{FRAMES}", "MemoryError", ""),
        (
            f"\n  An exception was thrown from the Python worker.\n{FRAMES.removeprefix('Traceback:')}MemoryError\n",
            "MemoryError",
            "",
        ),
    ],
)
def test_the_line_of_a_worker_is_found_in_what_the_embedded_engine_says(text: str, name: str, words: str) -> None:
    """It puts the error of a data source first, and its traceback last."""
    raised = raised_by_worker(text)

    assert raised is not None
    assert (raised.name, raised.text) == (name, words)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"Write failed for partition 0: Python error: [W::write] RuntimeError: Arrow error: Cast error: Cannot cast string 'C-17' to value of Int64 type\n{FRAMES}",
            "the query failed: Cannot cast string 'C-17' to value of Int64 type; published data is intact.",
        ),
        (
            "Internal error: Arrows with inconsistent types.\nThis issue was likely caused by a bug in DataFusion's code. Please",
            "the embedded engine failed (Arrows with inconsistent types); published data is intact: run the same",
        ),
        (
            'External error: task 5770 panicked with message "index out of bounds"',
            "the embedded engine failed (index out of bounds); published data is intact: run the same",
        ),
        (
            "Resources exhausted: Additional allocation failed for A with top memory consumers as:\n  A#1 consumed 1 GB",
            "the embedded engine has too little memory for a step that cannot use the disk; published data is intact: give it",
        ),
        (
            "[TABLE_OR_VIEW_NOT_FOUND] Table or view not found: crm",
            "the query failed: Table or view not found: crm;",
        ),
    ],
)
def test_what_the_embedded_engine_says_is_one_line_with_the_cause(text: str, said: str) -> None:
    """Without the chain of errors, and without the content of a memory pool."""
    assert raised_by_worker(text) is None
    assert line(text).startswith(said)
    assert "\n" not in line(text)


def test_what_follows_an_interrupt_is_the_interrupt() -> None:
    """Cleaning up after Ctrl-C finds the connection to Java lost."""

    def interrupted() -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise OSError("Answer from Java side is empty")

    with pytest.raises(KeyboardInterrupt), plain_errors():
        interrupted()
    assert not failures.was_interrupted(OSError())
