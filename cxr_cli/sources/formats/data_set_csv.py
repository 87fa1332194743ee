"""The CSV tables of data sets, row by row, and the labels in their cells."""

from collections.abc import Callable, Container, Iterable, Iterator
from pathlib import Path

from cxr_cli.errors import CxrError, RowError
from cxr_cli.rows import Item, Row, Source, note
from cxr_cli.rows.files.lines import is_utf8
from cxr_cli.sources.formats.folder_walk import files_in

_FILM_SUFFIXES = (".dcm", ".png", ".jpg", ".jpeg")
_LABEL_VALUES = {"1": 1, "0": 0, "-1": -1}


def starts_with(path: Path, header: bytes) -> bool:
    """Whether it is a file that starts with this header."""
    try:
        with path.open("rb") as file:
            return file.read(len(header) + 3).removeprefix(b"\xef\xbb\xbf").startswith(header)
    except OSError:
        return False


def in_one_folder(items: Callable[[Path], Iterator[Item]]) -> Callable[[str], Source]:
    """The `find` of a data set that is read from one folder, by a function that gives the studies in it.

    It raises CxrError for anything else, such as several folders joined by colons.
    """

    def find(name: str) -> Source:
        folder = Path(name)
        if not folder.is_dir():
            raise CxrError(f"{name}: not a folder; this data set is read from a single folder")
        return Source(name, lambda: items(folder))

    return find


def read_table(path: Path, required: Iterable[str]) -> Iterator[Item]:
    """The rows of a CSV file: cells are texts, a blank one is None. Raises CxrError for a required column it lacks."""
    from cxr_cli.rows.files.csv_format import read_csv  # polars takes a third of a second to import

    checked = False
    for where, row, reason in read_csv(path.open("rb"), str(path)):
        if reason is None:
            if not checked:
                require_columns(path, row, required)
            checked = True
        yield where, row, reason


def first_row_of_each_film(path: Path, required: Iterable[str], study: Callable[[Row], Row]) -> Iterator[Item]:
    """The studies of a table with one row or more for each film. study: a row's Study; its RowError makes the row a
    broken item, and so do rows of one film whose labels differ."""
    studies: dict[str, Item] = {}
    for where, row, reason in read_table(path, required):
        try:
            result = row if reason is not None else study(row)
        except RowError as error:
            reason = error.reason
        if reason is not None:
            yield where, row, reason
            continue
        first, earlier, conflict = studies.setdefault(result["id"], (where, result, None))
        if conflict is None and earlier["labels"] != result["labels"]:
            line = where.rpartition(":")[2]
            studies[result["id"]] = (first, earlier, f"its labels contradict those of the same film in line {line}")
    yield from studies.values()


def require_columns(path: Path, columns: Container[str], required: Iterable[str]) -> None:
    """Raises CxrError for the first required column that is missing."""
    if missing := [name for name in required if name not in columns]:
        raise CxrError(f"{path}: no column `{missing[0]}`: is this the file as it is downloaded?")


def label_values(row: Row, columns: Iterable[str]) -> dict[str, int | None]:
    """The cells of these columns as labels: 1, 0, -1, None for a blank one. RowError: another value in a column."""
    values: dict[str, int | None] = {}
    for column in columns:
        text = (row[column] or "").strip()
        values[column] = _LABEL_VALUES.get(text.removesuffix(".0"))
        if text and values[column] is None:
            raise RowError("", f"column `{column}`: none of 1, 0, -1 and blank")
    return values


def one_split_per_patient(items: Iterable[Item]) -> Iterator[Item]:
    """The studies. One whose patient is in another split too becomes a broken item."""
    splits: dict[str, str] = {}
    for where, study, reason in items:
        if reason is None and splits.setdefault(study["patient"], study["split"]) != study["split"]:
            reason = f"its patient is in split `{splits[study['patient']]}` too"
        yield where, study, reason


def find_films(folder: Path) -> dict[str, str]:
    """The films in a folder, at any depth: name without suffix -> path from the folder."""
    films: dict[str, str] = {}
    for path in files_in(folder, _FILM_SUFFIXES):
        place = path.relative_to(folder).as_posix()
        if is_utf8(place):
            films.setdefault(path.name.rpartition(".")[0], place)
        else:
            note(f"{path}: passed over, since its name is not UTF-8")
    return films
