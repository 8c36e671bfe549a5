"""From a Unix socket, which only its owner can open, to the locked port of the engine."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from threading import Thread
from typing import Final

from customer360.spark.locked_port import SourcePorts

SOCKET: Final = "s"
_BUFFER: Final = 256 << 10


def relay(path: str, address: tuple[str, int], ports: SourcePorts) -> None:
    """Listens at *path* from now on, and connects what comes there to *address*, in threads of its own."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(path)
    os.chmod(path, 0o600)  # noqa: PTH101
    listening.listen()
    Thread(target=_accept, args=(listening, address, ports), daemon=True).start()


def _accept(listening: socket.socket, address: tuple[str, int], ports: SourcePorts) -> None:
    while True:
        client, _ = listening.accept()
        Thread(target=_serve, args=(client, address, ports), daemon=True).start()


def _serve(client: socket.socket, address: tuple[str, int], ports: SourcePorts) -> None:
    with client, suppress(OSError), ports.connected(address) as engine:
        back = Thread(target=_pump, args=(engine, client), daemon=True)
        back.start()
        _pump(client, engine)
        back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Everything from *source* to *sink*; then both know that no more will come."""
    buffer = memoryview(bytearray(_BUFFER))
    with suppress(OSError):
        while count := source.recv_into(buffer):
            sink.sendall(buffer[:count])
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
