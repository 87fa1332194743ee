"""The lines of a file or a stream as bytes, and what is wrong with those that are not text."""

import codecs
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Protocol, Self

from cxr_cli.errors import CxrError
from cxr_cli.rows.files.formats import broken_pack_errors


class Lines(Protocol):
    """What is read of a stream."""

    def readline(self, limit: int, /) -> bytes: ...


ByteStream = AbstractContextManager[Lines]
LONGEST_LINE = 2**26
"""Bytes of a line, or of a report in a file of its own: more would be another kind of file, or a bomb of zeros."""
_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16's, with which it begins
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_PROBED_BYTES = 256
_SCAN_BYTES = 2**20


class LineReader:
    """The lines of a stream, as UTF-8. number: of the last one that was read.

    UTF-16 and UTF-32, and lines that end in a carriage return alone, are converted. Raises CxrError for a line that is
    longer than LONGEST_LINE, and for a file that is damaged.
    """

    def __init__(self, stream: ByteStream, name: str, before: int = 0) -> None:
        """before: how many lines of the file come before those of the stream."""
        self._stream, self._name = stream, name
        self.number = before

    def __iter__(self) -> Iterator[bytes]:
        try:
            with self._stream as stream:
                lines = _utf8_lines(stream, from_start=not self.number)
                for line in lines:
                    self.number += 1
                    if len(line) >= LONGEST_LINE:
                        raise CxrError(f"{self._name}:{self.number}: a line of more than {LONGEST_LINE >> 20} MB")
                    yield line
        except broken_pack_errors() as error:
            raise CxrError(f"{self._name}: the compressed data break off after line {self.number}") from error
        except UnicodeDecodeError as error:
            raise CxrError(f"{self._name}: damaged {error.encoding.upper()} after line {self.number}") from error


def _utf8_lines(stream: Lines, *, from_start: bool) -> Iterator[bytes]:
    """from_start: does the file begin here, with its byte order mark if it has one?"""
    lines = iter(partial(stream.readline, LONGEST_LINE), b"")
    if not from_start:
        return lines
    first = next(lines, b"")
    lines = chain([first] if first else (), lines)
    if encoding := wide_encoding(first):
        return _recoded(lines, encoding)
    if _is_old_macs(first):
        return chain.from_iterable(line.splitlines(keepends=True) for line in lines)
    return lines


def _is_old_macs(first: bytes) -> bool:
    """Do the lines of a file end in a carriage return alone, so that the whole of it looks like its first line?"""
    return b"\r" in first.rstrip(b"\r") and b"\n" not in first


def _recoded(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The lines of a text in another encoding, as UTF-8."""
    rest = ""
    for text in codecs.iterdecode(chunks, encoding):
        *whole, rest = f"{rest}{text}".split("\n")
        yield from (f"{line}\n".encode() for line in whole)
    if rest:
        yield rest.encode()


class Stretch:
    """The lines of a file that begin in the k-th of n equal parts of its bytes, as a stream.

    lines_before: how many lines of the file come before them.
    """

    def __init__(self, path: Path, k: int, n: int) -> None:
        self._file = path.open("rb")
        size = os.fstat(self._file.fileno()).st_size
        start, self._end = size * (k - 1) // n, size * k // n
        if start:  # in a line that begins before: it belongs to the part before
            self._file.seek(start - 1)
            while (rest := self._file.readline(_SCAN_BYTES)) and not rest.endswith(b"\n"):
                pass
        self._place = self._file.tell()
        self.lines_before = self._count_lines()

    @classmethod
    def fits(cls, path: Path) -> bool:
        """Can lines be told apart from any byte on? Not in UTF-16, where a line break is two bytes."""
        with path.open("rb") as file:
            first = file.readline(LONGEST_LINE)
        return not (wide_encoding(first) or _is_old_macs(first))

    def _count_lines(self) -> int:
        self._file.seek(0)
        count, left = 0, self._place
        while left and (block := self._file.read(min(left, _SCAN_BYTES))):
            count, left = count + block.count(b"\n"), left - len(block)
        return count

    def readline(self, limit: int = -1, /) -> bytes:
        line = self._file.readline(limit) if self._place < self._end else b""
        self._place += len(line)
        return line

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()


def wide_encoding(start: bytes) -> str | None:
    """ "utf-16", "utf-32" or a form of them without a byte order mark, if a text of Latin letters begins so."""
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if start.startswith(mark):
            return encoding
    probe = start[:_PROBED_BYTES]
    for encoding, high, low in (("utf-16-le", probe[1::2], probe[0::2]), ("utf-16-be", probe[0::2], probe[1::2])):
        if len(low) > 3 and 2 * high.count(0) > len(low) and not low.count(0):
            return encoding
    return None


def escaped_text(line: bytes) -> str:
    """A broken line as text for JSON: bytes that are not UTF-8 become `\\xe9`."""
    return line.decode(errors="backslashreplace").rstrip("\r\n")


def text_problem(line: bytes) -> str | None:
    """Why these bytes are not UTF-8 text; None if they are."""
    if line.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16, not UTF-8; `iconv -f utf-16 -t utf-8` converts the file"
    if line.startswith((b"\x1f\x8b", b"\x28\xb5\x2f\xfd")):
        return "compressed data; unpack it first with `zcat` or `zstdcat`, or give a file named .gz or .zst"
    if line.startswith(b"PAR1"):
        return "Parquet, which cannot be read from a pipe; give its path, named .parquet"
    if b"\0" in line:
        return "a NUL byte; the file is damaged or not text"
    try:
        line.decode()
    except UnicodeDecodeError as error:
        return f"not UTF-8 at byte {error.start + 1}; if Windows wrote it, `iconv -f cp1252 -t utf-8` converts the file"
    return None


def whole_text(content: bytes) -> tuple[str, str | None]:
    """The text of a whole file, and None; of one that is not text, what could be read of it, and the reason."""
    if encoding := wide_encoding(content):
        try:
            return content.decode(encoding), None
        except UnicodeDecodeError:
            return escaped_text(content), f"damaged {encoding.upper()}"
    content = content.removeprefix(codecs.BOM_UTF8)
    if reason := text_problem(content):
        return escaped_text(content), reason
    return content.decode(), None


def is_utf8(name: str) -> bool:
    """Whether the name of a file can be written into a row: in Python bytes that are not UTF-8 are halves of pairs."""
    return not any("\ud800" <= character <= "\udfff" for character in name)
