"""Temporary folders: kept while their process lives, and removed after it was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from customer360 import temporary
from customer360.errors import Customer360Error
from tests.torture.commands import CUSTOMER360
from tests.torture.faults import Ballast
from tests.torture.place import small_disk, write_file


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that contains all folders of this user."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path / f"customer360-{os.getuid()}"


def folders(root: Path) -> list[str]:
    return sorted(path.name for path in root.iterdir() if path.name != ".lock")


def other_process(tmp_path: Path) -> subprocess.Popen[str]:
    """A process that has a folder with a file in it."""
    code = (
        "from customer360 import temporary\n"
        "with temporary.folder('test') as path:\n"
        "    (path / 'rows').write_text('rows')\n"
        "    print(path.name, flush=True)\n"
        "    input()\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_folder_goes_with_its_context(root: Path) -> None:
    """With its lock and all its content; only its user may enter."""
    with temporary.folder("test") as path:
        (path / "rows").write_text("rows")
        assert path.parent == root
        assert root.stat().st_mode & 0o777 == 0o700

    assert folders(root) == []


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path, root: Path) -> None:
    """Nothing else does: the system empties its temporary folder at the next start, if at all."""
    with other_process(tmp_path) as process:
        assert process.stdout
        left = process.stdout.readline().strip()
        process.send_signal(signal.SIGKILL)
    assert left in folders(root)

    with temporary.folder("test") as path:
        assert folders(root) == [path.name, f"{path.name}.lock"]


def test_what_a_killed_process_left_stays_while_a_child_of_it_lives(tmp_path: Path, root: Path) -> None:
    """A Java process whose Python was killed while starting it waits forever when its folder is gone."""
    with other_process(tmp_path) as process:
        assert process.stdout
        left = process.stdout.readline().strip()
        process.send_signal(signal.SIGKILL)
    environment = {**os.environ, "TOLD_BY": str(root / left / "port")}
    with subprocess.Popen(["sleep", "60"], env=environment) as child:
        with temporary.folder("test"):
            assert left in folders(root)
        child.kill()

    with temporary.folder("test") as path:
        assert folders(root) == [path.name, f"{path.name}.lock"]


@pytest.mark.slow
def test_what_a_process_could_not_remove_is_removed_by_the_next(tmp_path: Path, root: Path) -> None:
    """For instance while an engine that is being stopped still writes; here, a disk is mounted in the folder."""
    process = other_process(tmp_path)
    assert process.stdout is not None
    name = process.stdout.readline().strip()
    with small_disk(root / name / "disk", 1) as refusal:
        if refusal:
            process.kill()
            pytest.skip(refusal)
        process.communicate("\n")
        assert folders(root) == [name, f"{name}.lock"]

    with temporary.folder("test") as path:
        assert folders(root) == [path.name, f"{path.name}.lock"]


def test_the_folder_of_a_living_process_is_kept(tmp_path: Path, root: Path) -> None:
    """Several commands run at the same time."""
    with other_process(tmp_path) as process:
        assert process.stdin
        assert process.stdout
        alive = process.stdout.readline().strip()
        with temporary.folder("test"), temporary.folder("test"):
            assert (root / alive / "rows").read_text() == "rows"
            assert len(folders(root)) == 6
        process.stdin.write("\n")

    assert folders(root) == []


def test_a_folder_that_someone_else_prepared_is_refused(tmp_path: Path, root: Path) -> None:
    """A link there would put the rows where others can read them."""
    (tmp_path / "elsewhere").mkdir()
    root.symlink_to(tmp_path / "elsewhere")

    with (
        pytest.raises(Customer360Error, match="belongs to someone else; set TMPDIR"),
        temporary.folder("test"),
    ):
        pass


def test_a_full_folder_is_one_line(tmp_path: Path) -> None:
    """Rows are written to it before they are loaded; the database has not been changed yet."""
    write_file("A", tmp_path / "members.csv")
    with small_disk(tmp_path / "small", 1) as refusal:
        if refusal:
            pytest.skip(refusal)
        Ballast(tmp_path / "small").leave(100_000)
        run = subprocess.run(
            [CUSTOMER360, "load", "members.csv", "--dry-run"],
            env={**os.environ, "TMPDIR": str(tmp_path / "small")},
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    assert run.returncode == 1
    assert run.stderr.startswith("customer360: no space is left in ")
    assert "set TMPDIR" in run.stderr
    assert run.stderr.count("\n") == 1
