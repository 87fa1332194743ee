"""JSONL, read and written row by row."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from cxr_cli.rows.files import json_text
from cxr_cli.rows.files.formats import Item, Shards, Sink, open_file
from cxr_cli.rows.files.lines import ByteStream, LineReader, Stretch, escaped_text, text_problem

_BOM = b"\xef\xbb\xbf"
NO_ROW = "not a row: a row is one JSON object, {...}, on a line"


class JsonlFormat:
    """One JSON object a line."""

    packed, appends, table, writable = True, True, False, True

    def read(self, path: Path, pack: str) -> Iterator[Item]:
        return read_jsonl(open_file(path, "rb", pack), str(path))

    def shards(self, path: Path) -> Shards | None:
        return partial(_read_stretch, path) if Stretch.fits(path) else None

    def write(self, path: Path, pack: str) -> Sink:
        if not pack:
            return path.open("wb", buffering=0)
        packed: Any = open_file(path, "wb", pack)
        packed.write(b"")  # without it a .zst of no rows would be an empty file
        return packed  # type: ignore[no-any-return]


def _read_stretch(path: Path, k: int, n: int) -> Iterator[Item]:
    stretch = Stretch(path, k, n)
    return read_jsonl(stretch, str(path), stretch.lines_before)


def read_jsonl(stream: ByteStream, name: str, before: int = 0) -> Iterator[Item]:
    """One object a line. where: `name:line`. Blank lines, CRLF and a BOM are allowed, also of joined files. before: how
    many lines of the file come before those of the stream."""
    lines = LineReader(stream, name, before)
    for line in lines:
        text = line.removeprefix(_BOM)
        row, reason = None, None
        try:
            row = json_text.decode(text)
        except json_text.BrokenJson as error:
            reason = error.reason
        if isinstance(row, dict):
            yield f"{name}:{lines.number}", row, None
        elif text.strip():
            yield f"{name}:{lines.number}", escaped_text(text), line_problem(text, reason)


def line_problem(line: bytes, reason: str | None) -> str:
    """Why a line is not a row. reason: why it is not JSON; None if it is."""
    if problem := text_problem(line):
        return problem
    if reason is None or line.lstrip()[:1] not in (b"{", b"["):
        return NO_ROW
    if reason == json_text.BROKEN_OFF:
        end = "line" if line.endswith(b"\n") else "file"
        return f"broken JSON: the {end} ends in the middle of the row"
    return reason
