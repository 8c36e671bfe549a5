"""The PySpark session of the embedded engine: one per process, for all its threads."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from customer360.spark import embedded
from customer360.spark.client import import_client, quieten

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from customer360.spark.embedded import Engine

_in_use: tuple[Any, Engine] | None = None


def session(app_name: str, settings: Mapping[str, str]) -> SparkSession:
    """A session of this process's engine, started if needed. Raises: Customer360Error when it does not start."""
    global _in_use
    engine = embedded.start()
    if warning := engine.exposure():
        logging.getLogger(__name__).warning(warning)
    import_client()
    from pyspark.sql.connect.session import SparkSession as ConnectSession

    channel: Any = engine.channel_builder()
    started: Any = ConnectSession(connection=channel)
    # Before the first call: if Ctrl-C interrupts that, PySpark calls the engine once more when Python exits.
    engine.follow(started)
    try:
        for name, value in {"spark.app.name": app_name, **settings}.items():
            started.conf.set(name, value)
    except Exception:
        if engine.has_ended():
            raise embedded.killed() from None
        raise
    quieten()
    _in_use = started, engine
    ConnectSession._set_default_and_active_session(started)  # only once it is configured
    return started  # type: ignore[no-any-return]


def active() -> SparkSession | None:
    """
    The session in use; one that was stopped, or whose engine was killed, is forgotten.

    So is that of the parent in a fork, which cannot even end it: gRPC's threads do not exist in the fork.
    """
    if _in_use and _in_use[1].owner != os.getpid():
        _forget()
    if _in_use and (_in_use[0].is_stopped or _in_use[1].has_ended()):
        stop(_in_use[0])
    return _in_use[0] if _in_use else None


def _forget() -> None:
    global _in_use
    _in_use = None
    from pyspark.sql.connect.session import SparkSession as ConnectSession

    ConnectSession._default_session = None
    ConnectSession._active_session.session = None


def serves(session: SparkSession) -> bool:
    """Whether the embedded engine computes for *session*."""
    return _in_use is not None and session is _in_use[0]


def has_ended() -> bool:
    """Whether the engine was killed; a call that fails for that reason has waited for its end."""
    return _in_use is not None and _in_use[1].has_ended()


def stop(session: SparkSession) -> None:
    """Ends *session* and its engine."""
    global _in_use
    _in_use = None
    session.stop()
    embedded.stop()


def kill() -> None:
    """Ends the engine immediately, even if busy."""
    if _in_use:
        _in_use[1].kill()
