"""The formats of files of rows, by suffix: JSONL, CSV and Parquet, packed or not."""

import difflib
import gzip
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cxr_cli.errors import CxrError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACKS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".zst": zstd.open}
BROKEN_PACK = (EOFError, zlib.error, gzip.BadGzipFile, zstd.ZstdError)
"""What reading raises for compressed data that break off."""


def is_csv(path: Path) -> bool:
    """Is the file named as CSV, packed or not?"""
    return path.name.lower().endswith(tuple(f".csv{pack}" for pack in ("", *PACKS)))


def extension(path: Path) -> tuple[str, str]:
    """`rows/a.jsonl.gz` -> (".jsonl", ".gz"). Raises CxrError for an unknown one."""
    name = path.name.lower()
    pack = next((suffix for suffix in PACKS if name.endswith(suffix)), "")
    layout = Path(name.removesuffix(pack)).suffix.replace(".ndjson", ".jsonl")
    if layout in (".jsonl", ".csv") or (layout == ".parquet" and not pack):
        return layout, pack
    close = difflib.get_close_matches(layout, (".jsonl", ".csv", ".parquet", *PACKS), n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    raise CxrError(f"{path}: unknown extension; {hint}known are .jsonl, .csv (and .gz or .zst of these), .parquet")
