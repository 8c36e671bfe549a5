"""A stop ends a command at any point in Python, and only once."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow  # processes that wait

BEGIN = """
import ctypes, os, signal, sys, time, weakref
from customer360.commands.stops import Stops

class Thing:
    def __getattr__(self, name):
        stopped()

def stopped(*_):
    os.kill(os.getpid(), int(sys.argv[1]))
    time.sleep(0.1)

signal.signal(signal.SIGINT, signal.default_int_handler)
stops, thing, begun = Stops(), Thing(), time.monotonic()
"""
LOST = {
    "in a callback": "reference = weakref.ref(thing, stopped); del thing",
    "in C": "has = ctypes.pythonapi.PyObject_HasAttrString; has.argtypes = [ctypes.py_object, ctypes.c_char_p]; has(thing, b'x')",
    "not at all": "stopped()",
}  # fmt: skip
STOPS = [(signal.SIGINT, "False"), (signal.SIGTERM, "True")]


def said(number: signal.Signals, code: str) -> str:
    command = [sys.executable, "-c", BEGIN + code, str(int(number))]
    run = subprocess.run(command, capture_output=True, text=True, timeout=15)
    return run.stdout + run.stderr


@pytest.mark.parametrize("where", list(LOST))
@pytest.mark.parametrize(("number", "by_sigterm"), STOPS)
def test_a_stop_is_not_lost(number: signal.Signals, by_sigterm: str, where: str) -> None:
    """Python drops an exception where nothing can catch it, such as during an import, and would go on."""
    code = f"""
try:
    {LOST[where]}
    time.sleep(5)
except KeyboardInterrupt:
    stops.end()
    print(stops.by_sigterm, time.monotonic() - begun < 4)
"""
    assert said(number, code) == f"{by_sigterm} True\n"


@pytest.mark.parametrize(("number", "by_sigterm"), STOPS)
def test_cleaning_up_after_a_stop_is_not_interrupted(number: signal.Signals, by_sigterm: str) -> None:
    """In `finally`, in the exit of a context manager, and where the error was replaced."""
    code = """
from contextlib import contextmanager

@contextmanager
def slow():
    try:
        yield
    finally:
        time.sleep(0.5)

try:
    try:
        with slow():
            stopped()
    finally:
        time.sleep(0.5)
except KeyboardInterrupt as error:
    try:
        raise ValueError from error
    except ValueError:
        time.sleep(0.5)
        stops.end()
time.sleep(0.5)
print(stops.by_sigterm)
"""
    assert said(number, code) == f"{by_sigterm}\n"
