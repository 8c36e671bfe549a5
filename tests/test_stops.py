"""A stop ends a command wherever it meets Python."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

CODE = """
import os, signal, sys, time, weakref
from customer360.stops import Stops

class Thing: pass

def stopped(_):
    os.kill(os.getpid(), int(sys.argv[1]))
    time.sleep(1)

signal.signal(signal.SIGINT, signal.default_int_handler)
stops, thing = Stops(), Thing()
reference = weakref.ref(thing, stopped)
try:
    del thing
    time.sleep(20)
except KeyboardInterrupt:
    print(stops.by_sigterm)
"""


@pytest.mark.parametrize(("number", "by_sigterm"), [(signal.SIGINT, "False"), (signal.SIGTERM, "True")])
def test_a_stop_in_a_callback_is_not_lost(number: signal.Signals, by_sigterm: str) -> None:
    """Python drops what a callback of its garbage collector or its import system raises, and would go on."""
    run = subprocess.run(
        [sys.executable, "-c", CODE, str(int(number))], capture_output=True, text=True, timeout=15
    )

    assert (run.stdout, run.stderr) == (f"{by_sigterm}\n", "")
