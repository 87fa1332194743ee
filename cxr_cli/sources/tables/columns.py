"""The columns that a layout needs of a data set's big tables: compact, in memory, and nothing else of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxr_cli.errors import CxrError

if TYPE_CHECKING:
    import polars as pl


def table(folder: Path, name: str) -> Path | None:
    """FOLDER/NAME.csv.gz, or FOLDER/NAME.csv if it was unpacked. name: a glob pattern; the last version counts."""
    found = sorted([*folder.glob(f"{name}.csv.gz"), *folder.glob(f"{name}.csv")], key=lambda path: path.name)
    return found[-1] if found else None


def columns(path: Path, types: Mapping[str, Any]) -> "pl.DataFrame":
    """These columns of a CSV file (.gz too), each of its polars type; an empty cell is null.

    Raises CxrError for a column that is missing, a cell that is of another type, a file that is damaged.
    """
    import polars as pl  # takes a third of a second

    try:
        return pl.read_csv(path, columns=list(types), schema_overrides=types, encoding="utf8-lossy")
    except pl.exceptions.ColumnNotFoundError as error:
        raise CxrError(f"{path}: lacks a column; needed are {', '.join(types)}") from error
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise CxrError(f"{path}: a damaged table, or cells of another type; fetch it again") from error
