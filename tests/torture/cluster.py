"""A Spark cluster of two workers on two addresses of this machine: Spark repeats a slow task only on another host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from tests.cluster.conftest import _java, _said

_START: Final = "org.apache.spark.deploy.{0}.{1}"
_HOSTS: Final = ("127.0.0.1", "127.0.0.2")


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """The master's URL; each worker has one core."""
    folder.mkdir(exist_ok=True)
    with ExitStack() as running:
        log = running.enter_context(_process(folder, "master", "Master", _HOSTS[0]))
        url = _said(log, r"Starting Spark master at (\S+)")
        for host in _HOSTS:
            worker = _process(folder, "worker", "Worker", host, "-c", "1", "-m", "1g", url)
            _said(running.enter_context(worker), "Successfully registered with master")
        yield url


def _process(folder: Path, kind: str, name: str, host: str, *arguments: str):  # type: ignore[no-untyped-def]
    listen = ("--host", host, "--port", "0", "--webui-port", "0")
    return _java(folder / f"{kind} {host}", _START.format(kind, name), *listen, *arguments)
