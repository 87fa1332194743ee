"""Rows to standard output and to files.

A JSONL file grows row by row, so that a run that is killed leaves whole rows, which `--resume` continues. Everything
else (.parquet, .csv, .gz, .zst) is written as `OUT.cxr-part` and renamed at the end of the run, also of one that fails
or is interrupted; a run that is killed leaves none of it.
"""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from cxr_cli.errors import CxrError
from cxr_cli.records import Row
from cxr_cli.rows.files import json_text
from cxr_cli.rows.files.formats import Sink, format_of
from cxr_cli.rows.output.output_lock import OutputLock
from cxr_cli.rows.output.part_file import check_place, check_replaceable, part_of, put_in_place
from cxr_cli.rows.output.standard_output import STDOUT_NAMES, claim_stdout


class Output:
    """Writes rows as JSON lines. As a context manager it keeps the rows that were written, however the block ends.

    path: None is standard output, which stays open. part: the file until it is complete. lock: released at the end.
    old: does the file hold the rows of an earlier run? They are removed once there is something in their place.
    whole: are rows kept only if the block ends well?
    """

    def __init__(
        self,
        sink: Sink,
        path: Path | None,
        part: Path | None = None,
        lock: OutputLock | None = None,
        *,
        old: bool = False,
        whole: bool = False,
    ) -> None:
        self._sink, self._path, self._part, self._lock, self._old = sink, path, part, lock, old
        self._whole = whole
        self.rows = 0

    def write(self, row: Row) -> None:
        self._remove_old()
        _write(self._sink, json_text.encode(row) + b"\n", self._path)
        self.rows += 1

    def _remove_old(self) -> None:
        if self._old and isinstance(self._sink, io.FileIO):
            self._sink.truncate(0)
            self._old = False

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
            if kind is None:
                self._remove_old()
            if self._part is None or kind is None or (self.rows and not self._whole):
                self._sink.close()
                if self._part is not None:
                    put_in_place(self._part, self._path)
        except OSError as failure:
            raise _write_error(self._path, failure, lost=self._part is not None) from failure
        finally:
            if self._part is not None:
                self._part.unlink(missing_ok=True)
            if self._lock is not None:
                self._lock.close()


def open_output(
    path: Path | None, *, resume: Callable[[Path], None] | None = None, overwrite: bool = False, whole: bool = False
) -> Output:
    """Standard output for None and "-". Raises CxrError for a path that cannot be written, is not empty, or is being
    written by another run.

    resume: goes on with a file that is there; it gets the path first, to read what it holds. whole: the file is there
    only once all rows are.
    """
    if path is None or str(path) in STDOUT_NAMES:
        return Output(claim_stdout(), None)
    check_place(path)
    if not is_kept(path):
        return Output(path.open("wb", buffering=0), path)
    file_format, pack = format_of(path)
    if not file_format.writable:
        raise CxrError(f"{path}: {path.suffix.lower()} is read, not written; Excel and LibreOffice open .csv")
    plain = file_format.appends and not pack and not whole
    if resume and not plain:
        raise CxrError(f"{path}: --resume needs a .jsonl output; other formats are written in one go")
    if not resume and path.exists() and path.stat().st_size:
        check_replaceable(path, overwrite, hint="--resume continues it, " if plain else "")
    part = None if plain else part_of(path)
    lock = OutputLock(part or path, path)
    try:
        if resume:
            resume(path)
            lock.renew()
        if plain:
            return Output(path.open("ab", buffering=0), path, lock=lock, old=overwrite)
        return Output(file_format.write(part or path, pack), path, part, lock, whole=whole)
    except BaseException:
        lock.close()
        raise


def is_kept(path: Path | None) -> bool:
    """Is it a file, or will it be one, and not a stream: standard output, /dev/null, `>(gzip > rows.gz)`?"""
    return path is not None and str(path) not in STDOUT_NAMES and (path.is_file() or not path.exists())


class WholeFile:
    """A file of other things than rows: a page, a card, a plot. It takes its place when the block is through, and if
    the block fails nothing of it is kept. Standard output, a pipe and a device are written as the data come."""

    def __init__(self, path: Path) -> None:
        """CxrError: no file can be written there."""
        self._path: Path | None = path
        self._part: Path | None = None
        if str(path) in STDOUT_NAMES:
            self._path, self._sink = None, claim_stdout()
            return
        check_place(path)
        if not path.exists() or path.is_file():
            self._part = part_of(path)
        self._sink = open(self._part or path, "wb", buffering=0)  # noqa: SIM115 - closed at the end of the block

    def write(self, data: str | bytes) -> None:
        _write(self._sink, data.encode() if isinstance(data, str) else data, self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._path is None:
            return
        with errors_named(self._path):
            self._sink.close()
        if self._part is not None and kind is None:
            put_in_place(self._part, self._path)
        elif self._part is not None:
            self._part.unlink(missing_ok=True)


@contextmanager
def errors_named(path: Path) -> Iterator[None]:
    """CxrError, with the name of the file, for what the system says without one while it is written."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _write_error(path, error) from error


def write_text(text: str) -> None:
    """Writes a text that is itself the product, such as a summary, to standard output."""
    _write(claim_stdout(), f"{text}\n".encode(), None)


def _write(sink: Sink, line: bytes, path: Path | None) -> None:
    """Writes the whole line or, into a file, nothing of it."""
    offset = 0
    try:
        while offset < len(line):  # a pipe or a full disk may take only a part
            offset += sink.write(line[offset:] if offset else line)
    except BrokenPipeError:
        raise
    except OSError as error:
        if offset and isinstance(sink, io.FileIO):
            with suppress(OSError):
                sink.truncate(os.fstat(sink.fileno()).st_size - offset)
        raise _write_error(path, error) from error


def _write_error(path: Path | None, error: OSError, *, lost: bool = False) -> CxrError:
    hint = "; nothing of it is kept, while a .jsonl file keeps the rows before" if lost else ""
    return CxrError(f"{path or 'stdout'}: {error.strerror or 'could not be written'}{hint}")
