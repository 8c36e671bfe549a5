"""The line for a user of the dashboard."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path

from customer360.web.credentials import User, configured


def test_a_password_becomes_the_users_line(tmp_path: Path) -> None:
    """Asked twice, on stderr, so that stdout can go to the file."""
    code = "from customer360.commands.cli import main; main()"

    def password(typed: str, *options: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "ignore", "-c", code, "password", "ada", *options]
        # Without a terminal, the command reads the password from stdin.
        return subprocess.run(command, input=typed, capture_output=True, text=True, start_new_session=True)

    made = password("correct horse battery\n" * 2)
    short = password("hunter2\n" * 2)
    of_people = password("correct horse battery\n" * 2, "--people")

    users = tmp_path / "users.txt"
    users.touch(mode=0o600)
    users.write_text(made.stdout)
    credentials = configured(None, users)
    assert credentials
    right = b"Basic " + base64.b64encode(b"ada:correct horse battery")
    assert credentials.accept(right) == User("ada", sees_people=False)
    users.write_text(of_people.stdout)
    assert credentials.renewed().accept(right) == User("ada", sees_people=True)
    assert (short.returncode, short.stdout) == (1, "")
    assert "the password has 7 characters, but needs 12 or more" in short.stderr
