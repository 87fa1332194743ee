"""Excel's workbooks: their first sheet, as if it had been saved as CSV."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

from cxr_cli.errors import CxrError
from cxr_cli.extras import need
from cxr_cli.rows.files.csv_format import read_csv
from cxr_cli.rows.files.formats import Item, Shards, Sink

_EMPTY_ROW = re.compile(r"^,+$", re.M)
_BREAK = "\v"  # stands for a line break in a cell, so that a row is a line and its number that of the sheet


class XlsxFormat:
    """Read, not written. A cell is a text, as in CSV; a date is `2020-01-02 00:00:00`."""

    packed, appends, table, writable = False, False, True, False

    def read(self, path: Path, pack: str) -> Iterator[Item]:
        """where: `path:row`, as the sheet numbers them. The whole sheet is in memory."""
        for where, row, reason in read_csv(_sheet_as_csv(path), str(path), separator=","):
            if isinstance(row, dict):
                row = {name: cell.replace(_BREAK, "\n") if cell else cell for name, cell in row.items()}
            yield where, row, reason

    def shards(self, path: Path) -> Shards | None:
        return None

    def write(self, path: Path, pack: str) -> Sink:
        raise NotImplementedError


def _sheet_as_csv(path: Path) -> io.BytesIO:
    with need("xlsx"):
        import fastexcel
    import polars as pl

    try:
        sheet = fastexcel.read_excel(path).load_sheet(0, header_row=None, dtypes="string")
    except fastexcel.FastExcelError as error:
        raise CxrError(f"{path}: not a workbook, or a damaged one") from error
    cells = pl.DataFrame(sheet).select(pl.all().str.replace_all(r"\r\n?|\n", _BREAK))
    return io.BytesIO(_EMPTY_ROW.sub("", cells.write_csv(include_header=False)).encode())
