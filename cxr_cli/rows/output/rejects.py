"""Rows that cannot be used: the first of them stops the run, or they go to `--rejects`, in the order of the input."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cxr_cli.errors import RowError
from cxr_cli.records import Row
from cxr_cli.rows.output.writing import Output, open_output


class Rejects:
    """path: None if the first of them stops the run. count: how many were rejected so far.

    A row may be read, and rejected, while others before it are still worked on (`under_way`): it waits for them.
    """

    def __init__(self, path: Path | None) -> None:
        self.path, self.count = path, 0
        self._output: Output | None = None
        self._taken = self._done = 0  # rows on which work was begun, and has ended
        self._waiting: deque[tuple[int, Row]] = deque()  # each with how many rows were taken before it

    @contextmanager
    def open(self) -> Iterator[None]:
        """While this block is open, rejected rows are written; those that wait at its end, however it ends, too. Raises
        CxrError for a path that cannot be written."""
        if self.path is None:
            yield
            return
        with open_output(self.path, overwrite=True) as self._output:
            try:
                yield
            finally:
                self._write_waiting(self._taken)

    def under_way(self, rows: Iterator[Row]) -> Iterator[Row]:
        """These rows, as work on them begins."""
        for row in rows:
            self._taken += 1
            yield row

    def next_done(self) -> None:
        """The work on one more row is about to end: those that were read before it are written."""
        self._write_waiting(self._done)
        self._done += 1

    def add(self, where: str, reason: str, raw: Any, row: Any, *, at_work: bool = False) -> None:
        """raw: as it was read; row: with its `id` under that name. at_work: was work on it begun? RowError: it stops
        the run."""
        id = row.get("id") if isinstance(row, dict) else None
        id = id if id and isinstance(id, str) else None
        if self.path is None:
            raise RowError(where, reason, id=id)
        record = {"where": where, "id": id, "reason": reason, "row": raw}
        if at_work:
            self._write(record)
            return
        self._waiting.append((self._taken, record))
        if self._taken == self._done:
            self._write_waiting(self._done)

    def _write_waiting(self, before: int) -> None:
        """before: how many rows were taken before those that are written, at most."""
        while self._waiting and self._waiting[0][0] <= before:
            self._write(self._waiting.popleft()[1])

    def _write(self, record: Row) -> None:
        assert self._output is not None
        self.count += 1
        self._output.write(record)
