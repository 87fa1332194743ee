"""The scores of several models on the same items, as numbers: what a comparison and its pictures are made from.

An item is one question: rows of the same task with the same `item`, else the same `id`. Rows are never kept: an item
takes some 150 bytes, a score 20.
"""

import hashlib
from array import array
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_cli.errors import RowError
from cxr_cli.scoring.summaries.summary import SIGNATURES, patient_code
from cxr_cli.tasks import task_names

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]


class _Scores:
    """One metric of one model: the items it was asked of, the scores (NaN for null), the reasons for the nulls."""

    def __init__(self) -> None:
        self.items, self.values, self.reasons = array("q"), array("d"), array("i")


class _Names(dict[Any, int]):
    """Names as numbers, in the order in which they were met."""

    def __missing__(self, name: Any) -> int:
        self[name] = len(self)
        return self[name]


class Boards:
    """models, tasks, sources, findings, metrics: the names that were met. One number an item: `task`, `patient`,
    `source` and `named` (its findings, as one of `findings`); of the last three -1 where no row says it.
    """

    def __init__(self) -> None:
        self.models, self.metrics, self.tasks, self.sources = _Names(), _Names(), _Names(), _Names()
        self.findings, self.reasons = _Names(), _Names()
        self.task, self.patient, self.source, self.named = array("i"), array("q"), array("i"), array("i")
        self.signatures: dict[str, dict[str, Counter[str]]] = {}
        self._items = _Names()
        self._asked: list[bytearray] = []
        self._scores: dict[tuple[int, int], _Scores] = {}

    def add(self, model: str, row: Mapping[str, Any]) -> None:
        """Take in one scored row. RowError: the model answers the same item twice."""
        m, item = self.models[model], self._item(row)
        if m == len(self._asked):
            self._asked.append(bytearray())
            self.signatures[model] = {key: Counter() for key in SIGNATURES}
        asked = self._asked[m]
        asked.extend(bytes(max(0, item + 1 - len(asked))))
        if asked[item]:
            raise RowError("", f"model {model} answers this item twice; NAME=FILE names the model of a file")
        asked[item] = 1
        for key, seen in self.signatures[model].items():
            if row.get(key):
                seen[str(row[key])] += 1
        why = row.get("why") or {}
        for metric, score in (row.get("scores") or {}).items():
            column = self._scores.setdefault((m, self.metrics[metric]), _Scores())
            column.items.append(item)
            column.values.append(float("nan") if score is None else score)
            column.reasons.append(self.reasons[why.get(metric) or "no reason given"] if score is None else -1)

    def asked(self) -> Mask:
        """Models x items: was it asked?"""
        asked = np.zeros((len(self.models), len(self.task)), np.bool_)
        for row, seen in zip(asked, self._asked, strict=True):
            row[: len(seen)] = np.frombuffer(bytes(seen), np.bool_)
        return asked

    def scores(self, metric: str) -> tuple[Floats, NDArray[np.int32]]:
        """Models x items: the score, NaN where there is none; the number of the reason for a null, else -1."""
        values = np.full((len(self.models), len(self.task)), np.nan)
        reasons = np.full(values.shape, -1, np.int32)
        for m in range(len(self.models)):
            if column := self._scores.get((m, self.metrics[metric])):
                items = np.array(column.items, np.int64)
                values[m, items], reasons[m, items] = column.values, column.reasons
        return values, reasons

    def scored(self, metric: str) -> list[int]:
        """The models that have a score of this metric."""
        columns = {m: self._scores.get((m, self.metrics[metric])) for m in self.models.values()}
        return [m for m, column in columns.items() if column and any(reason < 0 for reason in column.reasons)]

    def in_order(self) -> list[str]:
        """The tasks, in the order of the rows' contract."""
        order = task_names()
        return sorted(self.tasks, key=lambda task: (order.index(task) if task in order else len(order), task))

    def groups(self) -> NDArray[np.int64]:
        """The patient of each item; one of its own where no row names one."""
        patients = np.array(self.patient, np.int64)
        return np.where(patients < 0, -1 - np.arange(len(patients)), patients)

    def _item(self, row: Mapping[str, Any]) -> int:
        task = str(row.get("task") or "-")
        key = f"{task}\0{row.get('item') or row['id']}".encode()
        item = self._items[hashlib.blake2b(key, digest_size=8).digest()]
        if item == len(self.task):
            self.task.append(self.tasks[task])
            for column in (self.patient, self.source, self.named):
                column.append(-1)
        if self.patient[item] < 0 and row.get("patient") is not None:
            self.patient[item] = patient_code(str(row["patient"]))
        if self.source[item] < 0 and row.get("source"):
            self.source[item] = self.sources[str(row["source"])]
        if self.named[item] < 0 and row.get("findings"):
            self.named[item] = self.findings[tuple(dict.fromkeys(row["findings"]))]
        return item
