"""CSV and TSV, read and written in constant memory."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

from cxr_cli.errors import CxrError
from cxr_cli.rows.files.formats import Item, Shards, Sink, open_file
from cxr_cli.rows.files.lines import ByteStream, LineReader, escaped_text, text_problem

SEPARATORS = ",;\t|"
_LONGEST_CELL = 2**24  # a quote that is never closed must not pull the rest of the file into memory
_MOST_COLUMNS = 10_000
SEPARATOR_LINE = re.compile(r"\ufeff?\"?sep=(.)\"?\s*", re.IGNORECASE)
_QUOTED_CELL = re.compile(r'"[^"]*"?')
_FORMULA = re.compile(r"'*[=@\t\r]|'*[+-](?!\d*[.,]?\d*(?:[eE][+-]?\d+)?\Z)")
_ESCAPED_CELL = re.compile(rb"'[=@\t\r+-]")
_BROKEN = "broken CSV: a quote inside a cell that is not doubled, or one that is never closed"


class CsvFormat:
    """A header and a row a line; lists and objects are JSON text. A cell that a spreadsheet would take for a formula
    starts with an apostrophe, which is taken off again when it is read."""

    packed, appends, table, writable = True, False, True, True
    separator: ClassVar[str | None] = None
    """The one that is written and read; None writes commas, and reads whatever the header has."""

    def read(self, path: Path, pack: str) -> Iterator[Item]:
        return read_csv(open_file(path, "rb", pack), str(path), separator=self.separator)

    def shards(self, path: Path) -> Shards | None:
        return None

    def write(self, path: Path, pack: str) -> Sink:
        from cxr_cli.rows.files.table_writer import CsvWriter  # polars takes a third of a second to import

        return CsvWriter(path, pack, self.separator or ",", without_formula)


class TsvFormat(CsvFormat):
    """CSV with tabs."""

    separator = "\t"


def read_csv(
    stream: ByteStream, name: str, header: Sequence[str] | None = None, separator: str | None = None
) -> Iterator[Item]:
    """Rows of texts; an empty cell is null. where: `name:line`, the line on which the row starts.

    header: the names of the columns of a file without a header. separator: None takes what the file's first line says
    (`sep=;`), else what the header's names stand between; commas without a header. Blank lines above the header are
    passed over; blanks around a name are taken away; a column without a name becomes `column 3`, and is left out where
    its cell is blank.

    The module csv reads it, not polars: it knows the line, and goes on after a bad row.
    """
    lines = LineReader(stream, name)
    incoming = iter(lines)
    first, separator = table_start(incoming, separator, sniff=header is None)
    record: list[bytes] = []  # the lines of the row being read
    damage: list[tuple[int, str]] = []  # line number and problem of those that are not text

    def texts() -> Iterator[str]:
        for line in chain(first, incoming):
            record.append(line)
            text = line.decode("utf-8-sig" if lines.number == 1 else "utf-8", errors="replace")
            if ("\0" in text or "\ufffd" in text) and (why := text_problem(line)):
                damage.append((lines.number, why))
            yield text

    before = lines.number - len(first)
    reader = csv.reader(texts(), strict=True, delimiter=separator)
    unnamed: Sequence[str] = ()
    while True:
        record.clear()
        damage.clear()
        line, reason = before + reader.line_num + 1, None
        limit = csv.field_size_limit(_LONGEST_CELL)  # the whole process has one
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            cells, reason = [""], _BROKEN
        finally:
            csv.field_size_limit(limit)
        if damage:
            line, reason = damage[0]
        if header is None:
            header, unnamed = _checked_header(cells, f"{name}:{line}", reason)
        elif reason or len(cells) not in (0, len(header)):
            reason = reason or _count_problem(cells, len(header))
            yield f"{name}:{line}", escaped_text(b"".join(record)), reason
        elif cells:
            if any(map(_ESCAPED_CELL.search, record)):
                cells = [cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell for cell in cells]
            row = {column: cell or None for column, cell in zip(header, cells, strict=True)}
            for column in unnamed:
                if row[column] is None:
                    del row[column]
            yield f"{name}:{line}", row, None


def csv_line(cells: Iterable[Any]) -> str:
    """One record of a CSV file, without its line break."""
    text = io.StringIO()
    csv.writer(text).writerow(without_formula(cell) if isinstance(cell, str) else cell for cell in cells)
    return text.getvalue().removesuffix("\r\n")


def without_formula(cell: str) -> str:
    """The text of a cell, after an apostrophe if a spreadsheet would compute it: `=1+1` -> `'=1+1`."""
    return f"'{cell}" if cell[:1] in "=@+-\t\r'" and _FORMULA.match(cell) else cell


def separator_of(line: str) -> str:
    """What stands between the names of a header: the most frequent of SEPARATORS outside quotes; a comma if none."""
    counts = Counter(_QUOTED_CELL.sub("", line))
    return max(SEPARATORS, key=lambda mark: counts[mark])


def table_start(lines: Iterator[bytes], separator: str | None, *, sniff: bool) -> tuple[list[bytes], str]:
    """The first line that is not blank, if there is one, and the separator."""
    for line in lines:
        text = line.decode("utf-8-sig", errors="replace")
        if match := SEPARATOR_LINE.fullmatch(text):
            separator = match[1]
        elif text.strip(f" \r\n{SEPARATORS}"):
            return [line], separator or (separator_of(text) if sniff else ",")
    return [], separator or ","


def _count_problem(cells: Sequence[str], columns: int) -> str:
    """Why a row with another number of cells than the header cannot be read."""
    text = f"{len(cells)} cells where the header has {columns}"
    return (
        f"{text}: take away the separator at the end of the row"
        if not any(cells[columns:]) and len(cells) > columns
        else text
    )


def _checked_header(cells: list[str], where: str, reason: str | None) -> tuple[list[str], list[str]]:
    """The names of the columns, and those that were made up. CxrError for a header that is none."""
    if reason is None and len(cells) > _MOST_COLUMNS:
        reason = f"{len(cells):,} columns, which are more than {_MOST_COLUMNS:,}: is it a table of rows?"
    cells = [cell.strip() for cell in cells]  # "id, report"
    names = [cell or f"column {number}" for number, cell in enumerate(cells, 1)]
    if reason is None and len(set(names)) < len(names):
        name, _ = Counter(names).most_common(1)[0]
        first = names.index(name)
        second = names.index(name, first + 1)
        reason = f"columns {first + 1} and {second + 1} have the same name: rename one of them"
    if reason:
        raise CxrError(f"{where}: {reason}")
    return names, [name for name, cell in zip(names, cells, strict=True) if not cell]
