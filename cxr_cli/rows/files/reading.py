"""What an INPUT names, a file or standard input, as a source of rows."""

import difflib
import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from cxr_cli.errors import CxrError
from cxr_cli.rows.files.csv_reader import read_csv
from cxr_cli.rows.files.formats import PACKS, extension
from cxr_cli.rows.files.jsonl_reader import read_jsonl
from cxr_cli.rows.files.lines import ByteStream, Item


@dataclass(frozen=True)
class Source:
    """Where rows come from. name: for messages. items: reads it from the start. table: cells may need `fields.restore`.

    parts: reads the items of one split, if that is quicker than reading all; CxrError: there is no such split.
    """

    name: str
    items: Callable[[], Iterator[Item]]
    table: bool = False
    path: Path | None = None
    parts: Callable[[str], Iterator[Item]] | None = None

    def part(self, split: str) -> "Source":
        """A source with all rows of this split, and perhaps with others."""
        return replace(self, items=partial(self.parts, split)) if self.parts else self


def find(name: str) -> Source:
    """The source that an INPUT names: "-" or a file. Raises CxrError when it cannot be read."""
    if name == "-":
        return Source("stdin", lambda: read_jsonl(_stdin(), "stdin"))
    path = Path(name)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise CxrError(f"{name}: no such file{_suggestion(path)}") from None
    if stat.S_ISDIR(mode):
        raise CxrError(f"{name} is a folder, not a file: name the files in it, {path / '*.jsonl'}")
    if not stat.S_ISREG(mode):  # <(zcat rows.jsonl.gz), /dev/stdin
        return Source(name, lambda: read_jsonl(path.open("rb"), name), path=path)
    layout, pack = extension(path)
    opener = PACKS.get(pack, open)
    if layout == ".jsonl":
        return Source(name, lambda: read_jsonl(opener(path, "rb"), name), path=path)
    if layout == ".csv":
        return Source(name, lambda: read_csv(opener(path, "rb"), name), table=True, path=path)
    from cxr_cli.rows.files.parquet_reader import read_parquet  # polars takes a third of a second to import

    return Source(name, lambda: read_parquet(path), table=True, path=path)


def _stdin() -> ByteStream:
    if sys.stdin is None:
        raise CxrError("stdin is closed: give a file, or pipe rows in")
    return nullcontext(sys.stdin.buffer)


def _suggestion(path: Path) -> str:
    try:
        close = difflib.get_close_matches(path.name, os.listdir(path.parent), n=1)
    except OSError:
        return f" (and no folder {path.parent})"
    return f"; there is {path.parent / close[0]}" if close else ""
