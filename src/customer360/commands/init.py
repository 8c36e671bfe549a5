"""`customer360 init`: a folder to work in, for those who have the package and not the repository."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Final

import click

from customer360.commands.options import ValuedCommand
from customer360.errors import Refused, Unavailable, printable

FOLDERS: Final = ("notebooks", "examples")
_PACKAGE: Final = Path(__file__).parents[1]
_LINK: Final = re.compile(r"\[([^\]]+)\]\(\.\./(?:docs/|README)[^)]*\)")


@click.command(cls=ValuedCommand)
@click.argument("folder", default="customer360", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """
    Make a folder with the notebooks and the example file, to work in.

    Files that are there already are never written over.

    \b
    Example:
      customer360 init work
      cd work
      customer360 notebook
    """
    for path in unpack(folder):
        click.echo(printable(str(path)))
    click.echo(printable(f"open them with: cd {shlex.quote(str(folder))} && customer360 notebook"))


def unpack(folder: Path) -> list[Path]:
    """
    Writes every file of `FOLDERS` below *folder*; returns their paths.

    Links to what stays in the repository become plain text. Raises: Customer360Error when one of the files is
    there already, before anything is written, or when the folder cannot be written to.
    """
    contents = {folder / name / file.name: file for name in FOLDERS for file in _files(name)}
    try:
        for path in contents:
            if path.exists():
                raise Refused(f"{path} is there already and stays as it is; name another folder")
        for path, file in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_LINK.sub(r"\1", file.read_bytes().decode()).encode())
    except OSError as error:
        raise Unavailable(f"cannot write {path} ({error.strerror}); name a folder of yours") from None
    return list(contents)


def _files(name: str) -> list[Path]:
    """In the installed package the folders stand within it, in the repository at its root."""
    packaged = _PACKAGE / "templates" / name
    folder = packaged if packaged.is_dir() else _PACKAGE.parents[1] / name
    return sorted(file for file in folder.iterdir() if file.is_file())
