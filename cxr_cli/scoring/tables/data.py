"""The numbers of a document for spreadsheets and programs."""

import json

from cxr_cli.rows.files.csv_format import csv_line
from cxr_cli.scoring.tables.table import Document


def as_csv(document: Document) -> str:
    """A line a record, below the names of the columns; None is an empty cell."""
    records = ([record.get(column) for column in document.columns] for record in document.records)
    return "".join(f"{csv_line(cells)}\n" for cells in (document.columns, *records))


def as_json(document: Document) -> str:
    """One indented object."""
    return json.dumps(document.data, indent=2, ensure_ascii=False) + "\n"
