"""The formats of files of rows, by suffix: JSONL, CSV and Parquet, packed or not."""

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Protocol

from cxr_cli.errors import CxrError
from cxr_cli.registry import Registry
from cxr_cli.suggestions import known_names

Item = tuple[str, Any, str | None]
"""(`path:line`, the row, None), or for a broken row (`path:line`, what could be read of it, the reason)."""

Shards = Callable[[int, int], Iterator[Item]]
"""Reads the k-th of n parts of a file, from 1: each row of it is in one of them."""


class Sink(Protocol):
    """Takes rows as lines of JSON, and ends the file: a raw file, a gzip or zstd file, a table writer."""

    def write(self, line: bytes, /) -> int: ...
    def close(self) -> None: ...


class FileFormat(Protocol):
    """How the rows of a file are written.

    packed: may the file be compressed? appends: is a line of it a row as JSON? It then grows row by row, and `--resume`
    can continue it. table: do its cells hold lists and objects as text, which `fields.restore` turns back? writable:
    is it written too?
    """

    packed: ClassVar[bool]
    appends: ClassVar[bool]
    table: ClassVar[bool]
    writable: ClassVar[bool]

    def read(self, path: Path, pack: str) -> Iterator[Item]:
        """The rows in order. pack: "" or a suffix of PACKS."""
        ...

    def shards(self, path: Path) -> Shards | None:
        """Reads parts of a file that is not packed; None if its rows must be read from the first on."""
        ...

    def write(self, path: Path, pack: str) -> Sink:
        """A new file at `path`."""
        ...


FILE_FORMATS = Registry(
    {
        ".jsonl": "cxr_cli.rows.files.jsonl_format:JsonlFormat",
        ".csv": "cxr_cli.rows.files.csv_format:CsvFormat",
        ".tsv": "cxr_cli.rows.files.csv_format:TsvFormat",
        ".parquet": "cxr_cli.rows.files.parquet_format:ParquetFormat",
        ".arrow": "cxr_cli.rows.files.parquet_format:ArrowFormat",
        ".xlsx": "cxr_cli.rows.files.xlsx_format:XlsxFormat",
    }
)
PACKS = {".gz": "gzip", ".zst": "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd"}
"""How a file may be compressed: a suffix -> the module whose `open` reads and writes it."""


def is_csv(path: Path) -> bool:
    """Is the file named as CSV or TSV, packed or not?"""
    return path.name.lower().endswith(tuple(f"{suffix}{pack}" for suffix in (".csv", ".tsv") for pack in ("", *PACKS)))


def format_of(path: Path) -> tuple[FileFormat, str]:
    """`rows/a.jsonl.gz` -> (JsonlFormat(), ".gz"). Raises CxrError for an unknown suffix."""
    name = path.name.lower()
    pack = next((suffix for suffix in PACKS if name.endswith(suffix)), "")
    suffix = Path(name.removesuffix(pack)).suffix.replace(".ndjson", ".jsonl")
    if suffix in FILE_FORMATS:
        file_format: FileFormat = FILE_FORMATS.load(suffix)()
        if file_format.packed or not pack:
            return file_format, pack
    if suffix in (".xls", ".ods"):
        raise CxrError(f"{path}: of workbooks .xlsx alone is read; Excel and LibreOffice save it, and CSV UTF-8")
    raise CxrError(f"{path}: unknown extension{known_names(suffix, (*FILE_FORMATS, *PACKS), known_suffixes())}")


def known_suffixes(*, writable: bool = False) -> str:
    """ ".jsonl, .csv (and .gz or .zst of these), .parquet": for help texts and errors. writable: those alone."""
    formats = {suffix: FILE_FORMATS.load(suffix) for suffix in FILE_FORMATS}
    suffixes = [suffix for suffix, file_format in formats.items() if file_format.writable or not writable]
    packed = [suffix for suffix in suffixes if formats[suffix].packed]
    others = [suffix for suffix in suffixes if not formats[suffix].packed]
    return ", ".join([f"{', '.join(packed)} (and {' or '.join(PACKS)} of these)", *others])


def open_file(path: Path, mode: str, pack: str) -> Any:
    """A binary file, unpacked as it is read or packed as it is written."""
    return import_module(PACKS[pack]).open(path, mode) if pack else path.open(mode)


def broken_pack_errors() -> tuple[type[Exception], ...]:
    """What reading raises for compressed data that break off."""
    gzip, zstd = map(import_module, PACKS.values())
    return EOFError, gzip.zlib.error, gzip.BadGzipFile, zstd.ZstdError
