"""Rows from files and from standard input, one at a time."""

import difflib
import os
import re
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import jsonlines
import msgspec

from cxr_cli.errors import CxrError
from cxr_cli.rows.files.formats import PACKS, extension
from cxr_cli.rows.files.lines import ByteStream, Item, LineReader, escaped_text, text_problem


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
    from cxr_cli.rows.files import table_reader  # polars takes a third of a second to import

    if layout == ".csv":
        return Source(name, lambda: table_reader.read_csv(opener(path, "rb"), name), table=True, path=path)
    return Source(name, lambda: table_reader.read_parquet(path), table=True, path=path)


def read_jsonl(opened: ByteStream, name: str) -> Iterator[Item]:
    """One object a line; blank lines, a BOM and CRLF are fine."""
    lines = LineReader(opened, name)
    reader = jsonlines.Reader(lines, loads=msgspec.json.decode)
    while True:
        try:
            row = reader.read(type=dict, skip_empty=True)
        except EOFError:
            return
        except jsonlines.InvalidLineError as error:
            yield f"{name}:{lines.number}", escaped_text(lines.line), _why(lines.line, error.__cause__)
        else:
            yield f"{name}:{lines.number}", row, None


def _why(line: bytes, cause: BaseException | None) -> str:
    """The reason why a line is no row. cause: the decoder's error; its text names a byte, and quotes nothing."""
    if reason := text_problem(line):
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


def _stdin() -> ByteStream:
    if sys.stdin is None:
        raise CxrError("stdin is closed: give a file, or pipe rows in")
    return nullcontext(sys.stdin.buffer)


def _near(path: Path) -> str:
    try:
        close = difflib.get_close_matches(path.name, os.listdir(path.parent), n=1)
    except OSError:
        return f" (and no folder {path.parent})"
    return f"; there is {path.parent / close[0]}" if close else ""
