"""What a run with `--shard K/N` notes beside its output, and `cxr merge` checks before it joins the parts."""

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.rows.files.reading import Source
from cxr_cli.rows.output.part_file import part_of, put_in_place

SUFFIX = ".shard"


@dataclass(frozen=True)
class ShardRecord:
    """A part that has ended: `part-2.jsonl.shard` for `part-2.jsonl`.

    shard: (k, n). inputs: name and size in bytes of each input, null for what is no file. signature: of the rows, if
    they have one. rows: how many the output has. rejected: how many rows of the input were rejected.
    """

    shard: tuple[int, int]
    inputs: list[tuple[str, int | None]]
    signature: str | None
    rows: int
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
            inputs = [(str(name), size) for name, size in values["inputs"]]
            k, n = map(int, values["shard"])
            return cls((k, n), inputs, values["signature"], int(values["rows"]), int(values["rejected"]))
        except FileNotFoundError:
            raise CxrError(
                f"{output}: no {place.name} beside it: it was not written with --shard K/N, or that run has not ended: "
                "finish it with --resume"
            ) from None
        except (ValueError, KeyError, TypeError) as error:
            raise CxrError(f"{place}: not the record of a shard") from error


def shard_file(output: Path) -> Path:
    return output.with_name(f"{output.name}{SUFFIX}")


def files_of(sources: Iterable[Source]) -> list[tuple[str, int | None]]:
    """Name and size of each: a folder and a pipe have no size."""
    return [
        (
            os.path.basename(source.name.rstrip("/")),
            source.path.stat().st_size if source.path and source.path.is_file() else None,
        )
        for source in sources
    ]
