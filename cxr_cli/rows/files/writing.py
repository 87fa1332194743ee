"""Rows to standard output and to files.

JSONL grows row by row, and a run that is killed leaves whole rows, which `--resume` continues. Everything else
(.parquet, .csv, .gz, .zst) is written beside its place as `OUT.part`, and moved there once it is whole.
"""

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self, cast

import msgspec

from cxr_cli.errors import CxrError, RowError
from cxr_cli.records import Row
from cxr_cli.rows.files.formats import PACKS, extension

_claimed: BinaryIO | None = None


class Sink(Protocol):
    """What takes the bytes: a raw file, a gzip or zstd file, the spool of a table."""

    def write(self, line: bytes, /) -> int: ...
    def close(self) -> None: ...


class Output:
    """Takes rows as JSON lines. As a context manager it keeps the rows if all went well or one was bad (RowError).

    path: None is standard output, which stays open. part: where the rows are until they are whole.
    """

    def __init__(self, sink: Sink, path: Path | None, part: Path | None = None) -> None:
        self._sink, self._path, self._part = sink, path, part

    def write(self, row: Row) -> None:
        _write(self._sink, msgspec.json.encode(row) + b"\n", self._path)

    def is_at(self, path: Path) -> bool:
        """Do the rows go into that file? `cxr verify a.jsonl >> a.jsonl` would never end."""
        try:
            return isinstance(self._sink, io.FileIO) and os.path.samestat(os.fstat(self._sink.fileno()), path.stat())
        except OSError:
            return False

    def is_terminal(self) -> bool:
        return isinstance(self._sink, io.FileIO) and self._sink.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._path is None:
            return
        try:
            if self._part is None or kind is None or issubclass(kind, RowError):
                self._sink.close()
                if self._part is not None:
                    self._part.replace(self._path)
        except OSError as failure:
            raise _failed(self._path, failure) from failure
        finally:
            if self._part is not None:
                self._part.unlink(missing_ok=True)


def open_output(path: Path | None, *, resume: bool = False, overwrite: bool = False) -> Output:
    """Standard output for None and "-". Raises CxrError for a path that cannot be written or that holds something."""
    if path is None or str(path) == "-":
        return Output(claim_stdout(), None)
    if path.is_dir():
        raise CxrError(f"{path} is a folder, not a file")
    if not path.parent.is_dir():
        raise CxrError(f"{path}: no folder {path.parent}")
    if path.exists() and not path.is_file():  # /dev/null, >(gzip > rows.gz)
        return Output(path.open("wb", buffering=0), path)
    layout, pack = extension(path)
    plain = layout == ".jsonl" and not pack
    if resume and not plain:
        raise CxrError(f"{path}: --resume needs a .jsonl output; all others are there only when they are whole")
    if path.exists() and path.stat().st_size and not (resume or overwrite):
        raise CxrError(f"{path} exists: {'--resume continues it, ' if plain else ''}--overwrite replaces it")
    if plain:
        return Output(path.open("ab" if resume else "wb", buffering=0), path)
    part = path.with_name(f"{path.name}.part")
    if layout == ".jsonl":
        packed = PACKS[pack](part, "wb")
        packed.write(b"")  # without it a .zst of no rows is no .zst
        return Output(packed, path, part)
    from cxr_cli.rows.files.table_writer import Spool  # polars takes a third of a second to import

    return Output(Spool(part, layout, pack), path, part)


def finished_ids(path: Path) -> Iterator[str]:
    """The ids of the rows that an earlier run left in `path`; half a row at its end is cut off first."""
    row_id = msgspec.json.Decoder(_WithId)
    with path.open("r+b") as file:
        _cut_half_row(file)
        for number, line in enumerate(file, 1):
            try:
                yield row_id.decode(line).id
            except ValueError as error:
                raise CxrError(f"{path}:{number}: not a row with an id: --resume cannot tell what is done") from error


class _WithId(msgspec.Struct):
    id: str


def _cut_half_row(file: BinaryIO) -> None:
    size = end = file.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - 65536)
        file.seek(start)
        newline = file.read(end - start).rfind(b"\n")
        if newline >= 0:
            end = start + newline + 1
            break
        end = start
    if end < size:
        file.truncate(end)
    file.seek(0)


def claim_stdout() -> BinaryIO:
    """Standard output, unbuffered. From the first call on, all else that is printed there lands on stderr.

    That holds for what a library prints from C and what a child process prints: file descriptor 1 itself is turned.
    """
    global _claimed
    if _claimed is not None:
        return _claimed
    if sys.stdout is None:
        raise CxrError("stdout is closed: give -o FILE")
    try:
        captured = sys.stdout.fileno() != 1
    except OSError:
        captured = True
    if captured:
        return cast(BinaryIO, sys.stdout.buffer)
    sys.stdout.flush()
    _claimed = open(os.dup(1), "wb", buffering=0)  # noqa: SIM115 - open to the end
    os.dup2(2 if sys.stderr is not None else os.open(os.devnull, os.O_WRONLY), 1)
    return _claimed


def write_text(text: str) -> None:
    """A text that is itself the product, such as a summary, to standard output."""
    _write(claim_stdout(), f"{text}\n".encode(), None)


def _write(sink: Sink, line: bytes, path: Path | None) -> None:
    try:
        written = sink.write(line)
        while written < len(line):  # a pipe or a full disk takes less than all
            written += sink.write(line[written:])
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _failed(path, error) from error


def _failed(path: Path | None, error: OSError) -> CxrError:
    return CxrError(f"{path or 'stdout'}: {error.strerror or 'could not be written'}")
