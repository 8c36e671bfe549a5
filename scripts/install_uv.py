"""
Installs uv into a folder: `python3 scripts/install_uv.py .uv`.

For a machine with nothing but Python: with pip if available, else (Debian and Ubuntu ship Python without it) by
unpacking the wheel from the package index. Only the standard library is used.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

INDEX = os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("PIP_INDEX_URL") or "https://pypi.org/simple"


def main(folder: Path) -> None:
    if not with_pip(folder):
        with_wheel(folder)
    print(f"installed {subprocess.check_output([folder / 'bin' / 'uv', '--version'], text=True).strip()}")  # noqa: S603, T201


def with_pip(folder: Path) -> bool:
    """pip can install into a folder even if the system's Python is marked as externally managed."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-warn-script-location",
               "--disable-pip-version-check", "--target", str(folder), "uv"]  # fmt: skip
    try:
        return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0  # noqa: S603
    except OSError:
        return False


def with_wheel(folder: Path) -> None:
    url, digest = newest_wheel()
    wheel = folder / "uv.whl"
    folder.mkdir(parents=True, exist_ok=True)
    urllib.request.urlretrieve(url, wheel)  # noqa: S310  an https index, and the digest is checked
    if digest and hashlib.sha256(wheel.read_bytes()).hexdigest() != digest:
        sys.exit("the wheel of uv does not have the digest that the index says; try again")
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith("/scripts/uv"):
                program = folder / "bin" / "uv"
                program.parent.mkdir(exist_ok=True)
                program.write_bytes(archive.read(name))
                program.chmod(0o755)
    wheel.unlink()


def newest_wheel() -> tuple[str, str | None]:
    """The address and SHA-256 of the newest wheel for this machine (glibc Linux or macOS)."""
    request = urllib.request.Request(f"{INDEX}/uv/", headers={"Accept": "application/vnd.pypi.simple.v1+json"})  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        files = json.load(answer)["files"]
    machine = {"arm64": "aarch64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    system = "manylinux" if sys.platform == "linux" else "macosx"
    names = (machine, "arm64") if sys.platform == "darwin" else (machine,)
    wheels = [f for f in files if system in f["filename"] and any(name in f["filename"] for name in names)]
    if not wheels:
        sys.exit(f"{INDEX} has no uv for {sys.platform} on {machine}; install uv yourself and run make again")
    newest = max(wheels, key=lambda wheel: version(wheel["filename"]))
    return newest["url"], newest.get("hashes", {}).get("sha256")


def version(wheel: str) -> list[int]:
    """`uv-0.13.9-py3-none-...` -> [0, 13, 9]"""
    return [int(part) for part in wheel.split("-")[1].split(".") if part.isdigit()]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
