"""A private database on disk, so that memory stays constant however much is stored."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

from cxr_cli.errors import CxrError

if TYPE_CHECKING:
    import sqlite3

Value = str | int | bytes | None


class TempDb:
    """A database that is made when something is stored, and deleted when it is closed.

    schema: `create table` statements, separated by semicolons.
    """

    def __init__(self, schema: str) -> None:
        self._schema = schema

    @cached_property
    def _db(self) -> "sqlite3.Connection":
        import sqlite3

        db = sqlite3.connect("", isolation_level=None)  # "": a file that SQLite removes itself
        db.executescript(
            "pragma journal_mode=off; pragma synchronous=off; pragma cache_size=-16000;"  # at most 16 MB in memory
            f"{self._schema}; begin"
        )
        return db

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if "_db" in self.__dict__:
            self._db.close()

    def run(self, statement: str, *values: Value) -> "sqlite3.Cursor":
        try:
            return self._db.execute(statement, values)
        except self._db.OperationalError as error:
            raise _file_error(error) from error

    def run_each(self, statement: str, rows: Iterable[Sequence[Value]]) -> None:
        """The statement with the values of each row."""
        try:
            self._db.executemany(statement, rows)
        except self._db.OperationalError as error:
            raise _file_error(error) from error


def _file_error(error: Exception) -> CxrError:
    return CxrError(f"a temporary file in TMPDIR: {error}")
