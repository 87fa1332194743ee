"""Rows kept on disk, and several files of them mixed by weights."""

import os
import tempfile
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np

from cxr_cli.answers.steps import as_steps
from cxr_cli.errors import CxrError
from cxr_cli.images import films_of
from cxr_cli.rows import Row
from cxr_cli.rows.files import json_text
from cxr_cli.rows.fingerprint import Fingerprint

STORED_FIELDS = (
    "id",
    "task",
    "question",
    "options",
    "answer",
    "findings",
    "report",
    "steps",
    "images",
    "prior",
    "split",
)
MODEL_TEXTS = ("question", "options", "answer", "steps")  # fields that a model reads or writes
SAMPLE = 64  # rows that stand for all, where to look at each takes too long
FILM_CHARACTERS = 1000  # of a text that takes about as many tokens as a film


class RowStore:
    """Rows of one or several files in a private file that vanishes with the process. Memory: 12 bytes a row."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the rows do
        self._starts = array("q", [0])
        self._lengths = array("i")  # in characters, each film counted as FILM_CHARACTERS
        self.fingerprint = Fingerprint(STORED_FIELDS)
        self.without_steps = 0
        self._digest = blake2b(digest_size=4)

    def add(self, row: Row) -> None:
        fields = {name: row[name] for name in STORED_FIELDS if row.get(name) is not None}
        fields["steps"] = [step["text"] for step in as_steps(row.get("steps"))]
        self.without_steps += not fields["steps"]
        line = json_text.encode(fields)
        self._file.write(line)
        self._digest.update(line)
        self.fingerprint.add(fields)
        self._starts.append(self._starts[-1] + len(line))
        characters = sum(len(json_text.encode(fields[name])) for name in MODEL_TEXTS if name in fields)
        self._lengths.append(characters + FILM_CHARACTERS * len(films_of(row)))

    @property
    def order(self) -> str:
        """8 hex digits of the rows and their order; `fingerprint` is the same in any order."""
        return self._digest.hexdigest()

    def flush(self) -> None:
        """Called after the last `add`, and before other processes read."""
        self._file.flush()

    def longest(self, count: int) -> list[Row]:
        """The rows that take the most tokens, by the length of their texts and the number of their films."""
        return [self[int(index)] for index in np.argsort(self._lengths, kind="stable")[::-1][:count]]

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, index: int) -> Row:
        start, end = self._starts[index], self._starts[index + 1]
        row: Row = json_text.decode(os.pread(self._file.fileno(), end - start, start))
        return row


@dataclass
class Mixture:
    """Several row stores as one, mixed by weights: an epoch has as many rows as all of them together, and each store
    gives its share of them in random order, again and again if it is small. Without weights each row comes once, in the
    order of the files. CxrError: there are no rows."""

    parts: Sequence[RowStore]
    weights: Sequence[float] | None = None
    seed: int = 0
    _part: np.ndarray[Any, Any] = field(init=False, repr=False)
    _row: np.ndarray[Any, Any] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        sizes = [len(part) for part in self.parts]
        if not sum(sizes):
            raise CxrError("no rows to train on")
        if self.weights is None:
            counts = sizes
            order = [np.arange(size, dtype=np.int64) for size in sizes]
        else:
            share = np.array(self.weights, float) / sum(self.weights)
            ends = np.rint(np.cumsum(share) * sum(sizes)).astype(int)
            counts = [int(count) for count in np.diff([0, *ends])]
            for number, pair in enumerate(zip(sizes, counts, strict=True), 1):
                if 0 in pair:
                    raise CxrError(
                        f"file {number} of --mix: an epoch takes no row of it: it is empty, or its weight is too low"
                    )
            rng = np.random.default_rng(self.seed)
            order = [_random_order(size, count, rng) for size, count in zip(sizes, counts, strict=True)]
        self._part = np.repeat(np.arange(len(sizes), dtype=np.int32), counts)
        self._row = np.concatenate(order).astype(np.int64)

    def __len__(self) -> int:
        return len(self._part)

    def __getitem__(self, index: int) -> Row:
        part: int = self._part[index]
        return self.parts[part][int(self._row[index])]


def sample_of(rows: RowStore | Mixture) -> list[Row]:
    """About SAMPLE rows, evenly spread."""
    return [rows[index] for index in range(0, len(rows), max(1, len(rows) // SAMPLE))]


def _random_order(size: int, count: int, rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """`count` indices of `size` rows: whole permutations, the last one cut."""
    rounds = [rng.permutation(size) for _ in range(-(-count // max(1, size)))]
    return np.concatenate([*rounds, np.empty(0, int)])[:count]
