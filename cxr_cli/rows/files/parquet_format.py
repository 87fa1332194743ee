"""Parquet, read and written in constant memory."""

from collections.abc import Iterator
from pathlib import Path

from cxr_cli.errors import CxrError
from cxr_cli.rows.files.formats import Item, Sink

_BATCH = 1000


class ParquetFormat:
    """Typed columns, lists and structs among them."""

    packed, appends, table = False, False, True

    def read(self, path: Path, pack: str) -> Iterator[Item]:
        return read_parquet(path)

    def write(self, path: Path, pack: str) -> Sink:
        from cxr_cli.rows.files.table_writer import ParquetWriter

        return ParquetWriter(path)


def read_parquet(path: Path) -> Iterator[Item]:
    """Rows with typed cells, lists and structs. where: `path:row`, from 1."""
    import polars as pl  # takes a third of a second to import

    number = 0
    try:
        for batch in pl.scan_parquet(path, glob=False).collect_batches(chunk_size=_BATCH):
            for row in batch.iter_rows(named=True):
                number += 1
                yield f"{path}:{number}", row, None
    except pl.exceptions.PolarsError as error:
        raise CxrError(f"{path}: not a Parquet file, or damaged after row {number}") from error
