"""JSONL, read and written row by row."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonlines
import msgspec

from cxr_cli.rows.files.formats import Item, Sink, open_file
from cxr_cli.rows.files.lines import ByteStream, LineReader, escaped_text, text_problem


class JsonlFormat:
    """One JSON object a line."""

    packed, appends, table = True, True, False

    def read(self, path: Path, pack: str) -> Iterator[Item]:
        return read_jsonl(open_file(path, "rb", pack), str(path))

    def write(self, path: Path, pack: str) -> Sink:
        if not pack:
            return path.open("wb", buffering=0)
        packed: Any = open_file(path, "wb", pack)
        packed.write(b"")  # without it a .zst of no rows would be an empty file
        return packed  # type: ignore[no-any-return]


def read_jsonl(stream: ByteStream, name: str) -> Iterator[Item]:
    """One object a line; blank lines, a BOM and CRLF are allowed. where: `name:line`."""
    lines = LineReader(stream, name)
    reader = jsonlines.Reader(lines, loads=msgspec.json.decode)
    while True:
        try:
            row = reader.read(type=dict, skip_empty=True)
        except EOFError:
            return
        except jsonlines.InvalidLineError as error:
            yield f"{name}:{lines.number}", escaped_text(lines.line), _reason(lines.line, error.__cause__)
        else:
            yield f"{name}:{lines.number}", row, None


def _reason(line: bytes, cause: BaseException | None) -> str:
    """Why a line is not a row. cause: the decoder's error, whose text names a byte and quotes nothing."""
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
    hint = ": NaN and Infinity are not JSON; write null" if line[at:].startswith((b"NaN", b"Inf", b"-Inf")) else ""
    return f"broken JSON at byte {at + 1}{hint}"
