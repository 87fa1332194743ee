"""A few columns of a data set's big table, compact in memory."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cxr_cli.errors import CxrError

if TYPE_CHECKING:
    import polars as pl


def table_path(folder: Path, name: str) -> Path | None:
    """FOLDER/NAME.csv.gz, or FOLDER/NAME.csv if it was unpacked. name: a glob pattern; the last version counts."""
    paths = sorted([*folder.glob(f"{name}.csv.gz"), *folder.glob(f"{name}.csv")], key=lambda path: path.name)
    return paths[-1] if paths else None


def read_columns(path: Path, types: Mapping[str, Any]) -> "pl.DataFrame":
    """These columns of a CSV file (.gz too), each of its polars type; an empty cell is null.

    Raises CxrError for a missing column, a cell of another type, a damaged file.
    """
    import polars as pl  # takes a third of a second

    try:
        return pl.read_csv(path, columns=list(types), schema_overrides=types, encoding="utf8-lossy")
    except pl.exceptions.ColumnNotFoundError as error:
        raise CxrError(f"{path}: a column is missing; the file needs {', '.join(types)}") from error
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise CxrError(f"{path}: the table is damaged, or has cells of another type; download it again") from error
