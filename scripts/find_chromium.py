"""
Prints the path of a Chromium for the tests: `python scripts/find_chromium.py`.

With `--fetch` it downloads one if there is none. It checks the variable CHROMIUM, PATH, and .chromium/, where an
earlier `--fetch` has put one, and prints a path only if that browser starts. If none does, stderr has a line for
each attempt.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

FOLDER = Path(__file__).parents[1] / ".chromium"
NAMES = ("chromium-headless-shell", "chromium", "google-chrome", "chromium-browser", "chrome")
APT_PACKAGE = NAMES[0]
NPM_PACKAGE = "@sparticuz/chromium"
SECONDS_TO_START = 30
SECONDS_TO_FETCH = 600
UNPACK = 'process.stdin.pipe(require("zlib").createBrotliDecompress()).pipe(process.stdout)'
FONTS = '<fontconfig><dir>/usr/share/fonts</dir><dir prefix="relative">fonts</dir></fontconfig>'
Way = Callable[[Path], Iterable[str]]  # from our own folder to programs that may be a Chromium


class ChromiumError(Exception):
    """Why an attempt found no Chromium."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.strip().partition("\n")[0])
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER, help="where to install a downloaded one")
    parser.add_argument("--fetch", action="store_true", help="download one if there is none")
    given = parser.parse_args()
    fetching = (from_apt, from_npm, from_playwright) if given.fetch else ()
    found, reasons = find([named, on_path, fetched, *fetching], given.folder.absolute())
    if not found:
        advice = [] if given.fetch else ["fetch one with: python scripts/find_chromium.py --fetch"]
        sys.exit("\n".join(["no Chromium starts:", *reasons, *advice]))
    print(found)  # noqa: T201


def find(ways: Sequence[Way], folder: Path) -> tuple[str | None, list[str]]:
    """The first program of *ways* that starts, and why the earlier ones do not."""
    reasons: list[str] = []
    for way in ways:
        try:
            for program in way(folder):
                if starts(program):
                    return program, reasons
                reasons.append(f"  {program} does not start")
        except (ChromiumError, OSError, subprocess.SubprocessError, tarfile.TarError) as reason:  # noqa: PERF203
            reasons.append(f"  {reason}")
    return None, reasons


def starts(program: str) -> bool:
    try:
        return bool(run([program, "--version"], SECONDS_TO_START))
    except ChromiumError:
        return False


# -- looking ----------------------------------------------------------------------------------------------


def named(_: Path) -> Iterator[str]:
    if not (program := os.environ.get("CHROMIUM")):
        raise ChromiumError("CHROMIUM is not set")
    yield program


def on_path(_: Path) -> Iterator[str]:
    programs = [program for name in NAMES if (program := shutil.which(name))]
    if not programs:
        raise ChromiumError(f"PATH has none of {', '.join(NAMES)}")
    yield from programs


def fetched(folder: Path) -> Iterator[str]:
    if not (program := folder / "chromium").exists():
        raise ChromiumError(f"{program} does not exist")
    yield str(program)


# -- fetching ---------------------------------------------------------------------------------------------


def from_apt(folder: Path) -> Iterator[str]:
    if not hasattr(os, "geteuid") or os.geteuid() or not shutil.which("apt-get"):
        raise ChromiumError("apt-get is not available: it requires root")
    try:
        run(["apt-cache", "show", APT_PACKAGE])
    except ChromiumError:
        run(["apt-get", "update"])
    run(["apt-get", "install", "--yes", "--no-install-recommends", APT_PACKAGE])
    yield from on_path(folder)


def from_npm(folder: Path) -> Iterator[str]:
    """A Chromium for servers without the usual libraries and fonts, which it includes."""
    for program in ("npm", "node"):
        if not shutil.which(program):
            raise ChromiumError(f"{program} is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    packed = folder / run(["npm", "pack", NPM_PACKAGE, "--silent", "--pack-destination", str(folder)]).split()[-1]
    unpack(packed, folder)
    packed.unlink()
    for archive in sorted((folder / "package" / "bin").glob("*.br")):
        unbrotli(archive, folder / archive.stem)
    for archive in sorted(folder.glob("*.tar")):
        unpack(archive, folder)
        archive.unlink()
    shutil.rmtree(folder / "package")
    (folder / "chromium").replace(folder / "browser")
    fonts = folder / "fonts.conf"
    fonts.write_text(FONTS)
    yield wrapper(folder, folder / "browser", LD_LIBRARY_PATH=folder / "lib", FONTCONFIG_FILE=fonts)


def from_playwright(folder: Path) -> Iterator[str]:
    shell = "chromium-headless-shell"
    run([sys.executable, "-m", "playwright", "install", shell], PLAYWRIGHT_BROWSERS_PATH=str(folder))
    for name in ("chrome-headless-shell", "headless_shell"):
        for program in folder.glob(f"chromium_headless_shell-*/*/{name}"):
            yield wrapper(folder, program)
            return
    raise ChromiumError(f"playwright install {shell} left no browser in {folder}")


def wrapper(folder: Path, browser: Path, **environment: Path) -> str:
    """A script that starts *browser* with *environment*; `fetched` finds it next time."""
    browser.chmod(0o755)
    script = folder / "chromium"
    exports = "".join(f"export {name}={shlex.quote(str(path))}\n" for name, path in environment.items())
    script.write_text(f'#!/bin/sh\n{exports}exec {shlex.quote(str(browser))} "$@"\n')
    script.chmod(0o755)
    return str(script)


def unpack(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as members:
        members.extractall(folder, filter="data")


def unbrotli(archive: Path, target: Path) -> None:  # with node, since Python has no Brotli of its own
    with archive.open("rb") as source, target.open("wb") as sink:
        subprocess.run(["node", "-e", UNPACK], stdin=source, stdout=sink, check=True)  # noqa: S603, S607


def run(command: list[str], seconds: int = SECONDS_TO_FETCH, **environment: str) -> str:
    """The output of *command*. Raises: ChromiumError with the first line of its error when it fails."""
    given = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", **environment}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, env=given, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ChromiumError(f"{shlex.join(command)}: {error}") from None
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()
        raise ChromiumError(f"{shlex.join(command)}: {words[0]}")
    return done.stdout


if __name__ == "__main__":
    main()
