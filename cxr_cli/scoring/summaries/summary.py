"""Scored rows to a summary: per task and over all rows, for each metric n, nulls, mean and interval.

task    metric     n  nulls   mean    95% interval
binary  accuracy  88     12  0.761  [0.667, 0.847]
"""

import csv
import hashlib
import io
import json
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, get_args

import numpy as np

from cxr_cli.errors import CxrError
from cxr_cli.records import Task
from cxr_cli.rows.fingerprint import Fingerprint
from cxr_cli.scoring.summaries.intervals import interval
from cxr_cli.scoring.tables import Table, shapes
from cxr_cli.verifying.interrater import agreement_text, spearman, verdicts

ALL = "all"
JUDGED = ("factuality", "completeness", "effectiveness", "radrscore")
SIGNATURES = ("made_by", "checked_by", "answered_by", "scored_by")


class Line(NamedTuple):
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
    """The scores of one metric in one task, 16 bytes each, and why others are null."""

    def __init__(self) -> None:
        self.values = array("d")
        self.groups = array("q")
        self.reasons: Counter[str] = Counter()


class _Pairs:
    """What two judges give to the same rows; nulls: of at least one of them."""

    def __init__(self) -> None:
        self.one, self.other = array("d"), array("d")
        self.nulls = 0

    def add(self, one: float | None, other: float | None) -> None:
        if one is None or other is None:
            self.nulls += 1
        else:
            self.one.append(one)
            self.other.append(other)

    def line(self, name: str) -> Line:
        """Rank correlation in the place of a mean."""
        found = spearman(np.frombuffer(self.one), np.frombuffer(self.other)) if len(self.one) > 1 else None
        reasons = {"null from a judge": self.nulls} if self.nulls else {}
        return Line(ALL, name, len(self.one), self.nulls, found, None, None, reasons)


class Summary:
    """Adds up scored rows one by one; keeps their numbers and a code for their patient, never the rows.

    second: a second judge, whose `llm_factuality` is then held against the first one's `factuality`.
    """

    def __init__(self, n: int = 1000, seed: int = 0, level: float = 0.95, second: str | None = None) -> None:
        self.draws, self.seed, self.level, self.second = n, seed, level, second
        self.rows = self.unscored = self.without_patient = 0
        self.fingerprint = Fingerprint()
        self.signatures: dict[str, Counter[str]] = {key: Counter() for key in SIGNATURES}
        self._columns: dict[tuple[str, str], _Column] = {}
        self._pairs = {part: _Pairs() for part in JUDGED} if second else {}
        self._verdicts: defaultdict[tuple[str, str], Counter[tuple[str, str]]] = defaultdict(Counter)

    def add(self, row: Mapping[str, Any]) -> None:
        """Take in one scored row: its `task`, `patient`, `scores`, `why` and signatures."""
        self.rows += 1
        self.fingerprint.add(row)
        for key, seen in self.signatures.items():
            if row.get(key):
                seen[str(row[key])] += 1
        for judges, said in verdicts(row):
            self._verdicts[judges][said] += 1
        scores = row.get("scores")
        if not scores:
            self.unscored += 1
            return
        patient = row.get("patient")
        self.without_patient += patient is None
        group = -self.rows if patient is None else patient_code(str(patient))
        why = row.get("why") or {}
        for metric, score in scores.items():
            column = self._columns.setdefault((str(row.get("task") or "-"), metric), _Column())
            if score is None or score != score:
                column.reasons[why.get(metric) or "no reason given"] += 1
            elif isinstance(score, (int, float)):
                column.values.append(score)
                column.groups.append(group)
            else:
                raise CxrError(f"score {metric!r} is no number (id {row.get('id')})")
        for part, pairs in self._pairs.items():
            if part in scores:
                pairs.add(scores[part], scores[f"{self.second}_{part}"])

    def lines(self) -> list[Line]:
        """One line for each task and metric; with several tasks, then the metrics over the rows of all of them."""
        order = [*get_args(Task)]
        tasks = sorted({task for task, _ in self._columns}, key=lambda t: (order.index(t) if t in order else 99, t))
        metrics = list(dict.fromkeys(metric for _, metric in self._columns))
        lines = [self._line(task, metric, [task]) for task in tasks for metric in metrics]
        if len(tasks) > 1:
            lines += [self._line(ALL, metric, tasks) for metric in metrics]
        lines += [pairs.line(f"agreement_{part}") for part, pairs in self._pairs.items()]
        return [line for line in lines if line.n or line.nulls]

    def notes(self) -> list[str]:
        """What a reader has to know before comparing these numbers with others."""
        notes = []
        if self.second:
            notes.append(f"agreement_*: Spearman's rank correlation of the first judge and {self.second}, row by row")
        notes += [agreement_text(judges, said) for judges, said in sorted(self._verdicts.items())]
        for key, seen in self.signatures.items():
            if len(seen) > 1:
                notes.append(
                    f"the rows carry {len(seen)} different {key} signatures:"
                    " two numbers may be compared only if their signatures agree"
                )
        unsigned = self.rows - sum(self.signatures["scored_by"].values())
        if 0 < unsigned < self.rows:
            notes.append(f"rows without a scored_by signature: {unsigned} of {self.rows}")
        if self.unscored:
            notes.append(f"rows without scores: {self.unscored} of {self.rows}")
        if 0 < self.without_patient < self.rows - self.unscored:
            notes.append(f"rows without a patient: {self.without_patient} of {self.rows}, each drawn as one of its own")
        return notes

    def resampled_by(self) -> str:
        """What the intervals draw: patients where rows name them, else rows."""
        return "patient" if self.without_patient < self.rows - self.unscored else "row"

    def _line(self, task: str, metric: str, tasks: Iterable[str]) -> Line:
        columns = [self._columns[key] for key in ((t, metric) for t in tasks) if key in self._columns]
        values = np.concatenate([np.frombuffer(c.values) for c in columns if c.values] or [np.empty(0)])
        groups = np.concatenate(
            [np.frombuffer(c.groups, dtype=np.int64) for c in columns if c.groups] or [np.empty(0, np.int64)]
        )
        reasons: Counter[str] = sum((c.reasons for c in columns), Counter())
        mean = float(values.mean()) if len(values) else None
        low, high = interval(values, groups, self.draws, self.seed, self.level) or (None, None)
        return Line(task, metric, len(values), reasons.total(), mean, low, high, dict(reasons.most_common()))


