"""The commands in their own process, as a person or a script starts them."""

from __future__ import annotations

import os
import subprocess
import sys


def customer360(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    code = "from customer360.commands.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, env={**os.environ, **environment}
    )
