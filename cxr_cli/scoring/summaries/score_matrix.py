"""The scores of several models on the same items, as arrays: comparisons and plots are made from them.

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
from cxr_cli.records import STAGE_SIGNATURES
from cxr_cli.scoring.summaries.intervals import Floats
from cxr_cli.scoring.summaries.summary import patient_code
from cxr_cli.tasks.task_table import task_names

Mask = NDArray[np.bool_]


class _ScoreColumn:
    """One metric of one model: its items, their scores (NaN for null), the reasons for the nulls."""

    def __init__(self) -> None:
        self.items, self.values, self.reasons = array("q"), array("d"), array("i")


class _Numbers(dict[Any, int]):
    """Names and their numbers, in the order in which they came."""

    def __missing__(self, name: Any) -> int:
        self[name] = len(self)
        return self[name]


class ScoreMatrix:
    """models, tasks, sources, finding_lists, reasons, metrics: name -> number.

    Each item has a number in `task`, `patient`, `source` and `finding_list`; -1 where no row names a patient, a source
    or findings.
    """

    def __init__(self) -> None:
        self.models, self.metrics, self.tasks, self.sources = _Numbers(), _Numbers(), _Numbers(), _Numbers()
        self.finding_lists, self.reasons = _Numbers(), _Numbers()
        self.task, self.patient, self.source, self.finding_list = array("i"), array("q"), array("i"), array("i")
        self.signatures: dict[str, dict[str, Counter[str]]] = {}
        self._items = _Numbers()
        self._coverage: list[bytearray] = []
        self._scores: dict[tuple[int, int], _ScoreColumn] = {}

    def add(self, model: str, row: Mapping[str, Any]) -> None:
        """Take in one scored row. RowError: the model answers the same item twice."""
        m, item = self.models[model], self._item(row)
        if m == len(self._coverage):
            self._coverage.append(bytearray())
            self.signatures[model] = {key: Counter() for key in STAGE_SIGNATURES}
        coverage = self._coverage[m]
        coverage.extend(bytes(max(0, item + 1 - len(coverage))))
        if coverage[item]:
            raise RowError("", f"model {model} answers this item twice; NAME=FILE names the model of a file")
        coverage[item] = 1
        for key, counts in self.signatures[model].items():
            if row.get(key):
                counts[str(row[key])] += 1
        why = row.get("why") or {}
        for metric, score in (row.get("scores") or {}).items():
            column = self._scores.setdefault((m, self.metrics[metric]), _ScoreColumn())
            column.items.append(item)
            column.values.append(float("nan") if score is None else score)
            column.reasons.append(self.reasons[why.get(metric) or "no reason given"] if score is None else -1)

    def coverage(self) -> Mask:
        """Models x items: is there a row?"""
        mask = np.zeros((len(self.models), len(self.task)), np.bool_)
        for row, coverage in zip(mask, self._coverage, strict=True):
            row[: len(coverage)] = np.frombuffer(bytes(coverage), np.bool_)
        return mask

    def scores(self, metric: str) -> tuple[Floats, NDArray[np.int32]]:
        """Models x items: the score, NaN where there is none; the number of the reason for a null, else -1."""
        values = np.full((len(self.models), len(self.task)), np.nan)
        reasons = np.full(values.shape, -1, np.int32)
        for m in range(len(self.models)):
            if column := self._scores.get((m, self.metrics[metric])):
                items = np.array(column.items, np.int64)
                values[m, items], reasons[m, items] = column.values, column.reasons
        return values, reasons

    def models_with(self, metric: str) -> list[int]:
        """The numbers of the models that have a score of this metric."""
        columns = {m: self._scores.get((m, self.metrics[metric])) for m in self.models.values()}
        return [m for m, column in columns.items() if column and any(reason < 0 for reason in column.reasons)]

    def ordered_tasks(self) -> list[str]:
        """The tasks, in the order of the rows' contract."""
        order = task_names()
        return sorted(self.tasks, key=lambda task: (order.index(task) if task in order else len(order), task))

    def patients(self) -> NDArray[np.int64]:
        """The patient of each item; one of its own where no row names one."""
        patients = np.array(self.patient, np.int64)
        return np.where(patients < 0, -1 - np.arange(len(patients)), patients)

    def _item(self, row: Mapping[str, Any]) -> int:
        task = str(row.get("task") or "-")
        key = f"{task}\0{row.get('item') or row['id']}".encode()
        item = self._items[hashlib.blake2b(key, digest_size=8).digest()]
        if item == len(self.task):
            self.task.append(self.tasks[task])
            for column in (self.patient, self.source, self.finding_list):
                column.append(-1)
        if self.patient[item] < 0 and row.get("patient") is not None:
            self.patient[item] = patient_code(str(row["patient"]))
        if self.source[item] < 0 and row.get("source"):
            self.source[item] = self.sources[str(row["source"])]
        if self.finding_list[item] < 0 and row.get("findings"):
            self.finding_list[item] = self.finding_lists[tuple(dict.fromkeys(row["findings"]))]
        return item
