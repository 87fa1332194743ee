"""A data set's table, row by row, and what its cells mean."""

import os
from collections.abc import Container, Iterable, Iterator
from pathlib import Path

from cxr_cli.errors import CxrError, RowError
from cxr_cli.rows import Item, Row

_FILMS = (".dcm", ".png", ".jpg", ".jpeg")
_LABELS = {"1": 1, "0": 0, "-1": -1}


def begins(path: Path, header: bytes) -> bool:
    """Is it a file whose first line begins so?"""
    try:
        with path.open("rb") as file:
            return file.read(len(header) + 3).removeprefix(b"\xef\xbb\xbf").startswith(header)
    except OSError:
        return False


def one_folder(name: str) -> Path:
    """Raises CxrError for several joined by colons."""
    if not Path(name).is_dir():
        raise CxrError(f"{name}: not a folder; this data set is read from one")
    return Path(name)


def streamed(path: Path, needed: Iterable[str]) -> Iterator[Item]:
    """The rows of a CSV file, cells as texts, a blank one None. Raises CxrError for a column of `needed` it lacks.

    Names of columns are stripped: SIIM's is "ImageId, EncodedPixels".
    """
    from cxr_cli.rows.files.table_reader import read_csv  # polars takes a third of a second to import

    checked = False
    for where, row, reason in read_csv(path.open("rb"), str(path)):
        if reason is None:
            row = {name.strip(): cell for name, cell in row.items()}
            if not checked:
                need_columns(path, row, needed)
            checked = True
        yield where, row, reason


def need_columns(path: Path, there: Container[str], needed: Iterable[str]) -> None:
    """Raises CxrError for the first column that is not there."""
    if missing := [name for name in needed if name not in there]:
        raise CxrError(f"{path}: no column `{missing[0]}`: is this the file as it is downloaded?")


def values(row: Row, columns: Iterable[str]) -> dict[str, int | None]:
    """The cells of these columns as labels: 1, 0, -1, None for a blank one. RowError names a column with another."""
    found: dict[str, int | None] = {}
    for column in columns:
        text = (row[column] or "").strip()
        found[column] = _LABELS.get(text.removesuffix(".0"))
        if text and found[column] is None:
            raise RowError("", f"column `{column}`: none of 1, 0, -1 and blank")
    return found


def one_split(items: Iterable[Item]) -> Iterator[Item]:
    """The studies, a study being refused whose patient is in another split too."""
    splits: dict[str, str] = {}
    for where, study, reason in items:
        if reason is None and splits.setdefault(study["patient"], study["split"]) != study["split"]:
            reason = f"its patient is in split `{splits[study['patient']]}` too"
        yield where, study, reason


def films(folder: Path) -> dict[str, str]:
    """The films that lie in a folder, at any depth: name without suffix -> path from there."""
    found: dict[str, str] = {}
    for parent, folders, files in os.walk(folder, followlinks=True):
        folders.sort()
        for file in sorted(files):
            if file.lower().endswith(_FILMS):
                found.setdefault(file.rpartition(".")[0], Path(parent, file).relative_to(folder).as_posix())
    return found
