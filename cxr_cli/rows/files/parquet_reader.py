"""Parquet, read in constant memory."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from cxr_cli.errors import CxrError
from cxr_cli.rows.files.lines import Item

_BATCH = 1000


def read_parquet(path: Path) -> Iterator[Item]:
    """Rows with typed cells, lists and structs. where: `path:row`, from 1."""
    number = 0
    try:
        for batch in pl.scan_parquet(path, glob=False).collect_batches(chunk_size=_BATCH):
            for row in batch.iter_rows(named=True):
                number += 1
                yield f"{path}:{number}", row, None
    except pl.exceptions.PolarsError as error:
        raise CxrError(f"{path}: not a Parquet file, or damaged after row {number}") from error
