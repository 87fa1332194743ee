"""The ids of a stream, kept on disk: memory stays the same however long the stream is."""

import sqlite3
from types import TracebackType
from typing import Self

from cxr_cli.errors import CxrError


class Ids:
    """Where each id was first seen, and which ids an earlier run has already done. Gone when closed."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)  # "": a private file that SQLite removes itself
        self._db.executescript(
            "pragma journal_mode=off; pragma synchronous=off; pragma cache_size=-16000;"  # at most 16 MB in memory
            "create table seen(id text primary key, place text) without rowid;"
            "create table done(id text primary key) without rowid;"
            "begin"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._db.close()

    def see(self, id: str, place: str) -> str | None:
        """None when `id` is new, else the place (`path:line`) where it was first seen."""
        if self._run("insert or ignore into seen values (?, ?)", id, place).rowcount:
            return None
        return self.place(id)

    def place(self, id: str) -> str:
        row = self._run("select place from seen where id = ?", id).fetchone()
        return str(row[0]) if row else "?"

    def finish(self, id: str) -> None:
        self._run("insert or ignore into done values (?)", id)

    def done(self, id: str) -> bool:
        return self._run("select 1 from done where id = ?", id).fetchone() is not None

    def _run(self, statement: str, *values: str) -> sqlite3.Cursor:
        try:
            return self._db.execute(statement, values)
        except sqlite3.OperationalError as error:
            raise CxrError(f"the list of ids, a temporary file in TMPDIR: {error}") from error
