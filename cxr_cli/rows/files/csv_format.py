"""CSV, read and written in constant memory."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.rows.files.formats import Item, Sink, open_file
from cxr_cli.rows.files.lines import ByteStream, LineReader, escaped_text, text_problem

_LONGEST_CELL = 2**24  # a quote that is never closed must not pull the rest of the file into memory
OTHER_SEPARATORS = {
    mark: f"the header looks separated by {name}; save the table as CSV UTF-8, with commas"
    for mark, name in ((";", "semicolons"), ("\t", "tabs"))
}
"""The error about a header without commas that has these between its names."""


class CsvFormat:
    """A header and a row a line; lists and objects are JSON text."""

    packed, appends, table = True, False, True

    def read(self, path: Path, pack: str) -> Iterator[Item]:
        return read_csv(open_file(path, "rb", pack), str(path))

    def write(self, path: Path, pack: str) -> Sink:
        from cxr_cli.rows.files.table_writer import CsvWriter  # polars takes a third of a second to import

        return CsvWriter(path, pack)


def read_csv(stream: ByteStream, name: str, header: Sequence[str] | None = None) -> Iterator[Item]:
    """Rows of texts; an empty cell is null. where: `name:line`, the line on which the row starts. header: the names of
    the columns of a file without a header.

    The module csv reads it, not polars: it knows the line, and goes on after a bad row.
    """
    csv.field_size_limit(_LONGEST_CELL)
    lines = LineReader(stream, name)
    record: list[bytes] = []  # the lines of the row being read
    damage: list[tuple[int, str]] = []  # line number and problem of those that are not text

    def texts() -> Iterator[str]:
        for line in lines:
            record.append(line)
            text = line.decode("utf-8-sig" if lines.number == 1 else "utf-8", errors="replace")
            if ("\0" in text or "\ufffd" in text) and (why := text_problem(line)):
                damage.append((lines.number, why))
            yield text

    reader = csv.reader(texts(), strict=True)
    while True:
        record.clear()
        damage.clear()
        line, reason = lines.number + 1, None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            cells, reason = [""], "broken CSV: a quote inside a cell that is not doubled, or one that is never closed"
        if damage:
            line, reason = damage[0]
        if header is None:
            header = _checked_header(cells, f"{name}:{line}", reason)
        elif reason or len(cells) not in (0, len(header)):
            reason = reason or f"{len(cells)} cells where the header has {len(header)}"
            yield f"{name}:{line}", escaped_text(b"".join(record)), reason
        elif cells:
            yield f"{name}:{line}", {column: cell or None for column, cell in zip(header, cells, strict=True)}, None


def csv_line(cells: Iterable[Any]) -> str:
    """One record of a CSV file, without its line break."""
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().removesuffix("\r\n")


def _checked_header(cells: list[str], where: str, reason: str | None) -> list[str]:
    if reason is None and len(cells) == 1:
        reason = next((why for mark, why in OTHER_SEPARATORS.items() if mark in cells[0]), None)
    if reason is None and len(set(cells)) < len(cells):
        reason = f"two columns have the same name, number {cells.index(max(cells, key=cells.count)) + 1} and another"
    if reason:
        raise CxrError(f"{where}: {reason}")
    return cells
