"""Nobody but its owner uses the embedded engine, whose port authenticates nobody."""

from __future__ import annotations

import os
import pwd
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from customer360.spark import accounts, embedded
from customer360.spark.embedded import EXPOSED, Engine
from tests.spark.conftest import new_engine, new_session, run_task

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytest.importorskip("pysail")
pytestmark = pytest.mark.slow

needs_lock = pytest.mark.skipif(not embedded.LOCKS, reason="this system cannot lock a port")
needs_root = pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can act as another user"
)
_NOBODY = 65534
_AS_NOBODY = f"import os, sys, socket\nos.setgroups([]); os.setgid({_NOBODY}); os.setuid({_NOBODY})\n"
_CONNECT = """
for kind, address in ((socket.AF_INET, ("127.0.0.1", int(sys.argv[1]))), (socket.AF_UNIX, sys.argv[2])):
    with socket.socket(kind) as attempt:
        attempt.settimeout(0.5)
        try:
            attempt.connect(address)
            print("connected", attempt.recv(1))
        except OSError as error:
            print(type(error).__name__)
"""
_HAMMER = """
import re
from pathlib import Path
while True:
    listening = re.findall(r"0100007F:(\\w{4}) 00000000:0000 0A", Path("/proc/net/tcp").read_text())
    for port in (int(number, 16) for number in listening):
        with socket.socket() as attempt:
            attempt.settimeout(0.002)
            try:
                attempt.connect(("127.0.0.1", port))
                attempt.sendall(b"PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n" + bytes.fromhex("000000040000000000"))
                if attempt.recv(9):
                    print(port, flush=True)
            except OSError:
                pass
"""
_SERVERS = """
import os, sys, tempfile, time
from pysail.spark import SparkConnectServer
from customer360.spark import locked_port
kept = []
for _ in range(int(sys.argv[2])):
    server = SparkConnectServer("127.0.0.1", 0)
    def listen():
        server.start(background=True)
        print(server.listening_address[1], flush=True)
        return server.listening_address
    try:
        kept.append((server, listen() if sys.argv[1] == "open" else locked_port.start_locked(listen, tempfile.mktemp())))
    except locked_port.IntruderError:
        os._exit(75)
    time.sleep(0.02)
os._exit(0)
"""


def python(script: str, *words: object, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env)


def connections_of(pid: int, status: str) -> list[int]:
    """The ports of this machine where the process has such connections."""
    return [each.laddr.port for each in psutil.Process(pid).net_connections() if each.status == status]


def folder_of(engine: Engine) -> Path:
    return Path(os.path.realpath(engine.target.removeprefix("unix:"))).parent


@needs_lock
def test_the_engine_listens_on_no_port(engine: Engine, session: SparkSession) -> None:
    """Nor once it has run a query and a Python task."""
    assert run_task(session, lambda: 42) == [("42",)]

    assert engine.is_locked
    assert connections_of(engine.pid, psutil.CONN_LISTEN) == []
    assert connections_of(engine.pid, psutil.CONN_ESTABLISHED)


@needs_lock
@needs_root
def test_another_account_reaches_neither_a_port_nor_the_socket(engine: Engine, session: SparkSession) -> None:
    assert session.range(3).count() == 3
    port = statistics.mode(
        connections_of(engine.pid, psutil.CONN_ESTABLISHED)
    )  # the server's: it has all connections

    attempts, _ = python(_AS_NOBODY + _CONNECT, port, folder_of(engine) / "s").communicate()

    assert attempts.split() == ["ConnectionRefusedError", "PermissionError"]


@needs_lock
@needs_root
def test_the_lock_needs_no_privileges() -> None:
    """Filters for sockets, for instance, are refused to ordinary users of some systems."""
    script = _SERVERS.replace(
        "kept = []", f"kept = []\nos.setgroups([]); os.setgid({_NOBODY}); os.setuid({_NOBODY})"
    )
    process = python(script, "locked", 1)

    assert len(ports_printed(process)) == 1
    assert process.returncode == 0


@needs_lock
def test_what_has_no_port_still_serves_several_sessions(engine: Engine) -> None:
    """The engine has a few connections for those of its process."""
    with ExitStack() as ended:
        sessions = [new_session(engine, ended) for _ in range(3)]

        assert [session.range(3).count() for session in sessions] == [3, 3, 3]


@needs_lock
@pytest.mark.slow
def test_no_moment_of_the_start_lets_anybody_in() -> None:
    """Programs connect to every port that opens; only servers started without the lock answer them."""
    _, answered_open = opened_and_answered("open", 20)
    locked, answered_locked = opened_and_answered("locked", 20)

    assert answered_open
    assert len(locked) >= 20
    assert answered_locked == []


