"""One line that says what is wrong and how to fix it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import customer360
from customer360 import errors
from customer360.errors import Customer360Error, Unavailable, nearest, one_line, postgresql, printable


def test_a_typo_is_answered_with_the_nearest_name() -> None:
    """Most wrong names are nearly right."""
    assert nearest("custmer_id", ["name", "customer_id"]) == " Did you mean 'customer_id'?"


def test_a_name_that_resembles_none_is_answered_with_all() -> None:
    """Then the user needs the choice."""
    assert nearest("zzz", ["Gold", "Silver"]) == " Valid: Gold, Silver."


def test_a_line_cannot_control_a_terminal() -> None:
    """It may quote someone's file."""
    assert one_line("a\n\tb\x1b[2J \u202ec\x9b\udcff") == "a b?[2J ?c??"
    assert printable("  a\u00a0b") == "  a b"


def raised_as_the_base_class(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Customer360Error":
            yield f"{path.name}:{node.lineno}"


def test_every_error_is_raised_as_a_class_that_callers_can_catch() -> None:
    """Otherwise they would have to read its message."""
    modules = Path(customer360.__file__).parent.rglob("*.py")

    assert [place for module in modules for place in raised_as_the_base_class(module)] == []


def test_an_error_that_arrives_as_text_has_a_class_for_each_name() -> None:
    """A Spark worker passes on only the name of the class."""
    classes = {
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Customer360Error)
    }

    assert {kind.__name__: kind for kind in classes} == errors.KINDS
    assert classes == {Customer360Error, *subclasses(Customer360Error)}


def subclasses(kind: type[Customer360Error]) -> Iterator[type[Customer360Error]]:
    for one in kind.__subclasses__():
        yield from (one, *subclasses(one))


@pytest.mark.parametrize(
    ("sqlstate", "kind"),
    [
        (None, "Unavailable"),  # the connection failed
        ("08006", "Unavailable"),
        ("22P02", "Invalid"),
        ("23505", "Invalid"),
        ("2BP01", "Refused"),  # others depend on it
        ("42501", "Unavailable"),  # a right is missing
        ("42P01", "Unavailable"),  # a table is missing
        ("42601", "Invalid"),
        ("53100", "Unavailable"),
        ("57P01", "Unavailable"),
        ("XX001", "Unavailable"),
    ],
)
def test_failures_of_postgresql_are_distinguished_by_sqlstate(sqlstate: str | None, kind: str) -> None:
    """Its words depend on the language of the server."""
    assert postgresql.kind(sqlstate) is errors.KINDS[kind]


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ('connection to server at "::1", port 5432 failed: FATAL:  sorry, too many clients already', "ServerFull"),
        ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute", "ServerFull"),
        (
            'FATAL:  too many connections for role "app"',
            "Unavailable",
        ),  # waiting does not change a limit of its own
        ('FATAL:  password authentication failed for user "app"', "Unavailable"),
        ('connection to server at "127.0.0.1", port 1 failed: Connection refused', "Unavailable"),
    ],
)
def test_a_server_without_a_free_connection_has_its_own_class(message: str, kind: str) -> None:
    """A writer waits for one; libpq has no SQLSTATE here."""
    refused = postgresql.refusal("app@db/crm", message, "")

    assert type(refused) is errors.KINDS[kind]
    assert isinstance(refused, Unavailable)
