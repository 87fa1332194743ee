"""A private database on disk, so that memory stays constant however much is stored."""

import sqlite3
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

from cxr_cli.errors import CxrError

Value = str | int | bytes | None


class TempDb:
    """A database that is deleted when it is closed. schema: `create table` statements, separated by semicolons."""

    def __init__(self, schema: str) -> None:
        self._db = sqlite3.connect("", isolation_level=None)  # "": a file that SQLite removes itself
        self._db.executescript(
            "pragma journal_mode=off; pragma synchronous=off; pragma cache_size=-16000;"  # at most 16 MB in memory
            f"{schema}; begin"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close()

    def run(self, statement: str, *values: Value) -> sqlite3.Cursor:
        try:
            return self._db.execute(statement, values)
        except sqlite3.OperationalError as error:
            raise _file_error(error) from error

    def run_each(self, statement: str, rows: Iterable[Sequence[Value]]) -> None:
        """The statement with the values of each row."""
        try:
            self._db.executemany(statement, rows)
        except sqlite3.OperationalError as error:
            raise _file_error(error) from error


def _file_error(error: sqlite3.OperationalError) -> CxrError:
    return CxrError(f"a temporary file in TMPDIR: {error}")