def opened_and_answered(kind: str, count: int) -> tuple[list[int], list[int]]:
    """
    The ports of *count* servers of that kind or more, and those of them that answered. An intruder ends a locked one.

    Each kind has attackers of its own: the system may give the port of a server that is gone to the next one.
    """
    attackers = [python("import socket\n" + _HAMMER) for _ in range(2)]
    opened: list[int] = []
    until = time.monotonic() + 60
    while len(opened) < count and time.monotonic() < until:
        opened += ports_printed(python(_SERVERS, kind, 20, env={**os.environ, "RUST_LOG": "error"}))
    for attacker in attackers:
        attacker.terminate()
    answered = {port for attacker in attackers for port in ports_printed(attacker)}
    return opened, sorted(answered & set(opened))


def ports_printed(process: subprocess.Popen[str]) -> list[int]:
    output, _ = process.communicate(timeout=60)
    return [int(port) for port in output.split()]


@needs_lock
@pytest.mark.parametrize("count", [1, 3])
def test_whoever_connects_before_the_lock_is_in_place_is_not_answered(count: int) -> None:
    """The engine ends then, and is started again."""
    callers = f"""
import socket
callers = [socket.socket() for _ in range({count})]
def show_answer():
    callers[0].setblocking(False)
    time.sleep(0.5)
    try:
        print(callers[0].recv(1), flush=True)
    except BlockingIOError:
        pass
"""
    intrude = """
        for caller in callers:
            caller.connect(server.listening_address)
        time.sleep(0.2)
        return server.listening_address
"""
    script = _SERVERS.replace("        return server.listening_address\n", intrude)
    script = script.replace("os._exit(75)", "show_answer(); os._exit(75)")
    process = python(callers + script, "locked", 1)

    assert len(ports_printed(process)) == 1, "it was connected and got no answer"
    assert process.returncode == embedded.INTRUDED


_REFUSED = """
from customer360 import spark
from customer360.spark import accounts, embedded

embedded._PROGRAM = ["-c", '''
from customer360.spark import engine, locked_port
def refuse(*_): raise PermissionError(1, "not permitted")
locked_port._fill_queue = refuse
engine.main()
''']
accounts.others = lambda: {others}
session = spark.session()
print(embedded.start().is_locked, session.range(3).count())
"""


@pytest.mark.parametrize(("others", "told"), [(True, f"{EXPOSED}\n"), (False, "")])
def test_a_port_that_cannot_be_locked_is_told_where_others_have_an_account(others: bool, told: str) -> None:
    """A sandbox that lacks a part of Linux; other systems are not tried."""
    command = [sys.executable, "-W", "ignore", "-c", _REFUSED.format(others=others)]
    run = subprocess.run(command, capture_output=True, text=True)

    assert (run.stdout, run.stderr) == ("False 3\n", told)


ROOT = ("root", "x", 0, 0, "", "/root", "/bin/bash")
ADA = ("ada", "x", 1000, 1000, "", "/srv/ada", "/bin/bash")
GRACE = ("grace", "x", 1001, 1001, "", "/srv/grace", "/usr/bin/zsh")
DAEMON = ("postgres", "x", 999, 999, "", "/var/lib", "/bin/bash")
NO_LOGIN = ("build", "x", 1002, 1002, "", "/srv/build", "/usr/sbin/nologin")


@pytest.mark.parametrize(
    ("listed", "own", "persons"),
    [
        ([ROOT, ADA, DAEMON, NO_LOGIN], 1000, []),
        ([ROOT, ADA, GRACE], 1000, ["grace"]),
        ([ROOT, ADA], 0, ["ada"]),
        ([ROOT], 0, []),
    ],
)
def test_only_people_who_may_log_in_count_as_others(
    listed: list[tuple[str, ...]], own: int, persons: list[str]
) -> None:
    found = accounts.persons([pwd.struct_passwd(entry) for entry in listed], own)

    assert list(found) == persons


def test_secrets_that_no_task_needs_are_not_handed_to_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What reaches PostgreSQL is: tasks read and write there."""
    monkeypatch.setenv("CUSTOMER360_DASHBOARD_TOKEN", "planted-token")
    monkeypatch.setenv("SPARK_REMOTE", "sc://example.com/;token=planted-remote")
    monkeypatch.setenv("PGPASSFILE", "/srv/ada/.pgpass")
    with ExitStack() as ended:
        environment = psutil.Process(new_engine(ended).pid).environ()

    assert not [name for name, value in environment.items() if "planted" in value]
    assert environment["PGPASSFILE"] == "/srv/ada/.pgpass"
