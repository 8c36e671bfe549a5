"""Ctrl-C and SIGTERM end a command at any moment."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Final, NoReturn

from customer360.errors.failures import was_interrupted

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_AGAIN_SECONDS: Final = 0.2


class Stops:
    """
    Makes SIGTERM raise KeyboardInterrupt, as Ctrl-C does, and ensures that neither is lost, until `end`.

    Python drops an exception where nothing can catch it, such as in a callback of its import system; C modules
    drop some silently. A stop that was dropped is raised again. One that arrives is not, so that cleaning up can
    take its time.
    """

    def __init__(self) -> None:
        self.by_sigterm = False
        signal.signal(signal.SIGTERM, self._stop)
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._stop)
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, self._look)
        sys.unraisablehook = self._dropped

    def end(self) -> None:
        """Stops raising again."""
        _look_after(0)

    def _stop(self, number: int, _: object) -> NoReturn:
        self.by_sigterm = self.by_sigterm or number == signal.SIGTERM
        _look_after(_AGAIN_SECONDS)
        raise KeyboardInterrupt

    def _look(self, *_: object) -> None:
        _look_after(_AGAIN_SECONDS)
        handled = sys.exc_info()[1]  # by the code that this signal interrupts
        if handled is None or not was_interrupted(handled):
            raise KeyboardInterrupt

    def _dropped(self, what: UnraisableHookArgs) -> None:
        if not isinstance(what.exc_value, KeyboardInterrupt):
            sys.__unraisablehook__(what)


def _look_after(seconds: float) -> None:
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)
