"""The rows on which an engine failed: how many there are, and which of an earlier run are made again.

`--resume` makes those again to which no reply came. A reply that could not be used would come once more, and cost
once more: `--retry-failed` makes these again too.
"""

from collections.abc import Iterator
from pathlib import Path

from cxr_cli.errors import CxrError
from cxr_cli.records import Row, engine_failure, got_replies


class FailedRows:
    """Counts failed rows, and holds those of an earlier run that are made again until they are made.

    key: what an engine adds to a row, see `engine_failure`; None if none is asked. retry: with `--retry-failed`. first:
    why the first of them failed.
    """

    def __init__(self, key: str | None, *, retry: bool) -> None:
        self.key, self.retry = key, retry
        self.count, self.first = 0, ""
        self._waiting: dict[str, Row] = {}

    def check_retry(self, output: Path | None, *, resume: bool) -> None:
        """CxrError: nothing can be retried."""
        if self.retry and not self.key:
            raise CxrError("--retry-failed: no model is asked, so no row has failed")
        if self.retry and not resume and not (output and output.is_file()):
            raise CxrError(f"--retry-failed: there is no {output}, the file with the failed rows")

    def add(self, row: Row) -> None:
        """Counts a row of the output if it failed."""
        if failure := self._failure(row):
            self.count += 1
            self.first = self.first or failure

    def is_retry(self, row: Row) -> bool:
        """Is this row of an earlier run to be made again? One that failed and is not counts as failed."""
        failure = self._failure(row)
        again = failure is not None and (self.retry or not got_replies(failure))
        if again:
            self._waiting[row["id"]] = row
        else:
            self.add(row)
        return again

    def waiting(self, id: str) -> bool:
        return id in self._waiting

    def add_new(self, row: Row) -> None:
        """Counts a new row, which may be one that was waited for."""
        self.add(row)
        self._waiting.pop(row.get("id", ""), None)

    def not_made(self) -> Iterator[Row]:
        """The rows that are still waited for: they are not in the input, or the run has ended before."""
        for row in self._waiting.values():
            self.add(row)
            yield row
        self._waiting.clear()

    def _failure(self, row: Row) -> str | None:
        return engine_failure(row, self.key) if self.key else None
