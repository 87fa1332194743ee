"""The output of an earlier run, which `--resume` continues."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from cxr_cli.errors import CxrError


def finished_ids(path: Path) -> Iterator[str]:
    """The ids of the rows in a JSONL file. A last line without its end, left by a run that was killed, is cut off."""
    row_id = msgspec.json.Decoder(_WithId)
    with path.open("r+b") as file:
        _cut_half_row(file)
        for number, line in enumerate(file, 1):
            try:
                yield row_id.decode(line).id
            except ValueError as error:
                raise CxrError(
                    f"{path}:{number}: not a row with an id: --resume cannot tell which rows are finished"
                ) from error


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
