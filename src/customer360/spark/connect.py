"""Sessions of a Spark Connect server, which runs elsewhere."""

from __future__ import annotations

from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from customer360.errors import Invalid, Unavailable
from customer360.spark.client import import_client, not_started, quieten
from customer360.spark.installed import require_pyspark
from customer360.spark.workers import ship

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_ANSWER_SECONDS: Final = 10


def session(remote: str, app_name: str, settings: dict[str, str]) -> SparkSession:
    """A session of the server at *remote*; its workers are sent this package. Raises: Customer360Error."""
    require_pyspark()
    import_client()
    from pyspark.sql import SparkSession

    _require_server(remote)
    try:
        started: SparkSession = (
            SparkSession.builder.remote(remote).appName(app_name).config(map=settings).getOrCreate()  # type: ignore[arg-type]
        )
    except Exception as error:
        raise not_started(f"Spark did not start at {shown(remote)}", error) from error
    quieten()
    ship(started)
    return started


def _require_server(remote: str) -> None:
    """Raises: Customer360Error when no server answers; PySpark would retry for a quarter of an hour."""
    from pyspark.sql.connect.client import DefaultChannelBuilder

    try:
        channel = DefaultChannelBuilder(remote).toChannel()
    except Exception as error:
        raise Invalid(f"invalid Spark Connect address {shown(remote)} ({error}); write sc://HOST:15002") from None
    try:
        if not _answers(channel):
            raise Unavailable(
                f"no Spark Connect server answers at {shown(remote)}; check that it runs, and its host and port"
            )
    finally:
        channel.close()


def shown(remote: str) -> str:
    """The address of a Spark Connect server without its parameters, which may include a token."""
    return remote.partition(";")[0].rstrip("/")


def _answers(channel: Any) -> bool:
    """Whether the other end of a gRPC channel speaks gRPC."""
    from grpc import ChannelConnectivity

    states: SimpleQueue[Any] = SimpleQueue()
    channel.subscribe(states.put, try_to_connect=True)
    with suppress(Empty):
        while (state := states.get(timeout=_ANSWER_SECONDS)) is not ChannelConnectivity.READY:
            if state is ChannelConnectivity.TRANSIENT_FAILURE:
                return False
        return True
    return False
