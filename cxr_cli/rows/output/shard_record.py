"""What a run with `--shard K/N` notes beside its output, and `cxr merge` checks before it joins the parts."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.rows.files.reading import EveryNth, Source
from cxr_cli.rows.output.part_file import part_of, put_in_place

SUFFIX = ".shard"
_PROBES, _PROBE_BYTES = 16, 4096  # of a file, whose digest must not take the time of reading it


@dataclass(frozen=True)
class ShardRecord:
    """A part that has ended: `part-2.jsonl.shard` for `part-2.jsonl`.

    shard: (k, n). inputs: see `inputs_of`. options: the signature of the rows, and what else decides which rows there
    are and how they are written. digest: of the output. rejected: how many rows of the input were rejected. failed: how
    many rows of the output lack what a model was to give.
    """

    shard: tuple[int, int]
    inputs: list[tuple[str, str | None]]
    options: str
    digest: str
    rejected: int
    failed: int

    def write(self, output: Path) -> None:
        place = shard_file(output)
        part = part_of(place)
        part.write_text(f"{json.dumps(asdict(self))}\n")
        put_in_place(part, place)

    @classmethod
    def read(cls, output: Path) -> "ShardRecord":
        """Raises CxrError: there is none, so the run has not ended, or it is none."""
        if not output.is_file():
            raise CxrError(f"{output}: {'a folder: name the parts in it' if output.is_dir() else 'no such file'}")
        place = shard_file(output)
        try:
            values: Any = json.loads(place.read_text())
            inputs = [(str(name), digest) for name, digest in values["inputs"]]
            k, n = map(int, values["shard"])
            counts = int(values["rejected"]), int(values["failed"])
            return cls((k, n), inputs, str(values["options"]), str(values["digest"]), *counts)
        except FileNotFoundError:
            raise CxrError(
                f"{output}: no {place.name} beside it: its run has not ended (finish it with --resume), had --limit, "
                "or lacked --shard K/N or -o"
            ) from None
        except (ValueError, KeyError, TypeError) as error:
            raise CxrError(f"{place}: not the record of a shard") from error


class ShardRun:
    """A run with `--shard K/N` into a file: its record is removed when it begins, and written when it has ended.

    sources: of this shard, before they are read. resume, retry_failed: the output is that of an earlier run. Without
    `resume` a retry makes some of its rows again and no others, so that it completes nothing: it gets a record only if
    the output had that of an equal run. CxrError: the output is that of another shard.
    """

    def __init__(
        self, shard: tuple[int, int], sources: Sequence[Source], output: Path, *, resume: bool, retry_failed: bool
    ) -> None:
        self._shard, self._sources, self._output = shard, sources, output
        self._partial = retry_failed and not resume
        self._inputs = inputs_of(sources)
        self._before: ShardRecord | None = None
        if (resume or retry_failed) and output.is_file() and shard_file(output).is_file():
            record = ShardRecord.read(output)
            if record.shard != shard:
                (k, n), (old_k, old_n) = shard, record.shard
                raise CxrError(f"{output} is shard {old_k}/{old_n}: name another file for shard {k}/{n}")
            self._before = record if self._partial and record.digest == digest_of(output) else None

    def begin(self) -> None:
        shard_file(self._output).unlink(missing_ok=True)

    def end(self, options: str, *, rejected: int, failed: int) -> None:
        """Raises CxrError: an input is another file than at the beginning."""
        inputs = inputs_of(self._sources)
        for (name, digest), (_, before) in zip(inputs, self._inputs, strict=True):
            if before not in (None, digest):
                raise CxrError(f"{name}: has changed while it was read: run the shards again")
        record = ShardRecord(self._shard, inputs, options, digest_of(self._output), rejected, failed)
        old = self._before and replace(self._before, digest=record.digest, rejected=rejected, failed=failed)
        if not self._partial or record == old:
            record.write(self._output)


def shard_file(output: Path) -> Path:
    return output.with_name(f"{output.name}{SUFFIX}")


def digest_of(output: Path) -> str:
    with output.open("rb") as file:
        return file_digest(file, lambda: blake2b(digest_size=16)).hexdigest()


def inputs_of(sources: Sequence[Source]) -> list[tuple[str, str | None]]:
    """Name and digest of each. A pipe and the folder of a data set have none: for these, once they are read, it is how
    many rows they have."""
    return [
        (os.path.basename(source.name.rstrip("/")), input_digest(source.path) or _row_count(source))
        for source in sources
    ]


def _row_count(source: Source) -> str | None:
    return f"{source.items.total} rows" if isinstance(source.items, EveryNth) and source.items.total else None


def input_digest(path: Path | None) -> str | None:
    """Of a file's size and of probes of it; of a folder, of all Parquet files in it."""
    if path is not None and path.is_dir():
        files = sorted(path.rglob("*.parquet"))
    elif path is not None and path.is_file():
        files = [path]
    else:
        return None
    digest = blake2b(digest_size=16)
    for file_path in files:
        with file_path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            digest.update(f"{file_path.relative_to(path)} {size}\n".encode())
            for n in range(_PROBES):
                file.seek(max(0, size - _PROBE_BYTES) * n // (_PROBES - 1))
                digest.update(file.read(_PROBE_BYTES))
    return digest.hexdigest()
