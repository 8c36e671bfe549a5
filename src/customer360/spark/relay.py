"""Relays from a Unix socket, which only its owner can open, to the engine's own connections to its server."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from threading import Thread
from typing import Final

SOCKET: Final = "s"
_BUFFER: Final = 256 << 10


def relay(path: str, connections: Sequence[socket.socket]) -> None:
    """Listens at *path*; each client gets one of *connections*, until none is left."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(path)
    os.chmod(path, 0o600)  # noqa: PTH101
    listening.listen()
    Thread(target=_accept, args=(listening, connections), daemon=True).start()


def _accept(listening: socket.socket, connections: Sequence[socket.socket]) -> None:
    for connection in connections:
        client, _ = listening.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for source, sink in ((client, connection), (connection, client)):
            Thread(target=_pump, args=(source, sink), daemon=True).start()
    listening.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Copies everything from *source* to *sink*, then shuts both down."""
    buffer = memoryview(bytearray(_BUFFER))
    with suppress(OSError):
        while count := source.recv_into(buffer):
            sink.sendall(buffer[:count])
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