def patient_code(patient: str) -> int:
    """A patient in 63 bits, so that no table of names is kept."""
    return int.from_bytes(hashlib.blake2b(patient.encode(), digest_size=8).digest(), "big") >> 1


def table(summary: Summary) -> Table:
    """For a person: the table, then why scores are null, notes, and the signatures."""
    lines = summary.lines()
    nulls = [
        f"  {line.task} {line.metric}: {counted(line.reasons)}" for line in lines if line.nulls and line.task != ALL
    ]
    by = f"{summary.draws} bootstrap draws by {summary.resampled_by()}, seed {summary.seed}"
    signed = [(key, who, n) for key, seen in summary.signatures.items() for who, n in seen.items()]
    return Table(
        head=["task", "metric", "n", "nulls", "mean", f"{summary.level * 100:g}% interval"],
        body=[[line.task, line.metric, str(line.n), str(line.nulls), *shown(*line[4:7])] for line in lines],
        names=2,
        foot=[
            ["null scores, left out of the means:", *nulls] if nulls else [],
            [
                f"set: {summary.rows} rows, {summary.fingerprint}",
                f"intervals: {by}",
                *(f"note: {note}" for note in summary.notes()),
            ],
        ],
        signed=[
            f"{key}: {who}" + (f" ({n} of {summary.rows} rows)" if n < summary.rows else "") for key, who, n in signed
        ],
    )


def as_json(summary: Summary) -> str:
    """For a program: the set, every line with its reasons, the signatures with their counts, the notes."""
    document = {
        "rows": summary.rows,
        "set": str(summary.fingerprint),
        "unscored": summary.unscored,
        "level": summary.level,
        "draws": summary.draws,
        "seed": summary.seed,
        "resampled_by": summary.resampled_by(),
        "lines": [line._asdict() for line in summary.lines()],
        "signatures": {key: dict(seen) for key, seen in summary.signatures.items() if seen},
        "notes": summary.notes(),
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_csv(summary: Summary) -> str:
    """For a spreadsheet: one line a task and metric; unknown numbers are empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*Line._fields, "set"])
    for line in summary.lines():
        writer.writerow(
            [*("" if value is None else value for value in line[:-1]), counted(line.reasons), summary.fingerprint]
        )
    return out.getvalue()


def counted(reasons: Mapping[str, int]) -> str:
    """{"refused": 2, "no answer": 1}  ->  "2 refused, 1 no answer"."""
    return ", ".join(f"{count} {reason}" for reason, count in reasons.items())


def shown(mean: float | None, low: float | None, high: float | None) -> tuple[str, str]:
    """0.761 and [0.667, 0.847]; a dash is what is not known."""
    between = "-" if low is None or high is None else f"[{low:.3f}, {high:.3f}]"
    return "-" if mean is None else f"{mean:.3f}", between


SHAPES = shapes(table, as_csv, as_json)
