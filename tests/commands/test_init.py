"""`customer360 init`: the files in the package for users without the repository."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from customer360.commands.init import FOLDERS, unpack
from customer360.errors import Customer360Error

REPOSITORY = Path(__file__).parents[2]


def test_every_notebook_and_example_is_unpacked(tmp_path):
    """Into folders of the same names, so that notebooks find the examples."""
    unpacked = [path.relative_to(tmp_path / "work") for path in unpack(tmp_path / "work")]

    assert unpacked == [
        path.relative_to(REPOSITORY)
        for name in FOLDERS
        for path in sorted((REPOSITORY / name).iterdir())
        if path.is_file()
    ]


def test_no_link_leads_out_of_the_folder(tmp_path):
    """Documentation stays in the repository."""
    for path in unpack(tmp_path):
        for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / link).exists(), link


def test_no_file_is_overwritten(tmp_path):
    """If one file exists, none is written."""
    mine = tmp_path / "examples" / "members.csv"
    mine.parent.mkdir()
    mine.write_text("mine")

    with pytest.raises(Customer360Error, match=r"members.csv already exists and was not changed; name another"):
        unpack(tmp_path)

    assert mine.read_text() == "mine"
    assert not (tmp_path / "notebooks").exists()


@pytest.mark.slow
def test_the_wheel_contains_what_the_package_needs(wheel):
    """Page, theme, types, templates and licences, but no tests, documentation or files for checks only."""
    names = set(zipfile.ZipFile(wheel).namelist())

    for needed in (
        "customer360/py.typed",
        "customer360/log4j2.properties",
        "customer360/power_bi/base_theme.json",
        "customer360/web/static/index.html",
        "customer360/web/static/vendor/echarts.LICENSE",
        "customer360/templates/notebooks/01_mock_data.ipynb",
        "customer360/templates/examples/members.csv",
    ):
        assert needed in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [
        name for name in names if name.startswith(("tests", "docs", "benchmarks")) or name.endswith(".d.ts")
    ]


@pytest.mark.slow
def test_the_wheel_works_without_the_repository(wheel, tmp_path):
    """Installed elsewhere with the same dependencies: commands, templates, the Power BI project, the page."""
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    packages = sysconfig.get_path("purelib", "venv", {"base": str(tmp_path / "venv")})
    zipfile.ZipFile(wheel).extractall(packages)
    dependencies = next(path for path in sys.path if path.endswith("site-packages"))
    code = f"""
import sys
sys.path.append({dependencies!r})
import customer360, customer360.commands.cli
assert {str(REPOSITORY)!r} not in customer360.__file__
customer360.commands.cli.main()
"""

    def customer360(*arguments):
        python = Path(sysconfig.get_path("scripts", "venv", {"base": str(tmp_path / "venv")})) / "python"
        run = [python, "-c", code, *arguments]
        return subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    assert "notebooks/03_your_own_data.ipynb" in customer360("init", "work").stdout
    assert customer360("power-bi", "report").returncode == 0
    assert (tmp_path / "report" / "Customer 360.pbip").exists()
    assert "unknown command 'dashbord'. Did you mean 'dashboard'?" in customer360("dashbord").stderr
