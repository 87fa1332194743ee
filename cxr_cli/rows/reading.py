"""Rows from files and from standard input, one at a time."""

import difflib
import gzip
import os
import re
import stat
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import jsonlines
import msgspec

from cxr_cli.errors import CxrError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

Item = tuple[str, Any, str | None]
"""`path:line`, the row, None; of a broken one `path:line`, what could be read of it, the reason."""

Opened = AbstractContextManager[Iterable[bytes]]

PACKS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".zst": zstd.open}
_BROKEN_PACK = (EOFError, zlib.error, gzip.BadGzipFile, zstd.ZstdError)


@dataclass(frozen=True)
class Source:
    """Something that gives rows. name: as messages show it. table: its cells may need `fields.restore`.

    parts: the items of one split, if there is a quicker way to them than to read all; CxrError when it has no such
    split.
    """

    name: str
    items: Callable[[], Iterator[Item]]
    table: bool = False
    path: Path | None = None
    parts: Callable[[str], Iterator[Item]] | None = None

    def part(self, split: str) -> "Source":
        """The same rows or fewer, those of `split` among them."""
        return replace(self, items=partial(self.parts, split)) if self.parts else self


def find(name: str) -> Source:
    """The source that an INPUT names: "-" or a file. Raises CxrError when there is none that can be read."""
    if name == "-":
        return Source("stdin", lambda: read_jsonl(_stdin(), "stdin"))
    path = Path(name)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise CxrError(f"{name}: no such file{_near(path)}") from None
    if stat.S_ISDIR(mode):
        raise CxrError(f"{name} is a folder, not a file: name the files in it, {path / '*.jsonl'}")
    if not stat.S_ISREG(mode):  # <(zcat rows.jsonl.gz), /dev/stdin
        return Source(name, lambda: read_jsonl(path.open("rb"), name), path=path)
    layout, pack = extension(path)
    opener = PACKS.get(pack, open)
    if layout == ".jsonl":
        return Source(name, lambda: read_jsonl(opener(path, "rb"), name), path=path)
    from cxr_cli.rows import tables  # polars takes a third of a second to import

    if layout == ".csv":
        return Source(name, lambda: tables.read_csv(opener(path, "rb"), name), table=True, path=path)
    return Source(name, lambda: tables.read_parquet(path), table=True, path=path)


def extension(path: Path) -> tuple[str, str]:
    """`rows/a.jsonl.gz` -> (".jsonl", ".gz"). Raises CxrError for one that is not known."""
    name = path.name.lower()
    pack = next((suffix for suffix in PACKS if name.endswith(suffix)), "")
    layout = Path(name.removesuffix(pack)).suffix.replace(".ndjson", ".jsonl")
    if layout in (".jsonl", ".csv") or (layout == ".parquet" and not pack):
        return layout, pack
    close = difflib.get_close_matches(layout, (".jsonl", ".csv", ".parquet", *PACKS), n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    raise CxrError(f"{path}: unknown extension; {hint}known are .jsonl, .csv (and .gz or .zst of these), .parquet")


class Lines:
    """The lines of a stream, and the number and the bytes of the one given last."""

    def __init__(self, opened: Opened, name: str) -> None:
        self._opened, self._name = opened, name
        self.number, self.line = 0, b""

    def __iter__(self) -> Iterator[bytes]:
        try:
            with self._opened as stream:
                for self.number, self.line in enumerate(stream, 1):
                    yield self.line
        except _BROKEN_PACK as error:
            raise CxrError(f"{self._name}: the compressed data break off after line {self.number}") from error


def read_jsonl(opened: Opened, name: str) -> Iterator[Item]:
    """One object a line; blank lines, a BOM and CRLF are fine."""
    lines = Lines(opened, name)
    reader = jsonlines.Reader(lines, loads=msgspec.json.decode)
    while True:
        try:
            row = reader.read(type=dict, skip_empty=True)
        except EOFError:
            return
        except jsonlines.InvalidLineError as error:
            yield f"{name}:{lines.number}", as_text(lines.line), _why(lines.line, error.__cause__)
        else:
            yield f"{name}:{lines.number}", row, None


def as_text(line: bytes) -> str:
    """A broken line as a text that can stand in JSON: bytes that are not UTF-8 become `\\xe9`."""
    return line.decode(errors="backslashreplace").rstrip("\r\n")


def why_no_text(line: bytes) -> str | None:
    """The reason why these bytes are no line of UTF-8 text, or None."""
    if line.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16, not UTF-8; `iconv -f utf-16 -t utf-8` converts the file"
    if line.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")):
        return "compressed data; unpack it first with `zcat` or `zstdcat`, or give a file named .gz or .zst"
    if line.startswith(b"PAR1"):
        return "Parquet, which cannot be read from a pipe; give its path, named .parquet"
    if b"\0" in line:
        return "a NUL byte; the file is damaged or not a text"
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return f"not UTF-8 at byte {error.start + 1}; if it is Latin-1, `iconv -f latin1 -t utf-8` converts the file"
    return None


def _why(line: bytes, cause: BaseException | None) -> str:
    """The reason why a line is no row. cause: the decoder's error; its text names a byte, and quotes nothing."""
    if reason := why_no_text(line):
        return reason
    match = re.search(r"byte (\d+)", str(cause))
    at = int(match[1]) if match else None
    if cause is None or at == 0:
        return "not a row: a row is one JSON object, {...}, on a line"
    if "truncated" in str(cause) or (at and not line[at:].strip()):
        end = "line" if line.endswith(b"\n") else "file"
        return f"broken JSON: the {end} ends in the middle of the row"
    if at is None:
        return f"broken JSON: {cause}"
    hint = ": NaN and Infinity are no JSON; write null" if line[at:].startswith((b"NaN", b"Inf", b"-Inf")) else ""
    return f"broken JSON at byte {at + 1}{hint}"


def _stdin() -> Opened:
    if sys.stdin is None:
        raise CxrError("stdin is closed: give a file, or pipe rows in")
    return nullcontext(sys.stdin.buffer)


def _near(path: Path) -> str:
    try:
        close = difflib.get_close_matches(path.name, os.listdir(path.parent), n=1)
    except OSError:
        return f" (and no folder {path.parent})"
    return f"; there is {path.parent / close[0]}" if close else ""
