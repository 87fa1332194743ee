"""The output of an earlier run, which `--resume` continues: it is read and checked before anything of it is changed."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cxr_cli.errors import CxrError, note, one_line, shortened
from cxr_cli.records import Row
from cxr_cli.rows.files import json_text
from cxr_cli.rows.files.lines import LONGEST_LINE
from cxr_cli.rows.output.part_file import part_of, put_in_place


@dataclass(frozen=True)
class Signed:
    """How a row of this run is known. key: "answered_by", ..; signature: its value."""

    key: str
    signature: str


def finished_rows(
    path: Path,
    signed: Signed | None = None,
    is_retry: Callable[[Row], bool] = lambda row: False,
    *,
    keep: bool = False,
) -> Iterator[Row]:
    """The rows in a JSONL file. At the end, what a run that was killed left of its last row is cut off.

    is_retry: whether a row is made again: it is not finished, and is taken out of the file at the end.
    Raises CxrError, and changes nothing, for a line that is not a row of this command with this signature. keep: change
    nothing in any case.
    """
    again: list[int] = []  # the numbers of the lines that are taken out
    end, ended, number = 0, True, 0
    with path.open("rb") as file:
        while line := file.readline(LONGEST_LINE):
            number += 1
            row, reason = _output_row(line, signed)
            if reason is not None:
                if end + len(line) == path.stat().st_size and _is_half_row(line):
                    break
                raise CxrError(f"{path}:{number}: {reason}")
            end, ended = end + len(line), line.endswith(b"\n")
            if row is not None and is_retry(row):
                again.append(number)
            elif row is not None:
                yield row
    if keep:
        return
    with path.open("r+b") as file:
        file.truncate(end)
        if not ended:
            file.seek(end)
            file.write(b"\n")
    if again:
        _take_out(path, set(again))


def _output_row(line: bytes, signed: Signed | None) -> tuple[Row | None, str | None]:
    """The row on a line, None if that is blank; or why the run cannot be continued."""
    if not line.strip():
        return None, None
    try:
        row = json_text.decode(line)
    except json_text.BrokenJson:
        row = None
    if not (isinstance(row, dict) and isinstance(row.get("id"), str) and row["id"]):
        return None, "not a row with an id: --resume cannot tell which rows are finished"
    if signed is None:
        return row, None
    if not isinstance(old := row.get(signed.key), str):
        return None, f"no `{signed.key}`: --resume continues what this command has written"
    if old != signed.signature and not old.endswith(f" & {signed.signature}"):
        return None, f"{difference(signed.key, old, signed.signature)}: --resume continues a run with its own options"
    return row, None


def difference(key: str, old: str, new: str, there: str = "in the file", here: str = "now") -> str:
    """ "answered_by: temperature:0.0 in the file, temperature:0.7 now"; "made_by: task:binary now, not in the file"."""
    olds, news = (dict.fromkeys(re.split(r"\|| & ", text)) for text in (old, new))
    missing = ", ".join(shortened(one_line(part)) for part in olds if part not in news)
    more = ", ".join(shortened(one_line(part)) for part in news if part not in olds)
    if missing and more:
        return f"{key}: {missing} {there}, {more} {here}"
    return f"{key}: {missing} {there}, not {here}" if missing else f"{key}: {more} {here}, not {there}"


def check_strangers(path: Path | None, count: int, first: str, *, shard: tuple[int, int] | None) -> None:
    """Names rows of the output, `count` of them, that the run would not have written. first: the id of one. CxrError:
    they are in the part of a shard, which another may have too."""
    if not count:
        return
    rows = "1 row is" if count == 1 else f"{count} rows are"
    of = "this input" if shard is None else f"shard {shard[0]}/{shard[1]} of this input"
    text = f"{path}: {rows} not of {of}: {shortened(first)}{' ..' if count > 1 else ''}"
    if shard:
        raise CxrError(f"{text}; make the part anew with --overwrite")
    note(text)


def _is_half_row(line: bytes) -> bool:
    """Whether the last line is the beginning of a row. A machine that lost power may leave zeros behind it."""
    if line.endswith(b"\n"):
        return False
    start = line.rstrip(b"\0")
    if not start:
        return True
    try:
        json_text.decode(start)
    except json_text.BrokenJson as error:
        return start.startswith(b'{"'[: len(start)]) and error.reason == json_text.BROKEN_OFF
    return False


def _take_out(path: Path, numbers: set[int]) -> None:
    """Replaces the file by one without these lines."""
    part = part_of(path)
    with path.open("rb") as file, part.open("wb") as rest:
        rest.writelines(line for number, line in enumerate(file, 1) if number not in numbers)
    put_in_place(part, path)
