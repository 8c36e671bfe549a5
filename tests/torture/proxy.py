"""A connection to the server that can be cut: a TCP proxy that resets every connection on request."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from psycopg.conninfo import make_conninfo

from customer360.postgres.connection import Database

_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER of zero: closing sends a reset, like a broken network."""


class Proxy:
    """Forwards bytes until *bytes_left* have gone to the server; then cuts every connection, once."""

    def __init__(self, database: Database) -> None:
        parts = database.parts
        self._server = (parts["host"], int(parts["port"]))
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.database = Database(make_conninfo(database.url, host="127.0.0.1", port=port))
        self.cuts = 0
        self._bytes_left: int | None = None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def cut_after(self, count: int) -> None:
        """Cuts after the next *count* bytes to the server."""
        self._bytes_left = count

    def cut(self) -> bool:
        """Resets every connection; False when there is none."""
        with self._lock:
            ends, self._open = self._open, set()
            self._bytes_left = None
        for end in ends:
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                end.shutdown(socket.SHUT_RD)  # wakes the thread that waits for its bytes, which closes it
        self.cuts += bool(ends)
        return bool(ends)

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _connect(self, client: socket.socket) -> None:
        """Forwards both ways until both have ended."""
        with client:
            try:
                server = socket.create_connection(self._server)
            except OSError:
                return
            with server:
                with self._lock:
                    self._open |= {client, server}
                back = threading.Thread(target=self._pass_on, args=(server, client, False), daemon=True)
                back.start()
                self._pass_on(client, server, True)
                back.join()
                with self._lock:
                    self._open -= {client, server}

    def _pass_on(self, source: socket.socket, target: socket.socket, to_server: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                target.sendall(data)
                if to_server:
                    self._count(len(data))
        if target in self._open:
            with suppress(OSError):
                target.shutdown(socket.SHUT_WR)

    def _count(self, count: int) -> None:
        if self._bytes_left is not None:
            self._bytes_left -= count
            if self._bytes_left < 0:
                self.cut()


@contextmanager
def proxy(database: Database) -> Iterator[Proxy]:
    made = Proxy(database)
    thread = threading.Thread(target=made.serve, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.close()
