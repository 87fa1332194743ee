"""What an INPUT names, a file or standard input, as a source of rows."""

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from cxr_cli.errors import CxrError
from cxr_cli.rows.files.formats import FILE_FORMATS, FileFormat, Item, Shards, format_of
from cxr_cli.rows.files.jsonl_format import read_jsonl
from cxr_cli.rows.files.lines import ByteStream
from cxr_cli.suggestions import did_you_mean


@dataclass(frozen=True)
class Source:
    """Where rows come from. name: for messages. items: reads it from the start. table: cells may need `fields.restore`.

    parts: reads the items of one split, if that is quicker than reading all; CxrError: there is no such split.
    shards: reads the k-th of n parts of the file and nothing else of it; None if it cannot be read in parts.
    """

    name: str
    items: Callable[[], Iterator[Item]]
    table: bool = False
    path: Path | None = None
    parts: Callable[[str], Iterator[Item]] | None = None
    shards: Shards | None = None

    def part(self, split: str) -> "Source":
        """A source with all rows of this split, and perhaps with others."""
        return replace(self, items=partial(self.parts, split), shards=None) if self.parts else self

    def shard(self, k: int, n: int) -> "Source":
        """The k-th of n parts, from 1: together they hold each row once, broken ones too. They are stretches of the
        file where it can be read in parts, else every n-th row."""
        return replace(self, items=partial(self.shards, k, n) if self.shards else EveryNth(self.items, k, n))


class EveryNth:
    """Reads the k-th of every n items. total: how many items there were, once all are read."""

    def __init__(self, items: Callable[[], Iterator[Item]], k: int, n: int) -> None:
        self._items, self._k, self._n = items, k, n
        self.total = 0

    def __call__(self) -> Iterator[Item]:
        for number, item in enumerate(self._items(), 1):
            self.total = number
            if (number - self._k) % self._n == 0:
                yield item


def find(name: str) -> Source:
    """The source that an INPUT names: "-" or a file. Raises CxrError when it cannot be read."""
    if name == "-":
        return Source("stdin", lambda: read_jsonl(_stdin(), "stdin"))
    if not name.strip():  # for the system the empty name is the current folder
        raise CxrError("the name of an input is empty: is a variable of the shell not set?")
    path = Path(name)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise CxrError(f"{name}: no such file{_suggestion(path)}") from None
    except ValueError as error:
        raise CxrError(f"{name}: {error}") from error
    if stat.S_ISDIR(mode):
        if not has_parquet(path):
            raise CxrError(f"{name} is a folder, not a file: name the files in it, {path / '*.jsonl'}")
        parquet: FileFormat = FILE_FORMATS.load(".parquet")()
        return Source(name, lambda: parquet.read(path, ""), table=True, path=path, shards=parquet.shards(path))
    if not stat.S_ISREG(mode) and not path.suffix:  # <(zcat rows.jsonl.gz), /dev/stdin
        return Source(name, lambda: read_jsonl(path.open("rb"), name), path=path)
    file_format, pack = format_of(path)
    if not stat.S_ISREG(mode) and not file_format.packed:
        raise CxrError(f"{name}: this format cannot be read from a pipe")
    shards = file_format.shards(path) if stat.S_ISREG(mode) and not pack else None
    return Source(name, lambda: file_format.read(path, pack), table=file_format.table, path=path, shards=shards)


def has_parquet(folder: Path) -> bool:
    """Whether it is a folder of Parquet files, which may be partitioned, `split=test/part-0.parquet`, or lie in `data`,
    as on Hugging Face."""
    places = ("", "data/", "*=*/", "*=*/*=*/", "*=*/*=*/*=*/")
    return any(next(folder.glob(f"{place}*.parquet"), None) for place in places)


def _stdin() -> ByteStream:
    if sys.stdin is None:
        raise CxrError("stdin is closed: give a file, or pipe rows in")
    return nullcontext(sys.stdin.buffer)


def _suggestion(path: Path) -> str:
    try:
        names = os.listdir(path.parent)
    except OSError:
        return f" (and no folder {path.parent})"
    return did_you_mean(path.name, names, lambda name: f"; did you mean {path.parent / name}?")
