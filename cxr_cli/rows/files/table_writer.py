"""Parquet and CSV, written in constant memory: the columns are known only when the last row is.

Rows go to a spool file first, while the type of each column is worked out; then batch by batch to the table.
"""

import tempfile
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import polars as pl
from polars.io.plugins import register_io_source

from cxr_cli.records import Row
from cxr_cli.rows.files import json_text

_BATCH_LINES = 2000
_GROUP = 5_000  # rows of a Parquet row group, which a reader holds in memory

Shape = Any
"""What a column holds: None (nulls so far), "str", "int", .., [Shape] (lists), {key: Shape} (objects), or MIXED."""
MIXED = "mixed"
_COMPRESSION: dict[str, Any] = {"": "uncompressed", ".gz": "gzip", ".zst": "zstd"}  # twice as fast as Python's gzip
_POLARS = {"str": pl.String, "bool": pl.Boolean, "int": pl.Int64, "float": pl.Float64}


class TableWriter:
    """Takes rows as JSON lines; `close` makes the table at `path`.

    A column whose values no single type can hold becomes JSON text.
    """

    nested = True  # may a cell hold a list or an object? If not, it holds JSON text.

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = tempfile.TemporaryFile(dir=path.parent)  # noqa: SIM115 - closed by `close`
        self._shapes: dict[str, Shape] = {}

    def write(self, line: bytes) -> int:
        for name, value in json_text.decode(line).items():
            self._shapes[name] = widen(self._shapes.get(name), value)
        return self._file.write(line)

    def close(self) -> None:
        try:
            self._file.flush()
            with self._path.open("wb") as table:  # by name a thread of polars may make it after a failure
                self.save(self._frame(), table)
        except pl.exceptions.PolarsError as error:
            raise OSError(str(error)) from error
        finally:
            self._file.close()

    def cells(self, row: Row, as_json: set[str]) -> Row:
        """`row` with the cells of these columns as JSON text; texts stay as they are."""
        for name in as_json & row.keys():
            if row[name] is not None and not isinstance(row[name], str):
                row[name] = json_text.encode(row[name]).decode()
        return row

    def save(self, frame: pl.LazyFrame, table: BinaryIO) -> None:
        """Writes the rows in one stream."""
        raise NotImplementedError

    def _frame(self) -> pl.LazyFrame:
        types = {name: _type(shape) for name, shape in (self._shapes or {"id": "str"}).items()}
        as_json = {name for name, type_ in types.items() if type_ is None or (type_.is_nested() and not self.nested)}
        schema = {name: pl.String if name in as_json else type_ for name, type_ in types.items()}

        def batches(columns: Any, predicate: Any, rows: int | None, size: int | None) -> Iterator[pl.DataFrame]:
            self._file.seek(0)
            while lines := list(islice(self._file, _BATCH_LINES)):
                yield pl.DataFrame([self.cells(json_text.decode(line), as_json) for line in lines], schema=schema)

        return register_io_source(batches, schema=schema)


class ParquetWriter(TableWriter):
    def save(self, frame: pl.LazyFrame, table: BinaryIO) -> None:
        frame.sink_parquet(table, row_group_size=_GROUP)


class ArrowWriter(TableWriter):
    def save(self, frame: pl.LazyFrame, table: BinaryIO) -> None:
        frame.sink_ipc(table)


class CsvWriter(TableWriter):
    nested = False

    def __init__(self, path: Path, pack: str, separator: str, escape: Callable[[str], str]) -> None:
        """pack: "", ".gz" or ".zst". escape: what is done to each text."""
        super().__init__(path)
        self._pack, self._separator, self._escape = pack, separator, escape

    def cells(self, row: Row, as_json: set[str]) -> Row:
        return {
            name: self._escape(cell) if isinstance(cell, str) else cell
            for name, cell in super().cells(row, as_json).items()
        }

    def save(self, frame: pl.LazyFrame, table: BinaryIO) -> None:
        packing = _COMPRESSION[self._pack]
        frame.sink_csv(table, separator=self._separator, compression=packing, check_extension=False)


def widen(shape: Shape, value: Any) -> Shape:
    """The shape of a column that held `shape` and now also holds `value`."""
    if value is None or shape == MIXED:
        return shape
    if isinstance(value, dict):
        shape = {} if shape is None else shape
        if not isinstance(shape, dict):
            return MIXED
        for key, inner in value.items():
            shape[key] = widen(shape.get(key), inner)
        return shape
    if isinstance(value, list):
        shape = [None] if shape is None else shape
        if not isinstance(shape, list):
            return MIXED
        for inner in value:
            shape[0] = widen(shape[0], inner)
        return shape
    kind = type(value).__name__
    if shape is None or shape == kind:
        return MIXED if kind == "int" and not -(2**63) <= value < 2**63 else kind
    return "float" if shape in ("int", "float") and kind in ("int", "float") else MIXED


def _type(shape: Shape) -> Any:
    """The polars type, or None when no single one holds it."""
    if isinstance(shape, dict):
        fields = {key: _type(inner) for key, inner in shape.items()}
        return pl.Struct(fields) if fields and None not in fields.values() else None
    if isinstance(shape, list):
        inner = _type(shape[0])
        return None if inner is None else pl.List(inner)
    return pl.Null() if shape is None else _POLARS.get(shape)
