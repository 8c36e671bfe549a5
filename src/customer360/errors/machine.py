"""Failures of the machine: files, disks, memory, threads, child processes."""

from __future__ import annotations

import errno
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from customer360.errors.spark import Raised

_OWN_FOLDER: Final = "Check who owns it, or use a folder of your own."
_MORE_MEMORY: Final = (
    "Give this process more memory (the container's limit, ulimit -v), close other programs, or run fewer tasks "
    "at once: --master 'local[1]'."
)
_MORE_THREADS: Final = (
    "Raise the limits of this process: memory (ulimit -v), processes (ulimit -u), or the container's memory and "
    "pids."
)
_WAYS: Final[Mapping[int, str]] = {
    errno.EACCES: _OWN_FOLDER,
    errno.EPERM: _OWN_FOLDER,
    errno.EAGAIN: _MORE_THREADS,
    errno.ECONNREFUSED: "Check that the server runs, and its host and port.",
    errno.ECONNRESET: "Check that the server runs, then run the same command again.",
    errno.EDQUOT: "Free space within your quota, then run the same command again.",
    errno.EEXIST: "Move it, or use another name.",
    errno.EFBIG: "Raise the limit on the size of a file: ulimit -f.",
    errno.EIO: "Check the disk.",
    errno.EISDIR: "Name a file, not a folder.",
    errno.ELOOP: "Check the symbolic links on the way to it.",
    errno.EMFILE: "Raise the limit on open files: ulimit -n.",
    errno.ENAMETOOLONG: "Use a shorter name.",
    errno.ENFILE: "Close other programs: the machine has too many open files.",
    errno.ENOENT: "Check the path.",
    errno.ENOMEM: _MORE_MEMORY,
    errno.ENOSPC: "Free space on that disk, or set TMPDIR or CUSTOMER360_HOME to a folder with more.",
    errno.ENOTDIR: "Check the path.",
    errno.EPIPE: "The program that read the output has ended.",
    errno.EROFS: "That disk is read-only: use another folder.",
    errno.ETXTBSY: "End the program that uses it.",
}
_OTHERWISE: Final = "Check that file, disk or connection."
_NO_THREAD: Final = "can't start new thread"  # a RuntimeError, without a code


def line(error: BaseException) -> str | None:
    """The message for a failure of the machine; None when *error* is something else."""
    if isinstance(error, OSError):
        return _of_files(error)
    if isinstance(error, MemoryError):
        return _out_of_memory(str(error))
    if isinstance(error, (subprocess.CalledProcessError, subprocess.TimeoutExpired)):
        return _of_program(error)
    if _is_duckdbs(error, "OutOfMemoryException"):
        return _out_of_memory(str(error).partition("\n")[0])
    if _is_duckdbs(error, "IOException"):
        return _refused(None, str(error).partition("\n")[0])
    return line_of_words(type(error).__name__, str(error))


def _is_duckdbs(error: BaseException, name: str) -> bool:
    return type(error).__name__ == name and "duckdb" in type(error).__module__


def line_of_text(raised: Raised) -> str | None:
    """The same for an error of a Python worker, which arrives as text."""
    if raised.name == "MemoryError":
        return _out_of_memory(raised.text)
    if match := re.match(r"\[Errno (\d+)\] (.*)", raised.text):
        return _refused(int(match[1]), match[2])
    return line_of_words(raised.name, raised.text)


def line_of_words(name: str, text: str) -> str | None:
    """Failures that have no code."""
    if name == "RuntimeError" and _NO_THREAD in text:
        return f"this process cannot start more threads. {_MORE_THREADS}"
    if name == "ImportError" and re.search(r"\.(?:so|dll|dylib|pyd)\b", text):
        return f"a library cannot be loaded: {text}. {_MORE_MEMORY}"
    return None


def _of_files(error: OSError) -> str:
    names = [str(name) for name in (error.filename, error.filename2) if name is not None]
    words = error.strerror or str(error) or type(error).__name__
    return _refused(error.errno, ": ".join([words, *names[:1]]))


def _refused(number: int | None, words: str) -> str:
    way = _WAYS.get(number, _OTHERWISE) if number else _OTHERWISE
    return f"the machine refused: {words}. {way}"


def _out_of_memory(words: str) -> str:
    more = f" ({words})" if words else ""
    return f"this process ran out of memory{more}; published data is intact. {_MORE_MEMORY}"


def _of_program(error: subprocess.CalledProcessError | subprocess.TimeoutExpired) -> str:
    command = error.cmd if isinstance(error.cmd, str) else str(next(iter(error.cmd), ""))
    said = error.stderr or error.output or b""
    text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    last = next(reversed([part.strip() for part in text.splitlines() if part.strip()]), "")
    how = f"ended with {error.returncode}" if isinstance(error, subprocess.CalledProcessError) else "did not end"
    return f"{Path(command).name} {how}{f': {last}' if last else ''}. {_OTHERWISE}"
