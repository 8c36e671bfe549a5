"""
A server that listens on a TCP port, which only the process that it runs in can reach.

Sail listens on a port of 127.0.0.1 and authenticates nobody. Here the server gets a few connections from its own
process, and then its port is closed. Two properties of Linux keep everybody else out meanwhile: a full queue of
connections takes no more, and a process that can open no file accepts none.
"""

from __future__ import annotations

import fcntl
import os
import re
import resource
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

CONNECTIONS: Final = 8
_SECONDS: Final = 2
_TABLE: Final = Path("/proc/self/net/tcp")


class IntruderError(Exception):
    """Somebody else's connection was among the first ones; it was not answered."""


def start_locked(listen: Callable[[], tuple[str, int]], decoy: str) -> list[socket.socket]:
    """
    Connections to what *listen* starts, and nobody else has or gets any: its port is closed then.

    *listen* opens one socket, listens on it and returns its address. A socket at the path *decoy*, where nobody
    asks, takes its place, for the server goes on to wait. Raises: IntruderError when somebody else has connected;
    this process must end, and accepts nothing until it does.
    """
    own = [socket.socket() for _ in range(CONNECTIONS)]
    nobody = socket.socket(socket.AF_UNIX)
    nobody.bind(decoy)
    nobody.listen()
    nobody.setblocking(False)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with _TABLE.open("rb", buffering=0) as table, nobody:
        try:
            listening = _files_below(1) - 1
            _allow_files(1)
            address = listen()
            _fill_queue(listening, address, own)
            _require_alone(table, address, own)
            _allow_files(CONNECTIONS)
            _wait_for_answers(own)
            os.dup2(nobody.fileno(), listening)
            _require_alone(table, address, own)
        except BaseException:
            # A file that is closed while this error travels would make room for a connection that waits.
            resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))
            raise
    resource.setrlimit(resource.RLIMIT_NOFILE, before)
    return own


def _allow_files(count: int) -> None:
    """From now on this process can open *count* more files, until it is allowed others."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (_files_below(count), hard))


def _files_below(free: int) -> int:
    """The limit below which exactly *free* numbers of files are not in use."""
    number = 0
    while free:
        free -= not _is_open(number)
        number += 1
    return number


def _is_open(file: int) -> bool:
    try:
        fcntl.fcntl(file, fcntl.F_GETFD)
    except OSError:
        return False
    return True


def _fill_queue(listening: int, address: tuple[str, int], own: Sequence[socket.socket]) -> None:
    """Fills the queue of the socket with *own*; Linux admits one connection more than the backlog says."""
    server = socket.socket(fileno=listening)
    server.listen(len(own) - 1)
    server.detach()
    for connection in own:
        connection.settimeout(_SECONDS)
        with suppress(TimeoutError):  # somebody else is in the queue, and is found there
            connection.connect(address)


def _require_alone(table: IO[bytes], address: tuple[str, int], own: Sequence[socket.socket]) -> None:
    """Raises: IntruderError when the server has connections, accepted or waiting, other than *own*."""
    ours = {connection.getsockname()[1] for connection in own}
    if _connected(table, address[1]) != ours:
        raise IntruderError


def _connected(table: IO[bytes], port: int) -> set[int]:
    """The source ports of all connections to *port* of this machine."""
    table.seek(0)
    rows = b"".join(iter(lambda: table.read(1 << 16), b"")).decode()
    found = re.findall(rf"^\s*\d+: \w+:{port:04X} \w+:(\w{{4}}) (?!0A|06)", rows, re.MULTILINE)
    return {int(source, 16) for source in found}


def _wait_for_answers(own: Sequence[socket.socket]) -> None:
    """A server greets what it has accepted. Raises: IntruderError when it has accepted something else."""
    try:
        for connection in own:
            connection.recv(1, socket.MSG_PEEK)
            connection.settimeout(None)
    except TimeoutError:
        raise IntruderError from None
