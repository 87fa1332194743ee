"""Rows to standard output and to files.

A JSONL file grows row by row, so that a run that is killed leaves whole rows, which `--resume` continues. Everything
else (.parquet, .csv, .gz, .zst) is written as `OUT.part` and renamed once it is complete.
"""

import io
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, cast

import msgspec

from cxr_cli.errors import CxrError, RowError
from cxr_cli.records import Row
from cxr_cli.rows.files.formats import Sink, format_of

_claimed: BinaryIO | None = None


class Output:
    """Writes rows as JSON lines. As a context manager it keeps the file after success and after a RowError.

    path: None is standard output, which stays open. part: the file until it is complete.
    """

    def __init__(self, sink: Sink, path: Path | None, part: Path | None = None) -> None:
        self._sink, self._path, self._part = sink, path, part

    def write(self, row: Row) -> None:
        _write(self._sink, msgspec.json.encode(row) + b"\n", self._path)

    def is_at(self, path: Path) -> bool:
        """Whether rows go into this file: `cxr verify a.jsonl >> a.jsonl` would never end."""
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
    """Standard output for None and "-". Raises CxrError for a path that cannot be written or is not empty."""
    if path is None or str(path) == "-":
        return Output(claim_stdout(), None)
    if path.is_dir():
        raise CxrError(f"{path} is a folder, not a file")
    if not path.parent.is_dir():
        raise CxrError(f"{path}: no folder {path.parent}")
    if path.exists() and not path.is_file():  # /dev/null, >(gzip > rows.gz)
        return Output(path.open("wb", buffering=0), path)
    file_format, pack = format_of(path)
    plain = file_format.appends and not pack
    if resume and not plain:
        raise CxrError(f"{path}: --resume needs a .jsonl output; other formats are written in one go")
    if path.exists() and path.stat().st_size and not (resume or overwrite):
        raise CxrError(f"{path} exists: {'--resume continues it, ' if plain else ''}--overwrite replaces it")
    if plain:
        return Output(path.open("ab", buffering=0) if resume else file_format.write(path, pack), path)
    part = path.with_name(f"{path.name}.part")
    return Output(file_format.write(part, pack), path, part)


def claim_stdout() -> BinaryIO:
    """Standard output, unbuffered. After the first call everything else that is printed there goes to stderr.

    This includes what libraries print from C and what child processes print: file descriptor 1 itself is redirected.
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
    """Writes a text that is itself the product, such as a summary, to standard output."""
    _write(claim_stdout(), f"{text}\n".encode(), None)


def _write(sink: Sink, line: bytes, path: Path | None) -> None:
    try:
        written = sink.write(line)
        while written < len(line):  # a pipe or a full disk may take only a part
            written += sink.write(line[written:])
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _failed(path, error) from error


def _failed(path: Path | None, error: OSError) -> CxrError:
    return CxrError(f"{path or 'stdout'}: {error.strerror or 'could not be written'}")
