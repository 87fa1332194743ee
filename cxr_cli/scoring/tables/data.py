"""The numbers of a document for spreadsheets and programs."""

import csv
import io
import json

from cxr_cli.scoring.tables.table import Document


def as_csv(document: Document) -> str:
    """A line a record, below the names of the columns; None is an empty cell."""
    out = io.StringIO()
    writer = csv.DictWriter(out, document.columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(document.records)
    return out.getvalue()


def as_json(document: Document) -> str:
    """One indented object."""
    return json.dumps(document.data, indent=2, ensure_ascii=False) + "\n"
