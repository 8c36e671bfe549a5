"""`customer360 init`: a folder to work in, for users of the package who do not have the repository."""

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
    Create a folder to work in, with the notebooks and the example files.

    Existing files are never overwritten.

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

    Links to files that are only in the repository become plain text. Raises: Customer360Error when a file already
    exists, before anything is written, or when the folder cannot be written to.
    """
    contents = {folder / name / file.name: file for name in FOLDERS for file in _files(name)}
    try:
        for path in contents:
            if path.exists():
                raise Refused(f"{path} already exists and was not changed; name another folder")
        for path, file in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(_LINK.sub(r"\1", file.read_bytes().decode()).encode())
    except OSError as error:
        raise Unavailable(f"cannot write {path} ({error.strerror}); name a folder you can write to") from None
    return list(contents)


def _files(name: str) -> list[Path]:
    """The folders are inside the installed package, or at the root of the repository."""
    packaged = _PACKAGE / "templates" / name
    folder = packaged if packaged.is_dir() else _PACKAGE.parents[1] / name
    return sorted(file for file in folder.iterdir() if file.is_file())
