"""The films of a row, where their bytes lie, and how the films of a run are decoded."""

import io
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from cxr_cli.images.film_errors import DecodeError
from cxr_cli.images.sizes import Size, Square
from cxr_cli.rows.files.embedded_films import EmbeddedFilm, embedded_film


@dataclass(frozen=True)
class Films:
    """root: the folder that relative paths start from. size: of the images, None for the film's own.

    workers: processes that decode ahead; 0 decodes in this one. cache: a folder for decoded images.
    """

    root: Path | None = None
    size: Size | None = field(default_factory=Square)
    workers: int = 2
    cache: Path | None = None


def films_of(row: Mapping[str, Any]) -> list[str]:
    """The films of a case in the order in which a model sees them: for a temporal question the prior's come first."""
    from cxr_cli.tasks.task_table import task_of  # here, since processes that only decode need none of it

    return task_of(row).films(row)


def open_film(name: str | Path, root: str | Path | None = None) -> BinaryIO:
    """The film to read. root: the folder that a relative path starts from; that of a table may also start from here.

    Raises DecodeError for what is no film; FileNotFoundError, OSError.
    """
    place = _film_place(name, root)
    if isinstance(place, Path):
        _refuse_what_is_no_file(place)
        return place.open("rb")
    try:
        return io.BytesIO(place.read())
    except ValueError as error:
        raise DecodeError(str(error)) from error


def film_identity(name: str | Path, root: str | Path | None = None) -> str:
    """What changes when the film does: its file and when it was written, or the digest of an embedded film. OSError:
    there is no such file."""
    place = _film_place(name, root)
    if not isinstance(place, Path):
        return place.digest
    status = place.stat()
    return f"{place.resolve()}|{status.st_mtime_ns}|{status.st_size}"


def film_exists(name: str, root: str | Path | None = None) -> bool:
    """Whether its file, or the table that it lies in, is there."""
    place = _film_place(name, root)
    return place.is_file() if isinstance(place, Path) else place.table.exists()


def _film_place(name: str | Path, root: str | Path | None) -> Path | EmbeddedFilm:
    film = embedded_film(str(name))
    if film is None:
        return Path(root, name) if root is not None else Path(name)
    below = Path(root or "", film.table)
    return film._replace(table=below) if below.exists() else film


def _refuse_what_is_no_file(file: Path) -> None:
    """A named pipe would be waited for, and a device never ends."""
    try:
        mode = file.stat().st_mode
    except ValueError as error:  # a NUL, or half a character
        raise DecodeError("does not exist: no file can have that name") from error
    if stat.S_ISDIR(mode):
        raise DecodeError("is a folder")
    if not stat.S_ISREG(mode):
        raise DecodeError("is no regular file")
