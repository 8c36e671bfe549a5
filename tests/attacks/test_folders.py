"""Private files stay private, and files that are not ours are never overwritten, by any path."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from customer360.errors import Customer360Error
from customer360.postgres.embedded import EmbeddedPostgres
from customer360.power_bi.project import build
from tests.attacks.command_line import contents


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_nobody_else_reads_a_file_of_the_server(embedded: EmbeddedPostgres) -> None:
    """Passwords, data, logs and locks; only programs, which are public, may be readable."""
    open_to_others = {
        path.relative_to(embedded.home)
        for path in embedded.home.rglob("*")
        if not path.relative_to(embedded.home).parts[0].startswith("programs-")
        and stat.S_IMODE(path.lstat().st_mode) & 0o077
    }

    assert open_to_others == set()


def test_a_linked_folder_is_not_replaced(tmp_path: Path) -> None:
    """A link could point to anything."""
    precious = tmp_path / "precious"
    build(precious)
    (tmp_path / "link").symlink_to(precious, target_is_directory=True)
    before = contents(precious)

    with pytest.raises(Customer360Error, match="is not a folder; name one that"):
        build(tmp_path / "link", overwrite=True)

    assert contents(precious) == before


def test_nothing_is_written_through_a_link_inside_the_folder(tmp_path: Path) -> None:
    """Every file is written to a new folder next to the old one, which is then removed as a whole."""
    built, precious = tmp_path / "project", tmp_path / "precious.txt"
    build(built)
    precious.write_text("precious")
    linked = next(path for path in built.rglob("*.tmdl"))
    linked.unlink()
    linked.symlink_to(precious)

    build(built, overwrite=True)

    assert precious.read_text() == "precious"
    assert not linked.is_symlink()


@pytest.mark.parametrize("folder", ["", ".", "/", "..", "a/../..", "/etc", "/proc/self"])
def test_a_folder_with_other_files_is_never_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    """Not even with --overwrite."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    for place in (tmp_path, here):
        (place / "mine.txt").write_text("mine")

    with pytest.raises(Customer360Error):
        build(folder or here, overwrite=True)

    assert contents(tmp_path) == {"mine.txt": b"mine", "here/mine.txt": b"mine"}
