"""The files of a folder and of its subfolders."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from cxr_cli.errors import CxrError
from cxr_cli.rows import note


def files_in(folder: Path, suffixes: tuple[str, ...]) -> Iterator[Path]:
    """The files with one of these suffixes, in lower or upper case, sorted in each folder, its own before those of its
    subfolders.

    Links to folders are followed, but not in a circle: a folder is not read again within itself. Whatever is no file,
    such as a FIFO, is passed over, with a note; and so are the files `._NAME` in which macOS keeps what a disk of
    another system cannot. Raises CxrError for a folder that cannot be read: what lies in it
    would be missing.
    """
    of_macos = 0
    above: dict[str, frozenset[tuple[int, int]]] = {}  # folder -> itself and all folders above it
    for parent, folders, files in os.walk(folder, followlinks=True, onerror=_refuse):
        around = above.pop(parent, frozenset()) | {_identity(parent)}
        folders[:] = [name for name in sorted(folders) if _identity(os.path.join(parent, name)) not in around]
        above |= {os.path.join(parent, name): around for name in folders}
        for file in sorted(files):
            if file.lower().endswith(suffixes) and file.startswith("._"):
                of_macos += 1
            elif file.lower().endswith(suffixes):
                path = Path(parent, file)
                if _is_file(path):
                    yield path
                else:
                    note(f"{path}: passed over, since it is no file that can be read")
    if of_macos:
        note(f"{folder}: {of_macos} files of macOS, named ._NAME, are passed over")


def _identity(folder: str) -> tuple[int, int]:
    status = os.stat(folder)
    return status.st_dev, status.st_ino


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:  # a link to nowhere, or to itself
        return False


def _refuse(error: OSError) -> NoReturn:
    raise CxrError(f"{error.filename}: {error.strerror}: what lies in this folder would be missing") from error
