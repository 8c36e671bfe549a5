"""
A TCP port on which one process listens and answers nobody but itself.

Sail listens on a port of 127.0.0.1 and authenticates nobody. Linux lets a process attach a filter to its listening
socket (classic BPF, which needs no privileges): this one admits only connections from source ports that the
process has bound itself, which no other process can use. It is in place before a connection can be accepted.
"""

from __future__ import annotations

import ctypes
import os
import random
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Final

ADDRESS: Final = "127.0.0.1"
_CONNECTIONS: Final = 8
_EPHEMERAL: Final = range(32_768, 61_000)
_SO_ATTACH_FILTER: Final = 26
_SO_LOCK_FILTER: Final = 44
_WAITING: Final = 24  # in Linux's struct tcp_info of a listening socket: the connections not accepted yet
_SETTLE_SECONDS: Final = 0.005


INTRUDED: Final = 75
"""The exit code of an engine that ended because of an `IntruderError`."""


class IntruderError(Exception):
    """Another program connected before the port was locked; it was not answered."""


def works() -> bool:
    """Whether this system can lock a port; tried with one that is closed again."""
    if sys.platform != "linux":
        return False
    with socket.create_server((ADDRESS, 0)) as listening:
        try:
            _attach(listening, _admitting([]))
        except OSError:  # a sandbox that has no such filter
            return False
    return True


class SourcePorts:
    """Sockets with source ports that stay bound, hence ours, from connection to connection."""

    def __init__(self, count: int = _CONNECTIONS) -> None:
        self._free: SimpleQueue[socket.socket] = SimpleQueue()
        sockets = [_bound() for _ in range(count)]
        self.numbers = [each.getsockname()[1] for each in sockets]
        for each in sockets:
            self._free.put(each)

    @contextmanager
    def connected(self, address: tuple[str, int]) -> Iterator[socket.socket]:
        """A connection to *address*, once one of the source ports is free."""
        own = self._free.get()
        try:
            own.connect(address)
            own.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            yield own
        finally:
            _disconnect(own)
            self._free.put(own)


def _bound() -> socket.socket:
    """Bound to a port chosen here: one that the system chose would be given up with the first connection."""
    while True:
        own = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            own.bind((ADDRESS, random.choice(_EPHEMERAL)))  # noqa: S311  which one is no secret
        except OSError:
            own.close()
        else:
            return own


def _disconnect(own: socket.socket) -> None:
    """Ends the connection and keeps the port: connecting to "no address" does that, closing would not."""
    nowhere = struct.pack("=H14x", socket.AF_UNSPEC)
    ctypes.CDLL(None, use_errno=True).connect(own.fileno(), nowhere, len(nowhere))


def start_locked(listen: Callable[[], object], admitted: Sequence[int]) -> None:
    """
    Calls *listen*, which opens one socket and listens on it, and locks that socket to the source ports *admitted*.

    Until the lock is in place this process can open no other file, so it cannot accept a connection. Raises:
    IntruderError when one is waiting by then; this process must end, and cannot accept it until it does.
    """
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    next_file = os.dup(sys.stdin.fileno())
    os.close(next_file)
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_file + 1, before[1]))
    listen()
    _lock(next_file, admitted)
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def _lock(file: int, admitted: Sequence[int]) -> None:
    listening = socket.socket(fileno=file)
    try:
        _attach(listening, _admitting(admitted))
        time.sleep(_SETTLE_SECONDS)  # what another core was just handling
        (waiting,) = struct.unpack_from(
            "=I", listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104), _WAITING
        )
        if waiting:
            raise IntruderError
    finally:
        listening.detach()  # it is Sail's


def _attach(listening: socket.socket, instructions: Sequence[bytes]) -> None:
    program = ctypes.create_string_buffer(b"".join(instructions))
    pointer = struct.pack("HP", len(instructions), ctypes.addressof(program))
    listening.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, pointer)
    listening.setsockopt(socket.SOL_SOCKET, _SO_LOCK_FILTER, 1)


def _admitting(ports: Sequence[int]) -> list[bytes]:
    """Source address, then source port, against what is ours; anything else is dropped without an answer."""
    source_address, count = -0x100000 + 12, len(ports)
    loopback = int.from_bytes(socket.inet_aton(ADDRESS), "big")
    return [
        _instruction(0x20, k=source_address),
        _instruction(0x15, no=count + 1, k=loopback),
        _instruction(0x28, k=0),
        *(_instruction(0x15, yes=count - place, k=port) for place, port in enumerate(ports)),
        _instruction(0x06, k=0),
        _instruction(0x06, k=0xFFFFFFFF),
    ]


def _instruction(code: int, *, yes: int = 0, no: int = 0, k: int) -> bytes:
    return struct.pack("HBBI", code, yes, no, k & 0xFFFFFFFF)
