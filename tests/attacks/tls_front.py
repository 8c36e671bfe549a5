"""TLS in front of a PostgreSQL without TLS, as in managed databases and poolers."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
from collections.abc import Iterator
from threading import Thread

_SSL_REQUEST, _GSS_REQUEST = 80877103, 80877104


@contextlib.contextmanager
def tls_front(port: int, certificate: str, key: str) -> Iterator[tuple[int, list[str]]]:
    """
    A port whose connections are encrypted with *certificate* and forwarded to *port* of this machine.

    Also yields a list of the TLS versions of the connections so far.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    versions: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=_accept, args=[listener, context, port, versions], daemon=True).start()
        yield listener.getsockname()[1], versions
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, context: ssl.SSLContext, port: int, versions: list[str]) -> None:
    with contextlib.suppress(OSError):
        while True:
            client, _ = listener.accept()
            Thread(target=_serve, args=[client, context, port, versions], daemon=True).start()


def _serve(client: socket.socket, context: ssl.SSLContext, port: int, versions: list[str]) -> None:
    with client, contextlib.suppress(OSError):  # a client that does not trust the certificate leaves
        while (request := struct.unpack("!ii", client.recv(8))[1]) == _GSS_REQUEST:
            client.sendall(b"N")
        if request != _SSL_REQUEST:
            return
        client.sendall(b"S")
        with (
            context.wrap_socket(client, server_side=True) as secret,
            socket.create_connection(("127.0.0.1", port)) as server,
        ):
            versions.append(secret.version() or "")
            back = Thread(target=_pump, args=[server, secret], daemon=True)
            back.start()
            _pump(secret, server)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while content := source.recv(1 << 16):
            target.sendall(content)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
