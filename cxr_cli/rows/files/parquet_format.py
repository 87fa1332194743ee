"""Parquet and Arrow, read and written in constant memory."""

import base64
from collections.abc import Callable, Container, Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from cxr_cli.errors import CxrError, note
from cxr_cli.records import Row
from cxr_cli.rows.files.embedded_films import film_names, is_film_type, scan_table
from cxr_cli.rows.files.formats import Item, Shards, Sink
from cxr_cli.rows.files.json_text import number_of

if TYPE_CHECKING:
    import polars as pl

Convert = Callable[[Any], Any]
_BATCH_ROWS, _FILM_ROWS = 1000, 16
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STREAM_START = b"\xff\xff\xff\xff"
_NANOSECONDS = {"ms": 1_000_000, "us": 1_000, "ns": 1}


class ParquetFormat:
    """Typed columns, lists and structs among them."""

    packed, appends, table, writable = False, False, True, True

    def read(self, path: Path, pack: str) -> Iterator[Item]:
        return read_parquet(path)

    def shards(self, path: Path) -> Shards | None:
        return partial(_read_part, path)

    def write(self, path: Path, pack: str) -> Sink:
        from cxr_cli.rows.files.table_writer import ParquetWriter

        return ParquetWriter(path)


class ArrowFormat:
    """Arrow's files, `.arrow`: the same columns."""

    packed, appends, table, writable = False, False, True, True

    def read(self, path: Path, pack: str) -> Iterator[Item]:
        with path.open("rb") as file:
            if file.read(len(_STREAM_START)) == _STREAM_START:
                raise CxrError(f"{path}: an Arrow stream, as `datasets` saves; write a file with its `to_parquet`")
        return _read_batches(path, "an Arrow file")

    def shards(self, path: Path) -> Shards | None:
        return None

    def write(self, path: Path, pack: str) -> Sink:
        from cxr_cli.rows.files.table_writer import ArrowWriter

        return ArrowWriter(path)


def read_parquet(path: Path) -> Iterator[Item]:
    """Rows with typed cells, lists and structs. where: `path:row`, from 1. path: a file, or a folder of files that may
    be partitioned: of `split=test/part.parquet` the rows have the split `test`. Films that are embedded are names, see
    `embedded_films`."""
    return _read_batches(path, "a Parquet file")


def _read_part(path: Path, k: int, n: int) -> Iterator[Item]:
    return _read_batches(path, "a Parquet file", lambda rows: (rows * (k - 1) // n, rows * k // n))


def _read_batches(path: Path, what: str, part: Callable[[int], tuple[int, int]] | None = None) -> Iterator[Item]:
    """part: of the number of all rows, those that are read: from which on, and where they end."""
    import polars as pl

    number, cells = 0, TableCells()
    try:
        table = scan_table(path)
        films = [name for name, type_ in table.collect_schema().items() if is_film_type(type_)]
        if part:
            number, end = part(table.select(pl.len()).collect().item())
            table = table.slice(number, end - number)
        for batch in table.collect_batches(chunk_size=_FILM_ROWS if films else _BATCH_ROWS):
            for row, reason in cells.rows(batch, films):
                number += 1
                row |= {name: film_names(row[name], path, name, number) for name in films}
                if reason:
                    row = {name: str(value) for name, value in row.items()}
                yield f"{path}:{number}", row, reason
    except (pl.exceptions.PolarsError, OSError) as error:
        raise CxrError(f"{path}: not {what}, or damaged after row {number}") from error
    if cells.not_numbers:
        note(f"{path}: {cells.not_numbers} numbers are NaN or infinite; they are read as null")


def _convert(row: Row, convert: Mapping[str, Convert]) -> str | None:
    """Converts these cells of the row, in place; returns why one cannot be."""
    for column, function in convert.items():
        try:
            if row[column] is not None:
                row[column] = function(row[column])
        except (OverflowError, ValueError):
            return f"column {list(row).index(column) + 1}: a time out of range"
    return None


def _as_count(type_: Any) -> Any:
    """The type with the counts of days or nanoseconds in the place of dates and times, of which polars cannot make
    Python's where they are out of range."""
    import polars as pl

    match type_:
        case pl.List() | pl.Array():
            return pl.List(_as_count(type_.inner))
        case pl.Struct():
            return pl.Struct([pl.Field(field.name, _as_count(field.dtype)) for field in type_.fields])
        case pl.Date():
            return pl.Int32()
        case pl.Datetime() | pl.Duration() | pl.Time():
            return pl.Int64()
    return type_


class TableCells:
    """Makes JSON's values of a column's. not_numbers: how many numbers were NaN or infinite."""

    def __init__(self) -> None:
        self.not_numbers = 0

    def rows(self, table: "pl.DataFrame", films: Container[str] = ()) -> Iterator[tuple[Row, str | None]]:
        """Each row of the table; with the reason, if it is broken. films: columns whose cells stay as they are."""
        import polars as pl

        types = {name: type_ for name, type_ in table.schema.items() if name not in films}
        convert = {name: convert for name, type_ in types.items() if (convert := self.converter(type_))}
        counts = [pl.col(name).cast(_as_count(types[name])) for name in convert]
        for row in table.with_columns(counts).iter_rows(named=True):
            yield row, _convert(row, convert)

    def converter(self, type_: Any) -> Convert | None:
        """A function for values that are not None; None if they are JSON's already. It raises OverflowError and
        ValueError for a time that is out of range."""
        import polars as pl

        match type_:
            case pl.List() | pl.Array():
                inner = self.converter(type_.inner)
                return inner and (lambda values: [None if value is None else inner(value) for value in values])
            case pl.Struct():
                fields = {field.name: convert for field in type_.fields if (convert := self.converter(field.dtype))}
                return (lambda value: _with_fields(value, fields)) if fields else None
            case pl.Float32() | pl.Float64():
                return self._number
            case pl.Decimal():
                return lambda value: int(value) if type_.scale == 0 else number_of(str(value))
            case pl.Binary():
                return _text_or_base64
            case pl.Date():
                return lambda days: (_EPOCH + timedelta(days)).date().isoformat()
            case pl.Time():
                return lambda count: (_EPOCH + timedelta(microseconds=count // 1000)).time().isoformat()
            case pl.Duration():
                return lambda count: msgspec.to_builtins(_delta(count, type_.time_unit))
            case pl.Datetime():
                from zoneinfo import ZoneInfo

                zone = ZoneInfo(type_.time_zone) if type_.time_zone else None
                return lambda count: _moment(_delta(count, type_.time_unit), zone)
        return None

    def _number(self, value: float) -> float | None:
        if isfinite(value):
            return value
        self.not_numbers += 1
        return None


def _with_fields(value: dict[str, Any], fields: Mapping[str, Convert]) -> dict[str, Any]:
    changes = {name: fields[name](value[name]) for name in fields if value[name] is not None}
    return value | changes


def _text_or_base64(value: bytes) -> str:
    """Text, as which some programs write it; other bytes in base64."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()


def _delta(count: int, unit: str) -> timedelta:
    return timedelta(microseconds=count * _NANOSECONDS[unit] // 1000)


def _moment(since_epoch: timedelta, zone: tzinfo | None) -> str:
    moment = _EPOCH + since_epoch
    local = moment.astimezone(zone) if zone else moment.replace(tzinfo=None)
    return local.isoformat().replace("+00:00", "Z")
