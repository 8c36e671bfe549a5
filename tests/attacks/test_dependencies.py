"""Installed packages are the locked ones, byte for byte; and known vulnerabilities are audited."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def locked() -> list[str]:
    """The packages of uv.lock, each as its section."""
    return re.split(r"^\[\[package\]\]\n", (ROOT / "uv.lock").read_text(), flags=re.M)[1:]


def test_every_locked_package_has_the_hash_of_every_file() -> None:
    """A registry cannot send another file for the same version."""
    found = [section for section in locked() if "source = { editable" not in section]

    assert len(found) > 50
    for section in found:
        files = re.findall(r"\{ url = .*\}", section)
        assert files, section.splitlines()[0]
        assert [file for file in files if not re.search(r'hash = "sha256:[0-9a-f]{64}"', file)] == []


def test_every_locked_package_comes_from_the_package_index() -> None:
    """Not from a folder, a URL or a repository."""
    sources = {
        source for section in locked() for source in re.findall(r"^source = \{ (\w+) =", section, flags=re.M)
    }

    assert sources <= {"registry", "editable"}


@pytest.mark.slow
def test_no_dependency_has_a_known_vulnerability() -> None:
    """According to public advisories; visibly skipped if they are unreachable."""
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("no uv here to ask with")
    command = [uv, "audit", "--frozen", "--preview-features", "audit"]
    hurried = {**os.environ, "UV_HTTP_TIMEOUT": "10", "UV_HTTP_RETRIES": "0"}
    audit = subprocess.run(command, capture_output=True, text=True, env=hurried, cwd=ROOT, timeout=120)
    if "error sending request" in audit.stderr or "unrecognized subcommand" in audit.stderr:
        pytest.skip(f"the advisories cannot be reached: {' '.join(audit.stderr.split())[:120]}")

    assert audit.returncode == 0, audit.stdout + audit.stderr
