"""A file is written beside its place, and takes it once it is whole."""

import os
import stat
from contextlib import suppress
from pathlib import Path

from cxr_cli.errors import CxrError


def check_replaceable(path: Path, overwrite: bool, *, hint: str = "") -> None:
    """CxrError: the file is there, and is not to be overwritten. hint: what else one may do. A pipe or a device is
    written into."""
    if path.is_file() and not overwrite:
        raise CxrError(f"{path} exists: {hint}--overwrite replaces it")


def check_place(path: Path) -> None:
    """CxrError: no file can be written there."""
    if path.is_symlink() and not path.exists():
        raise CxrError(f"{path} is a link to nothing")
    if path.is_dir():
        raise CxrError(f"{path} is a folder, not a file")
    if not path.parent.is_dir():
        raise CxrError(f"{path}: no folder {path.parent}")


def part_of(path: Path) -> Path:
    """Where a file is written until it is complete: `OUT.cxr-part`, which is nobody else's; of a link beside the file
    that it leads to."""
    place = Path(os.path.realpath(path))
    return place.with_name(f"{place.name}.cxr-part")


def put_in_place(part: Path, path: Path) -> None:
    """The part becomes the file, or the one that a link leads to, and has the permissions of the one before."""
    place = Path(os.path.realpath(path))
    with suppress(FileNotFoundError):
        part.chmod(stat.S_IMODE(place.stat().st_mode))
    part.replace(place)
