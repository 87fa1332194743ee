"""Rows as a trainer's examples: kept on disk, films decoded when a batch asks for them."""

import os
import tempfile
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from cxr_cli.answers import reply_format
from cxr_cli.answers.steps import as_steps
from cxr_cli.errors import CxrError, RowError
from cxr_cli.images import Films, films_of, load
from cxr_cli.rows import Row
from cxr_cli.rows.fingerprint import Fingerprint

KEPT = ("id", "task", "question", "options", "answer", "findings", "report", "steps", "images", "prior", "split")


ASKED = ("question", "options", "answer", "steps")
FILM = 1000  # characters that take a model as many tokens as a film does, about


class Rows:
    """Rows of one or several files in a private file that vanishes with the process. Memory: 12 bytes a row."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the rows do
        self._starts = array("q", [0])
        self._sizes = array("i")
        self.fingerprint = Fingerprint(KEPT)

    def add(self, row: Row) -> None:
        kept = {name: row[name] for name in KEPT if row.get(name) is not None}
        kept["steps"] = [step["text"] for step in as_steps(row.get("steps"))]
        line = msgspec.json.encode(kept)
        self._file.write(line)
        self.fingerprint.add(kept)
        self._starts.append(self._starts[-1] + len(line))
        text = sum(len(msgspec.json.encode(kept[name])) for name in ASKED if name in kept)
        self._sizes.append(text + FILM * len(films_of(row)))

    def done(self) -> None:
        """All rows are there: from now on several processes may read."""
        self._file.flush()

    def longest(self, count: int) -> list[Row]:
        """The rows that take a model the most, by their texts and films."""
        return [self[int(index)] for index in np.argsort(self._sizes, kind="stable")[::-1][:count]]

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, index: int) -> Row:
        start, end = self._starts[index], self._starts[index + 1]
        row: Row = msgspec.json.decode(os.pread(self._file.fileno(), end - start, start))
        return row


@dataclass
class Mixture:
    """Several `Rows` as one, mixed by weights: an epoch is as long as all of them together, and each takes part by its
    weight, its rows in a drawn order, again and again if they are few. Without weights each row comes once."""

    parts: Sequence[Rows]
    weights: Sequence[float] | None = None
    seed: int = 0
    _part: np.ndarray[Any, Any] = field(init=False, repr=False)
    _row: np.ndarray[Any, Any] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        sizes = [len(part) for part in self.parts]
        if not sum(sizes):
            raise CxrError("no rows to train on")
        if self.weights is None:
            self._part = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
            self._row = np.concatenate([np.arange(size, dtype=np.int64) for size in sizes])
            return
        share = np.array(self.weights, float) / sum(self.weights)
        ends = np.rint(np.cumsum(share) * sum(sizes)).astype(int)
        counts = np.diff([0, *ends])
        draw = np.random.default_rng(self.seed)
        rows = []
        for size, count in zip(sizes, counts, strict=True):
            if count and not size:
                raise CxrError("one of the files to mix is empty")
            rounds = [draw.permutation(size) for _ in range(-(-int(count) // max(1, size)))]
            rows.append(np.concatenate([*rounds, np.empty(0, int)])[:count])
        self._part = np.repeat(np.arange(len(sizes), dtype=np.int32), counts)
        self._row = np.concatenate(rows).astype(np.int64)

    def __len__(self) -> int:
        return len(self._part)

    def __getitem__(self, index: int) -> Row:
        part: int = self._part[index]
        return self.parts[part][int(self._row[index])]


def completion(row: Row) -> str:
    """What the model is to say: the steps and the answer, or the answer alone if there are no steps.

    RowError: there is no answer to teach.
    """
    answer = row.get("answer")
    if not answer:
        raise RowError("", "field `answer`: there is none to teach (other names: --map answer=COLUMN)")
    options, given = row.get("options"), answer if isinstance(answer, list) else [answer]
    if options and not set(given) <= set(options):
        raise RowError("", "field `answer`: it is none of the options")
    steps = [step["text"] for step in as_steps(row.get("steps"))]
    if not steps:
        return reply_format.bare_answer(row, answer)
    return reply_format.completion_text(steps, reply_format.answer_letters(row, answer))


def prompt(row: Row, *, reasoned: bool) -> str:
    """The question as the model is asked; with the instruction to reason where reasons are wanted."""
    asked = reply_format.prompt_text(row["question"], row.get("options") or [])
    return f"{asked}\n{reply_format.INSTRUCTION}" if reasoned else asked


def pictures(row: Row, films: Films) -> list[Any]:
    """The row's films, decoded. Raises BadImage with the row's id."""
    try:
        return [load(path, films.root, size=films.size, rgb=True, cache=films.cache) for path in films_of(row)]
    except RowError as error:
        raise CxrError(f"{error.reason} (id {row.get('id')})") from error


def sft_example(row: Row, films: Films) -> dict[str, Any]:
    """`images`, `prompt` and `completion`, as TRL's SFTTrainer takes them."""
    return {
        "images": pictures(row, films),
        "prompt": [{"role": "user", "content": prompt(row, reasoned=bool(row.get("steps")))}],
        "completion": [{"role": "assistant", "content": completion(row)}],
    }


def rl_example(row: Row, films: Films) -> dict[str, Any]:
    """`images`, `prompt` and, for the rewards, `case`: the row as JSON."""
    return {
        "images": pictures(row, films),
        "prompt": [{"role": "user", "content": prompt(row, reasoned=True)}],
        "case": msgspec.json.encode(row).decode(),
    }


def lazy(rows: Rows | Mixture, example: Any, films: Films) -> Any:
    """A data set of one number a row, whose examples are made when they are asked for, in the loader's workers."""
    from datasets import Dataset

    def make(batch: dict[str, list[int]]) -> dict[str, list[Any]]:
        made = [example(rows[index], films) for index in batch["index"]]
        return {name: [one[name] for one in made] for name in made[0]}

    data: Any = Dataset.from_dict({"index": range(len(rows))}).with_transform(make)
    return data


def missing_films(rows: Rows | Mixture, root: Path | None) -> list[str]:
    """Of every row whose film is not there: `image a.png does not exist (id x)`."""
    missing = []
    for index in range(len(rows)):
        row = rows[index]
        gone = next((path for path in films_of(row) if not Path(root or "", path).is_file()), None)
        if gone is not None:
            missing.append(f"image {gone} does not exist (id {row.get('id')})")
    return missing
