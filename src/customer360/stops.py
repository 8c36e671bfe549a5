"""Ctrl-C and SIGTERM end a command whenever they come."""

from __future__ import annotations

import signal
import sys
from _thread import interrupt_main
from threading import Timer, main_thread
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_AGAIN_SECONDS: Final = 0.05


class Stops:
    """
    From now on SIGTERM raises KeyboardInterrupt as Ctrl-C does, and neither is lost.

    Python drops an exception that is raised where nothing can catch it, such as in a callback of its garbage
    collector, and goes on. A stop that was dropped is raised again a moment later.
    """

    def __init__(self) -> None:
        self.by_sigterm = False
        signal.signal(signal.SIGTERM, self._end)
        sys.unraisablehook = self._raise_again

    def _end(self, *_: object) -> None:
        self.by_sigterm = True
        raise KeyboardInterrupt

    def _raise_again(self, dropped: UnraisableHookArgs) -> None:
        if isinstance(dropped.exc_value, KeyboardInterrupt):
            number = signal.SIGTERM if self.by_sigterm else signal.SIGINT
            Timer(_AGAIN_SECONDS, _send, [number]).start()
        else:
            sys.__unraisablehook__(dropped)


def _send(number: signal.Signals) -> None:
    """To the main thread, which takes signals; where that is possible, also if it waits for something."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(main_thread().ident or 0, number)
    else:
        interrupt_main(number)
