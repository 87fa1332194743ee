"""Records of a big CSV file by number. The file stays on disk; where records begin is found by counting quotes."""

import csv
import io
import mmap
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from cxr_cli.errors import CxrError, RowError
from cxr_cli.rows import Row
from cxr_cli.rows.files.lines import text_problem
from cxr_cli.sources.formats.data_set_csv import require_columns

_CHUNK_BYTES = 1 << 24
_QUOTE_BYTE, _NEWLINE_BYTE = 34, 10


class CsvIndex:
    """The records of a CSV file, eight bytes of memory for each. names: of its columns.

    records = CsvIndex(Path("df_chexpert_plus_240401.csv"))
    records[0]           # the first record below the header: {"path_to_image": "train/..", ..}, a blank cell None
    """

    def __init__(self, path: Path) -> None:
        if not path.stat().st_size:
            raise CxrError(f"{path}: an empty file")
        with path.open("rb") as file:
            self._bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self._path = path
        self._ends = _ends(self._bytes)
        self.names = self._cells(0)

    def require(self, names: Iterable[str]) -> None:
        """Raises CxrError for a column that the file lacks."""
        require_columns(self._path, self.names, names)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, number: int) -> Row:
        """Raises RowError for a record that is not text or has more or fewer cells than the header."""
        cells = self._cells(number + 1)
        if len(cells) != len(self.names):
            raise RowError("", f"{len(cells)} cells where the header has {len(self.names)}")
        return {name: cell or None for name, cell in zip(self.names, cells, strict=True)}

    def _cells(self, record: int) -> list[str]:
        start = int(self._ends[record - 1]) if record else 0
        line = self._bytes[start : int(self._ends[record])]
        if reason := text_problem(line):
            raise RowError("", reason)
        text = io.StringIO(line.decode("utf-8-sig"), newline="")
        return next(csv.reader(text), [])


def _ends(data: mmap.mmap) -> np.ndarray:
    """Where each record ends: at a newline with an even number of quotes before it."""
    content = np.frombuffer(data, np.uint8)
    parts, quote_count = [], 0
    for start in range(0, len(content), _CHUNK_BYTES):
        chunk = content[start : start + _CHUNK_BYTES]
        quotes, newlines = np.flatnonzero(chunk == _QUOTE_BYTE), np.flatnonzero(chunk == _NEWLINE_BYTE)
        before = quote_count + np.searchsorted(quotes, newlines)
        parts.append(newlines[before % 2 == 0] + start + 1)
        quote_count += len(quotes)
    ends = np.concatenate(parts)
    return ends if ends[-1:] == len(content) else np.append(ends, len(content))
