"""The lines of a file or a stream as bytes, and what is wrong with those that are not text."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager

from cxr_cli.errors import CxrError
from cxr_cli.rows.files.formats import BROKEN_PACK

ByteStream = AbstractContextManager[Iterable[bytes]]


class LineReader:
    """The lines of a stream. number, line: of the last one that was read."""

    def __init__(self, stream: ByteStream, name: str) -> None:
        self._stream, self._name = stream, name
        self.number, self.line = 0, b""

    def __iter__(self) -> Iterator[bytes]:
        try:
            with self._stream as stream:
                for self.number, self.line in enumerate(stream, 1):
                    yield self.line
        except BROKEN_PACK as error:
            raise CxrError(f"{self._name}: the compressed data break off after line {self.number}") from error


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
        return f"not UTF-8 at byte {error.start + 1}; if it is Latin-1, `iconv -f latin1 -t utf-8` converts the file"
    return None
