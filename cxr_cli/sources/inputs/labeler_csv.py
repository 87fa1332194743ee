"""The CSV files that the CheXpert labeler and CheXbert take: reports without ids, with or without a header.

"Small effusion, no edema."                     the labeler's: one column, no header
Report Impression                               CheXbert's, and tables that either has written (`Reports`)
Small effusion.

->  {"id": "1", "report": "Small effusion, no edema."}       the id is the number of the record
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from cxr_cli import sources
from cxr_cli.errors import CxrError
from cxr_cli.rows import Item, Source
from cxr_cli.rows.fields import NON_TEXT_FIELDS
from cxr_cli.rows.files.csv_format import OTHER_SEPARATORS, read_csv
from cxr_cli.rows.files.formats import format_of, is_csv, open_file

REPORT_COLUMNS = ("reports", "report impression")  # of the two tools
_TEXTS = (*REPORT_COLUMNS, "report", "text", "findings", "impression")  # what a single column is called
_COLUMN_NAMES = {*_TEXTS, "id", "uid", "study_id", "subject_id", "patient"}
_SINGLE_WORD = re.compile(r"[A-Za-z_]\w*")


def find(name: str, column: str | None = None) -> Source:
    """What an INPUT names, as `sources.find`, and files without ids. column: of the reports, if the user names it.

    CxrError: cells that no commas separate, or a single column of which it is not clear whether it has a name.
    """
    path = Path(name)
    if not path.is_file() or not is_csv(path):
        return sources.find(name)
    first = _first_record(path)
    if len(first) == 1:
        header, text = _single_column(name, first[0], column)
        return _numbered(path, header, text, kept=column is not None or text not in NON_TEXT_FIELDS)
    column = next((cell for cell in first if cell.strip().lower() in REPORT_COLUMNS), None) if column is None else None
    return sources.find(name) if column is None or "id" in first else _numbered(path, None, column, kept=True)


def _single_column(name: str, first: str, column: str | None) -> tuple[Sequence[str] | None, str]:
    """The header to read it with, None for its own, and the column of reports. first: the first cell."""
    word = first.strip()
    for separator, why in OTHER_SEPARATORS.items():
        if separator in first and not _COLUMN_NAMES.isdisjoint(part.strip().lower() for part in first.split(separator)):
            raise CxrError(f"{name}:1: {why}")
    if word.lower() in _TEXTS or column is not None:
        return None, first
    if _SINGLE_WORD.fullmatch(word):
        raise CxrError(
            f"{name}:1: one column that begins with a single word; if it is the column's name: --map report=NAME; "
            "if it is a report, put a line `report` above it"
        )
    return ["report"], "report"


def _first_record(path: Path) -> list[str]:
    """Its cells; [] for a file that is broken there, about which its reader will say more."""
    with open_file(path, "rb", format_of(path)[1]) as file:
        try:
            return next(csv.reader(io.TextIOWrapper(file, "utf-8-sig", newline=""), strict=True), [])
        except (csv.Error, UnicodeDecodeError):
            return []


def _numbered(path: Path, header: Sequence[str] | None, column: str, *, kept: bool) -> Source:
    """kept: does the column stay beside `report`, under its own name?"""

    def items() -> Iterator[Item]:
        stream = open_file(path, "rb", format_of(path)[1])
        for number, (where, row, reason) in enumerate(read_csv(stream, str(path), header), 1):
            if reason is None:
                row = {"id": str(number), "report": row[column] if kept else row.pop(column), **row}
            yield where, row, reason

    return Source(str(path), items, table=True, path=path)
