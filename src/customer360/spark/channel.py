"""PySpark's connection to the embedded engine, which may have ended, or be blocked while Python tasks run."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Final

import grpc
from pyspark.sql.connect.client import ChannelBuilder
from pyspark.sql.connect.client.retries import DefaultPolicy, RetryPolicy

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

    from customer360.spark.embedded import Engine

_SECONDS: Final = 2
_CLEANING: Final = ("Interrupt", "ReleaseExecute", "ReleaseSession")
_UNLIMITED: Final = -1
_OPTIONS: Final = {
    "grpc.max_send_message_length": _UNLIMITED,
    "grpc.max_receive_message_length": _UNLIMITED,
    "grpc.client_idle_timeout_ms": 2**31 - 1,
    "grpc.default_authority": "localhost",  # Sail refuses the path of a socket
    "grpc.enable_http_proxy": 0,
}


class EngineChannel(ChannelBuilder):
    """One connection to *target*, kept open regardless of idle time."""

    host = "embedded"

    def __init__(self, target: str) -> None:
        super().__init__(channelOptions=list(_OPTIONS.items()))
        self._target = target
        self.add_interceptor(_Brief())

    def toChannel(self) -> Any:  # noqa: N802  PySpark's name
        return self._insecure_channel(self._target)


class _Brief(grpc.UnaryUnaryClientInterceptor):  # type: ignore[misc]
    """Limits calls that clean up to two seconds: Python waits for them when it exits."""

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        if details.method.endswith(_CLEANING):
            details = details._replace(timeout=_SECONDS)
        return continuation(details, request)


def while_it_runs(engine: Engine) -> RetryPolicy:
    """Retries until *engine* has ended; PySpark would retry for ten minutes."""

    class WhileItRuns(DefaultPolicy):
        def can_retry(self, e: BaseException) -> bool:
            return super().can_retry(e) and not engine.has_ended(_SECONDS)

    return WhileItRuns()


def interrupt_or(kill: Callable[[], None], session: SparkSession) -> Callable[[str], list[str]]:
    """
    Interrupts an operation, and *kill*s the engine if it does not answer.

    Ctrl-C may come while gRPC holds a lock that is then never released: a new connection replaces the old one.
    A Python task cannot be interrupted, and such tasks may occupy all threads of the engine.
    """
    client: Any = session.client
    interrupt = client.interrupt_operation

    def ask(operation: str, answered: Event) -> None:
        with suppress(Exception):
            interrupt(operation)
            session.sql("SELECT 1").collect()
            answered.set()

    def answers(operation: str) -> bool:
        answered = Event()
        Thread(target=ask, args=(operation, answered), daemon=True).start()
        return answered.wait(_SECONDS)

    def interrupted(operation: str) -> list[str]:
        if not answers(operation):
            _reconnect(client)
            if not answers(operation):
                kill()
        return [operation]

    return interrupted


def _reconnect(client: Any) -> None:
    from pyspark.sql.connect.proto.base_pb2_grpc import SparkConnectServiceStub

    client._channel = client._builder.toChannel()
    client._stub = SparkConnectServiceStub(client._channel)  # type: ignore[no-untyped-call]
