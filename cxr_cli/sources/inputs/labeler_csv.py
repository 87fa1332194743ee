"""The CSV files that the CheXpert labeler and CheXbert take: reports without ids, with or without a header.

"Small effusion, no edema."                     the labeler's: one column, no header
Report Impression                               CheXbert's, and tables that either has written (`Reports`)
Small effusion.

->  {"id": "1", "report": "Small effusion, no edema."}       the id is the number of the record
"""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path

from cxr_cli import sources
from cxr_cli.errors import CxrError
from cxr_cli.rows import Item, Source
from cxr_cli.rows.fields import NON_TEXT_FIELDS
from cxr_cli.rows.files.csv_format import read_csv, table_start
from cxr_cli.rows.files.formats import format_of, is_csv, open_file
from cxr_cli.rows.files.lines import LineReader

REPORT_COLUMNS = ("reports", "report impression")  # of the two tools
_TEXTS = (*REPORT_COLUMNS, "report", "text", "findings", "impression")  # what a single column is called
_KNOWN_COLUMNS = {*_TEXTS, "id", "uid", "study_id", "subject_id", "patient"}
_LONGEST_RECORD = 1000  # lines
_SINGLE_WORD = re.compile(r"[A-Za-z_]\w*")


def find(name: str, column: str | None = None) -> Source:
    """What an INPUT names, as `sources.find`, and files without ids. column: of the reports, if the user names it.

    CxrError: a single column of which it is not clear whether it has a name.
    """
    path = Path(name)
    if not path.is_file() or not is_csv(path):
        return sources.find(name)
    first, separator = _first_record(path)
    if len(first) == 1:
        header, text = _single_column(name, first[0], column)
        return _numbered(path, header, text, ",", keep=column is not None or text not in NON_TEXT_FIELDS)
    column = next((cell for cell in first if cell.strip().lower() in REPORT_COLUMNS), None) if column is None else None
    return (
        sources.find(name) if column is None or "id" in first else _numbered(path, None, column, separator, keep=True)
    )


def _single_column(name: str, first: str, column: str | None) -> tuple[Sequence[str] | None, str]:
    """The header to read it with, None for its own, and the column of reports. first: the first cell."""
    word = first.strip()
    if word.lower() in _TEXTS or column is not None:
        return None, first
    if _SINGLE_WORD.fullmatch(word):
        raise CxrError(
            f"{name}:1: one column that begins with a single word; if it is the column's name: --map report=NAME; "
            "if it is a report, put a line `report` above it"
        )
    return ["report"], "report"


def _first_record(path: Path) -> tuple[list[str], str]:
    """Its cells, and what separates them: commas, unless it holds names of columns between other marks. [] for a file
    that is broken there, about which its reader will say more."""
    lines = iter(LineReader(open_file(path, "rb", format_of(path)[1]), str(path)))
    start, separator = table_start(lines, None, sniff=True)
    texts = [line.decode("utf-8-sig", errors="replace") for line in chain(start, islice(lines, _LONGEST_RECORD))]

    def cells(separator: str) -> list[str]:
        try:
            return next(csv.reader(texts, delimiter=separator, strict=True), [])
        except csv.Error:
            return []

    has_names = not _KNOWN_COLUMNS.isdisjoint(name.strip().lower() for name in cells(separator))
    separator = separator if has_names else ","
    return cells(separator), separator


def _numbered(path: Path, header: Sequence[str] | None, column: str, separator: str, *, keep: bool) -> Source:
    """keep: does the column stay beside `report`, under its own name?"""

    def items() -> Iterator[Item]:
        stream = open_file(path, "rb", format_of(path)[1])
        for number, (where, row, reason) in enumerate(read_csv(stream, str(path), header, separator), 1):
            if reason is None:
                row = {"id": str(number), "report": row[column] if keep else row.pop(column), **row}
            yield where, row, reason

    return Source(str(path), items, table=True, path=path)
