"""`customer360 notebook`: opens the notebooks in JupyterLab, or runs them without a browser."""

from __future__ import annotations

import base64
import io
import logging
import re
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from customer360 import settings
from customer360.commands.options import ValuedCommand
from customer360.errors import KINDS, Invalid, Unavailable, nearest

if TYPE_CHECKING:
    from nbformat import NotebookNode
    from papermill import PapermillExecutionError

FOLDER: Final = "notebooks"
_EXTRA: Final = ("jupyterlab", "ipykernel", "matplotlib", "papermill")
_KERNEL: Final = {"display_name": "Python 3", "language": "python", "name": "python3"}
_QUIET_KERNEL: Final = {"kernel_name": _KERNEL["name"], "extra_arguments": ["--IPKernelApp.log_level=CRITICAL"]}
_COLORS: Final = 64


@click.command(cls=ValuedCommand)
@click.argument("name", required=False)
@click.option(
    "--execute", "is_run", is_flag=True, help="Run from top to bottom and save the outputs, without a browser."
)
def notebook(name: str | None, is_run: bool) -> None:
    """
    Open the notebooks in JupyterLab, or run them from top to bottom.

    NAME is a notebook in the folder 'notebooks'; without it, all of them.

    \b
    Example:
      customer360 notebook
      customer360 notebook 01_mock_data --execute
    """
    execute(name) if is_run else open_lab(name)


def open_lab(name: str | None = None) -> None:
    """
    Opens JupyterLab on the notebook *name*, or on the folder, and ends with its exit code.

    JupyterLab serves the current folder, so that links from a notebook to files next to `notebooks` work.
    Raises: Customer360Error when there is no such notebook or the extra `notebook` is not installed.
    """
    paths = _notebooks(name)
    _require_extra()
    target = paths[0].as_posix() if name else FOLDER
    lab = subprocess.Popen([sys.executable, "-m", "jupyterlab", *_lab_options(target)])  # noqa: S603
    # JupyterLab handles Ctrl-C: it asks whether to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        sys.exit(lab.wait())
    finally:
        lab.terminate()


def _lab_options(target: str) -> list[str]:
    # By default, Jupyter refuses to run as root, which may be the only user, as in a container.
    as_root = ["--allow-root"] if settings.running_as_root() else []
    return ["--ServerApp.root_dir=.", f"--LabApp.default_url=/lab/tree/{target}", *as_root]


def execute(name: str | None = None, **parameters: Any) -> None:
    """
    Runs the notebook *name*, or every one in order, from top to bottom, and saves it with its outputs.

    *parameters* replace values of the cell tagged `parameters`; each notebook takes those it has. A notebook is
    saved only if all of it has run. Times, versions and addresses, which differ from run to run, are not saved.
    Raises: Customer360Error for an unknown notebook or parameter, for a cell that fails, and when the extra
    `notebook` is not installed.
    """
    paths = _notebooks(name)
    _require_extra()
    given = _parameters(paths, parameters)
    for path in paths:
        _save(_normalised(_executed(path, given[path])), path)


def _notebooks(name: str | None) -> list[Path]:
    """The notebook *name*, or all of them in the order of their numbers."""
    paths = {path.stem: path for path in sorted(Path(FOLDER).glob("*.ipynb"))}
    if not paths:
        raise Unavailable(
            f"there are no notebooks in {Path(FOLDER).absolute()}; change to the folder that contains "
            f"'{FOLDER}', such as a clone of the repository"
        )
    if name is None:
        return list(paths.values())
    wanted = Path(name).name.removesuffix(".ipynb")
    if wanted not in paths:
        raise Invalid(f"unknown notebook '{name}'.{nearest(wanted, paths)}")
    return [paths[wanted]]


def _require_extra() -> None:
    missing = [package for package in _EXTRA if find_spec(package) is None]
    if missing:
        raise Unavailable(
            f"notebooks need {' and '.join(missing)}; install with: pip install 'customer360[notebook]'"
        )


def _parameters(paths: list[Path], given: dict[str, Any]) -> dict[Path, dict[str, Any]]:
    """For each notebook, the *given* parameters that it has."""
    from papermill import inspect_notebook

    known = {path: list(inspect_notebook(str(path))) for path in paths}
    every = {name for names in known.values() for name in names}
    for name in given:
        if name not in every:
            raise Invalid(f"no notebook has the parameter '{name}'.{nearest(name, sorted(every))}")
    return {path: {name: given[name] for name in names if name in given} for path, names in known.items()}


def _executed(path: Path, parameters: dict[str, Any]) -> NotebookNode:
    """The notebook after a run in its own folder; the file does not change."""
    from nbclient.exceptions import DeadKernelError
    from papermill import PapermillExecutionError, execute_notebook

    try:
        executed: NotebookNode = execute_notebook(
            _as_written(path), None, parameters, cwd=path.parent, progress_bar={"desc": path.stem}, **_QUIET_KERNEL
        )
    except PapermillExecutionError as error:
        raise Invalid(f"{path} was not saved: cell [{error.exec_count}] failed: {_reason(error)}") from None
    except (KeyboardInterrupt, SystemExit):
        # Otherwise asyncio logs the unfinished cell at length when Python ends.
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)
        raise
    except DeadKernelError:
        raise Unavailable(f"{path} was not saved: its Python process ended, perhaps out of memory") from None
    return executed


def _as_written(path: Path) -> NotebookNode:
    """The notebook without the parameters of an earlier run."""
    import nbformat

    notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    notebook.cells = [
        cell for cell in notebook.cells if "injected-parameters" not in cell.metadata.get("tags", [])
    ]
    return notebook


def _reason(error: PapermillExecutionError) -> str:
    """The first line of what a cell raised; a user's mistake is shown without the name of its class."""
    line = next(iter(str(error.evalue).strip().splitlines()), "")
    return line if error.ename in KINDS else f"{error.ename}: {line}"


def _normalised(notebook: NotebookNode) -> NotebookNode:
    """*notebook* without what differs from run to run, and with smaller pictures."""
    notebook.metadata = type(notebook)(kernelspec=_KERNEL, language_info={"name": "python"})
    for cell in notebook.cells:
        for name in ("papermill", "execution", *(["tags"] if not cell.metadata.get("tags") else [])):
            cell.metadata.pop(name, None)
        for output in cell.get("outputs", []):
            _normalise(output)
    return notebook


def _normalise(output: NotebookNode) -> None:
    data = output.get("data", {})
    if "text/plain" in data:
        data["text/plain"] = re.sub(r" at 0x[0-9a-f]+", "", data["text/plain"])
    if "image/png" in data:
        data["image/png"] = _in_few_colors(data["image/png"])
        output.metadata.setdefault("image/png", {})["alt"] = data["text/plain"]


def _in_few_colors(png: str) -> str:
    """A chart of a few hues looks the same with a palette, at a third of the size."""
    from PIL import Image

    smaller = io.BytesIO()
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    picture.quantize(_COLORS, dither=Image.Dither.NONE).save(smaller, "png", optimize=True)
    return base64.b64encode(smaller.getvalue()).decode()


def _save(notebook: NotebookNode, path: Path) -> None:
    """Writes a draft and renames it, so that a kill leaves the old notebook or the new one."""
    import nbformat

    draft = path.with_name(f".{path.name}.draft")
    nbformat.write(notebook, draft)  # type: ignore[no-untyped-call]
    draft.replace(path)
