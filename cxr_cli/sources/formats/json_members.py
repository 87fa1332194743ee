"""The members of a big JSON file, one after the other, in memory for one.

{"q1": {"question": ".."}, "q2": ..}   ->   ("f.json:1", "q1", {"question": ".."}, None), ("f.json:2", "q2", ..), ..
"""

import json
import mmap
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.rows.files import json_text
from cxr_cli.rows.files.lines import text_problem

Member = tuple[str, str | None, Any, str | None]
"""(`path:number`, its key in an object, its value, None), or in the place of the value None, and the reason."""
_PART = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\[\]{}]', re.DOTALL)
_SCALAR = re.compile(rb"[^\s,:]+")  # between texts and brackets: a number, true, false, null
_OPEN_MARKS, _CLOSE_MARKS = b"[{", b"]}"
_HEAD_BYTES = 1 << 16


def json_members(path: Path) -> Iterator[Member]:
    """All values in the object or array that the file holds. CxrError: it holds neither, or breaks off."""
    if not path.stat().st_size:
        raise CxrError(f"{path}: an empty file")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        number, keyed = 0, False
        key: bytes | None = None
        for text in _outer_texts(data, path):
            if text in _OPEN_MARKS:
                keyed = text == b"{"
            elif keyed and key is None and text.startswith(b'"'):
                key = text
            else:
                number += 1
                yield f"{path}:{number}", None if key is None else _member_key(key), *_member_value(text)
                key = None


def _outer_texts(data: mmap.mmap, path: Path) -> Iterator[bytes]:
    """The mark that opens the outer object or array, and each text in it: keys, and values that are whole."""
    depth = start = end = 0  # of the value that is open; of the text before
    for part in _PART.finditer(data):
        mark = part[0][:1]
        if mark in _OPEN_MARKS:
            if depth == 0:
                yield mark
                end = part.end()
            elif depth == 1:
                start = part.start()
                yield from _SCALAR.findall(data, end, start)
            depth += 1
        elif mark in _CLOSE_MARKS:
            depth -= 1
            if depth == 0:
                yield from _SCALAR.findall(data, end, part.start())
            elif depth == 1:
                end = part.end()
                yield data[start:end]
        elif depth == 1:
            yield from _SCALAR.findall(data, end, part.start())
            end = part.end()
            yield part[0]
    if depth or not _PART.search(data):
        raise CxrError(f"{path}: {json_text.BROKEN_OFF}; download it again")


def holds(path: Path, *keys: str) -> bool:
    """Whether it is a file that has all these keys in quotes near its beginning."""
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return False
    return all(f'"{key}"'.encode() in head for key in keys)


def _member_key(text: bytes) -> str | None:
    """None for a text with broken escapes."""
    with suppress(ValueError):
        return str(json.loads(text.decode(errors="replace"), strict=False))
    return None


def _member_value(text: bytes) -> tuple[Any, str | None]:
    try:
        return json_text.decode(text), None
    except json_text.BrokenJson as error:
        if reason := text_problem(text):
            return None, reason
        with suppress(ValueError):
            if b"NaN" in text:  # as pandas writes an empty cell
                return json.loads(text, parse_constant=lambda _: None), None
        return None, error.reason
