"""The command that opens or runs the notebooks: a notebook is never half-written, and errors are clear."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from customer360.commands.notebook import FOLDER, execute, open_lab
from customer360.errors import Customer360Error

pytestmark = pytest.mark.slow  # they import nbformat and papermill

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder for the test's own notebooks, in the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / FOLDER).mkdir()
    return tmp_path / FOLDER


def write(folder, name, *sources):
    """Writes a notebook of code cells; the first contains its parameters."""
    import nbformat  # imported here: it takes seconds, in every process of a parallel run
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    made = [new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(sources)]
    made[0].metadata.tags = ["parameters"]
    path = folder / f"{name}.ipynb"
    nbformat.write(
        new_notebook(cells=[new_markdown_cell("# Why?", id="why"), *made], metadata={"kernelspec": KERNEL}), path
    )
    return path


def printed(path):
    import nbformat

    code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    outputs = [output for cell in code for output in cell.outputs]
    return "".join(output.text for output in outputs if output.output_type == "stream")


@pytest.mark.parametrize("command", [execute, open_lab])
def test_an_unknown_notebook_is_answered_with_the_nearest(command, folder):
    """Names with numbers are easily mistyped."""
    write(folder, "01_mock_data", "customers = 1")

    with pytest.raises(Customer360Error, match="unknown notebook '01_mok_data'. Did you mean '01_mock_data'?"):
        command("01_mok_data")


@pytest.mark.parametrize("command", [execute, open_lab])
def test_without_a_folder_of_notebooks_the_fix_is_named(command, tmp_path, monkeypatch):
    """The wheel has no notebooks: they are in the repository."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(
        Customer360Error, match="no notebooks in .*; change to the folder that contains 'notebooks'"
    ):
        command()


@pytest.mark.parametrize("command", [execute, open_lab])
def test_without_the_extra_the_way_to_install_it_is_named(command, folder, monkeypatch):
    """The package works without Jupyter; only this command needs it."""
    write(folder, "01_mock_data", "customers = 1")
    monkeypatch.setitem(sys.modules, "papermill", None)  # as if it were not installed

    with pytest.raises(
        Customer360Error, match=r"need papermill; install with: pip install 'customer360\[notebook\]'"
    ):
        command()


def test_an_unknown_parameter_is_answered_with_the_nearest_before_anything_runs(folder):
    """If a misspelt parameter were ignored, the default would be used to delete and fill."""
    write(folder, "one", "customers = 1")
    write(folder, "two", "as_of = None")

    with pytest.raises(
        Customer360Error, match="no notebook has the parameter 'customer'. Did you mean 'customers'?"
    ):
        execute(customer=5, as_of="2026-06-30")


def test_each_notebook_takes_the_parameters_it_has(folder):
    """One command runs all of them with other numbers."""
    first = write(folder, "one", "customers = 1", "print(customers)")
    second = write(folder, "two", "as_of = None", "print(as_of)")

    execute(customers=5, as_of="2026-06-30")

    assert (printed(first), printed(second)) == ("5\n", "2026-06-30\n")


def test_parameters_of_an_earlier_run_are_forgotten(folder):
    """A run without parameters uses the values in the notebook."""
    path = write(folder, "one", "customers = 1", "print(customers)")
    execute("one", customers=5)

    execute("notebooks/one.ipynb")

    assert printed(path) == "1\n"


def test_running_again_changes_nothing(folder):
    """So a difference in a commit means that the data or the code has changed."""
    path = write(
        folder,
        "one",
        "x = 1",
        "print('a')",
        "object()",
        "import sys, time; print('b', flush=True); time.sleep(0.3); print('c')",
    )
    execute("one")
    before = path.read_bytes()

    execute("one")

    assert path.read_bytes() == before
    assert [file.name for file in folder.iterdir()] == ["one.ipynb"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("1 / 0", r"cell \[2\] failed: ZeroDivisionError: division by zero"),
        (
            "from customer360.mock_data.plan import parse_size; parse_size('x')",
            r"cell \[2\] failed: invalid size 'x'",
        ),
        ("import os; os._exit(1)", "its Python process ended"),
    ],
)
def test_a_notebook_that_fails_is_unchanged(folder, source, reason):
    """Half of a run would mix the results of two."""
    path = write(folder, "one", "x = 1", source)
    before = path.read_bytes()

    with pytest.raises(Customer360Error, match=reason):
        execute("one")

    assert path.read_bytes() == before
    assert [file.name for file in folder.iterdir()] == ["one.ipynb"]


COMMAND = [sys.executable, "-c", "from customer360.commands.cli import main; main()", "notebook"]


@pytest.mark.parametrize(
    ("signal_sent", "code", "said"),
    [
        (signal.SIGKILL, -signal.SIGKILL, False),
        (signal.SIGTERM, 143, True),
        (signal.SIGINT, 130, True),
    ],
)
def test_a_notebook_whose_run_is_stopped_is_unchanged(folder, signal_sent, code, said):
    """When a laptop is closed, a job cancelled or Ctrl-C pressed: no half-written file, and no running Python."""
    path = write(folder, "one", "x = 1", "open('started', 'w').close(); import time; time.sleep(600)")
    before = path.read_bytes()
    run = subprocess.Popen([*COMMAND, "one", "--execute"], stderr=subprocess.PIPE, text=True)
    wait_for(lambda: (folder / "started").exists())
    children = psutil.Process(run.pid).children(recursive=True)

    run.send_signal(signal_sent)
    _, complaint = run.communicate()

    assert run.returncode == code
    assert ("customer360: stopped; nothing was changed" in complaint) is said
    assert "Traceback" not in complaint
    assert path.read_bytes() == before
    assert children
    wait_for(lambda: not any(is_alive(child) for child in children))


def test_jupyterlab_opens_on_the_notebook_and_ends_with_the_command(folder, tmp_path):
    """It must serve files next to the folder, which links lead to; and Ctrl-C must leave nothing behind."""
    write(folder, "one", "x = 1")
    elsewhere = {"BROWSER": "true", "JUPYTER_RUNTIME_DIR": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path)}
    log = (tmp_path / "log").open("w")
    run = subprocess.Popen([*COMMAND, "one"], env={**os.environ, **elsewhere}, stdout=log, stderr=log)
    wait_for(
        lambda: any("/lab/tree/notebooks/one" in page.read_text() for page in tmp_path.glob("jpserver-*.html"))
    )
    [server] = [json.loads(file.read_text()) for file in tmp_path.glob("jpserver-*.json")]

    run.terminate()
    run.wait()
    log.close()

    assert Path(server["root_dir"]) == tmp_path
    wait_for(lambda: not psutil.pid_exists(server["pid"]))


def is_alive(process):
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)
