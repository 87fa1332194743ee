"""The summary of scored rows: for each task and over all, for each metric n, nulls, mean and interval.

task    metric     n  nulls   mean    95% interval
binary  accuracy  88     12  0.761  [0.667, 0.847]
"""

import hashlib
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from cxr_cli.errors import CxrError
from cxr_cli.records import STAGE_SIGNATURES
from cxr_cli.rows.fingerprint import Fingerprint
from cxr_cli.scoring.metrics import radrscore
from cxr_cli.scoring.metrics.rank_correlation import spearman
from cxr_cli.scoring.summaries.intervals import interval
from cxr_cli.tasks.task_table import task_names
from cxr_cli.verifying.interrater import agreement_text, verdicts

ALL_TASKS = "all"
"""The task of lines over the rows of all tasks."""


class SummaryLine(NamedTuple):
    """One metric of one task. n: rows with a score; mean, low and high are None without enough of them."""

    task: str
    metric: str
    n: int
    nulls: int
    mean: float | None
    low: float | None
    high: float | None
    reasons: dict[str, int]


class _Column:
    """The scores of one metric in one task, 16 bytes each, the patients' codes, and why other scores are null."""

    def __init__(self) -> None:
        self.values = array("d")
        self.patients = array("q")
        self.reasons: Counter[str] = Counter()


class _JudgePairs:
    """The scores that two judges give to the same rows. nulls: rows that at least one of them could not score."""

    def __init__(self) -> None:
        self.first, self.second = array("d"), array("d")
        self.nulls = 0

    def add(self, first: float | None, second: float | None) -> None:
        if first is None or second is None:
            self.nulls += 1
        else:
            self.first.append(first)
            self.second.append(second)

    def line(self, name: str) -> SummaryLine:
        """`mean` is the rank correlation."""
        n = len(self.first)
        correlation = spearman(np.frombuffer(self.first), np.frombuffer(self.second)) if n > 1 else None
        reasons = {"null from a judge": self.nulls} if self.nulls else {}
        return SummaryLine(ALL_TASKS, name, n, self.nulls, correlation, None, None, reasons)


class Summary:
    """Adds up scored rows one by one; keeps their scores and a code of their patient, never the rows.

    n: bootstrap draws of each interval. second: the name of a second judge, whose `llm_factuality` is compared with the
    `factuality` of the first.
    """

    def __init__(self, n: int = 1000, seed: int = 0, level: float = 0.95, second: str | None = None) -> None:
        self.draws, self.seed, self.level, self.second = n, seed, level, second
        self.rows = self.unscored = self.without_patient = 0
        self.fingerprint = Fingerprint()
        self.signatures: dict[str, Counter[str]] = {key: Counter() for key in STAGE_SIGNATURES}
        self._columns: dict[tuple[str, str], _Column] = {}
        self._judge_pairs = {metric: _JudgePairs() for metric in radrscore.METRICS} if second else {}
        self._verdicts: defaultdict[tuple[str, str], Counter[tuple[str, str]]] = defaultdict(Counter)

    def add(self, row: Mapping[str, Any]) -> None:
        """Take in one scored row: its `task`, `patient`, `scores`, `why` and signatures.

        CxrError: a score that is not a number.
        """
        self.rows += 1
        self.fingerprint.add(row)
        for key, counts in self.signatures.items():
            if row.get(key):
                counts[str(row[key])] += 1
        for judges, pair in verdicts(row):
            self._verdicts[judges][pair] += 1
        if row.get("scores"):
            self._add_scores(row)
        else:
            self.unscored += 1

    def _add_scores(self, row: Mapping[str, Any]) -> None:
        scores, why, patient = row["scores"], row.get("why") or {}, row.get("patient")
        self.without_patient += patient is None
        code = -self.rows if patient is None else patient_code(str(patient))
        task = str(row.get("task") or "-")
        for metric, score in scores.items():
            column = self._columns.get((task, metric)) or self._columns.setdefault((task, metric), _Column())
            if score is None or score != score:
                column.reasons[why.get(metric) or "no reason given"] += 1
            elif isinstance(score, (int, float)):
                column.values.append(score)
                column.patients.append(code)
            else:
                raise CxrError(f"score {metric!r} is no number (id {row.get('id')})")
        for metric, pairs in self._judge_pairs.items():
            if metric in scores:
                pairs.add(scores[metric], scores[f"{self.second}_{metric}"])

    def lines(self) -> list[SummaryLine]:
        """One line for each task and metric; with several tasks, then the metrics over the rows of all of them."""
        order = task_names()
        tasks = sorted({task for task, _ in self._columns}, key=lambda t: (order.index(t) if t in order else 99, t))
        metrics = list(dict.fromkeys(metric for _, metric in self._columns))
        lines = [self._line(task, metric, [task]) for task in tasks for metric in metrics]
        if len(tasks) > 1:
            lines += [self._line(ALL_TASKS, metric, tasks) for metric in metrics]
        lines += [pairs.line(f"agreement_{metric}") for metric, pairs in self._judge_pairs.items()]
        return [line for line in lines if line.n or line.nulls]

    def notes(self) -> list[str]:
        """What a reader has to know before comparing these numbers with others."""
        notes = []
        if self.second:
            notes.append(
                f"agreement_*: Spearman's rank correlation between the first judge and {self.second}, row by row"
            )
        notes += [agreement_text(judges, pairs) for judges, pairs in sorted(self._verdicts.items())]
        for key, counts in self.signatures.items():
            if len(counts) > 1:
                notes.append(
                    f"the rows carry {len(counts)} different {key} signatures:"
                    " two numbers may be compared only if their signatures agree"
                )
        unsigned = self.rows - sum(self.signatures["scored_by"].values())
        if 0 < unsigned < self.rows:
            notes.append(f"rows without a scored_by signature: {unsigned} of {self.rows}")
        if self.unscored:
            notes.append(f"rows without scores: {self.unscored} of {self.rows}")
        if 0 < self.without_patient < self.rows - self.unscored:
            notes.append(
                f"rows without a patient: {self.without_patient} of {self.rows}, each counted as a patient of its own"
            )
        return notes

    def resampled_by(self) -> str:
        """What the intervals draw: patients where rows name them, else rows."""
        return "patient" if self.without_patient < self.rows - self.unscored else "row"

    def _line(self, task: str, metric: str, tasks: Iterable[str]) -> SummaryLine:
        columns = [self._columns[key] for key in ((t, metric) for t in tasks) if key in self._columns]
        values = np.concatenate([np.frombuffer(c.values) for c in columns if c.values] or [np.empty(0)])
        patients = np.concatenate(
            [np.frombuffer(c.patients, dtype=np.int64) for c in columns if c.patients] or [np.empty(0, np.int64)]
        )
        reasons: Counter[str] = sum((c.reasons for c in columns), Counter())
        mean = float(values.mean()) if len(values) else None
        low, high = interval(values, patients, self.draws, self.seed, self.level) or (None, None)
        return SummaryLine(task, metric, len(values), reasons.total(), mean, low, high, dict(reasons.most_common()))


def patient_code(patient: str) -> int:
    """A patient in 63 bits, so that no names are kept."""
    return int.from_bytes(hashlib.blake2b(patient.encode(), digest_size=8).digest(), "big") >> 1
