"""What a run with `--shard K/N` notes beside its output, and `cxr merge` checks before it joins the parts."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import blake2b, file_digest
from pathlib import Path
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.rows.files.reading import Source
from cxr_cli.rows.output.part_file import part_of, put_in_place

SUFFIX = ".shard"
_PROBES, _PROBE_BYTES = 16, 4096  # of a file, whose digest must not take the time of reading it


@dataclass(frozen=True)
class ShardRecord:
    """A part that has ended: `part-2.jsonl.shard` for `part-2.jsonl`.

    shard: (k, n). inputs: name and digest of each input, null for a pipe and the folder of a data set.
    options: the signature of the rows, and what else decides which rows there are and how they are written. digest: of
    the output. rejected: how many rows of the input were rejected.
    """

    shard: tuple[int, int]
    inputs: list[tuple[str, str | None]]
    options: str
    digest: str
    rejected: int

    def write(self, output: Path) -> None:
        place = shard_file(output)
        part = part_of(place)
        part.write_text(f"{json.dumps(asdict(self))}\n")
        put_in_place(part, place)

    @classmethod
    def read(cls, output: Path) -> "ShardRecord":
        """Raises CxrError: there is none, so the run has not ended, or it is none."""
        place = shard_file(output)
        try:
            values: Any = json.loads(place.read_text())
            inputs = [(str(name), digest) for name, digest in values["inputs"]]
            k, n = map(int, values["shard"])
            return cls((k, n), inputs, str(values["options"]), str(values["digest"]), int(values["rejected"]))
        except FileNotFoundError:
            raise CxrError(
                f"{output}: no {place.name} beside it: it was not written with --shard K/N, or that run has not ended: "
                "finish it with --resume"
            ) from None
        except (ValueError, KeyError, TypeError) as error:
            raise CxrError(f"{place}: not the record of a shard") from error


def shard_file(output: Path) -> Path:
    return output.with_name(f"{output.name}{SUFFIX}")


def digest_of(output: Path) -> str:
    with output.open("rb") as file:
        return file_digest(file, lambda: blake2b(digest_size=16)).hexdigest()


def inputs_of(sources: Iterable[Source]) -> list[tuple[str, str | None]]:
    """Name and digest of each: a pipe and the folder of a data set have none."""
    return [(os.path.basename(source.name.rstrip("/")), _input_digest(source.path)) for source in sources]


def _input_digest(path: Path | None) -> str | None:
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
