"""Published results, as their authors counted them and as we do, and what makes the difference.

As published, a part of RadRScore without a denominator counts 0, a judgement that failed is left out, and RadRScore is
the mean of the three means. Ours differs by CAUSES, one after the other.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from cxr_cli.answers import grading
from cxr_cli.answers.replies.reply_parts import reasoning_text
from cxr_cli.findings.sections import NO_REPORT
from cxr_cli.published.defects import TWICE, Defect, Defects
from cxr_cli.scoring.judges.precomputed import IMPOSSIBLE, NOT_STORED, UNREADABLE, counted_shares, possible_shares
from cxr_cli.scoring.metrics.radrscore import NO_REFERENCE_STEPS, PARTS
from cxr_cli.scoring.scorer import reply_texts

CAUSES = {
    "rows": "RadRScore is the mean over the rows that have all three parts",
    "empty": "an empty prediction is wrong, whatever the judge made of it",
    "counts": "a count that exceeds what there is to count is a failed judgement",
    "nothing": "a part with nothing to count is unknown, not 0",
    "judge": "answers are parsed, not searched for letters; another judge judges the reasoning",
    "items": "only the items that all models of a task have are counted",
}
METRICS = ("accuracy", *PARTS, "radrscore")
_UNSCORABLE = {NO_REPORT, NO_REFERENCE_STEPS, NOT_STORED, grading.NO_REFERENCE_ANSWER, grading.NOT_AN_OPTION}
Revisions = tuple[float | None, ...]
"""The score of one metric in one row: as published, then after each of CAUSES from `empty` to `judge`."""


class RecountLine(NamedTuple):
    """One metric of one model in one task. published_n, n: rows that count. because: cause -> its share of `change`.

    script: what the released script prints. A row with a failed judgement is not in its n, but the parts that it added
    before it came to the failed one stay in its sums.
    """

    task: str
    model: str
    metric: str
    published: float | None
    published_n: int
    script: float | None
    ours: float | None
    n: int
    nulls: int
    change: float | None
    because: dict[str, float]


class _RecountRow(NamedTuple):
    item: str | None
    again: bool
    revisions: dict[str, Revisions]


class Recount:
    """Counts scored rows of published results anew. judge: the judge that scored their reasoning."""

    def __init__(self, judge: str) -> None:
        self.judge = judge
        self.rows = 0
        self.signatures: Counter[str] = Counter()
        self._tasks: dict[str, dict[str, list[_RecountRow]]] = {}
        self._defects = Defects()

    def add(self, row: Mapping[str, Any]) -> None:
        """Take in one row that `cxr score` has scored."""
        self.rows += 1
        self.signatures[row["scored_by"]] += 1
        judged = row.get("judged") or {}
        replies = reply_texts(row)
        empty = not any(text.strip() for text in replies)
        published, possible = counted_shares(judged), possible_shares(judged, "".join(map(reasoning_text, replies)))
        revisions = {part: self._part(row, part, published[part], possible[part], empty) for part in PARTS}
        right = None if judged.get("right") is None else float(judged["right"])
        right_if_any = 0.0 if empty and "right" in judged else right
        accuracy = (right, right_if_any, right_if_any, right_if_any, _our_score(row, "accuracy", empty))
        radrscore = tuple(map(_mean_of_all, zip(*revisions.values(), strict=True)))
        revisions |= {"accuracy": accuracy, "radrscore": radrscore}
        models = self._tasks.setdefault(str(row.get("task")), {})
        models.setdefault(str(row.get("answered_by")), []).append(
            _RecountRow(row.get("item"), TWICE in (row.get("defects") or ()), revisions)
        )
        self._defects.add(row, empty, published, possible)

    def _part(
        self, row: Mapping[str, Any], part: str, published: float | str, possible: float | str, empty: bool
    ) -> Revisions:
        """published, possible: the share by the stored counts, or the reason why there is none."""
        if published == NOT_STORED:
            return None, None, None, None, _our_score(row, part, empty) if self.judge != "stored" else None
        as_published = None if published == UNREADABLE else 0.0 if isinstance(published, str) else published
        after_empty = 0.0 if empty else as_published
        after_counts = None if possible == IMPOSSIBLE else after_empty
        after_nothing = None if isinstance(possible, str) and not empty else after_counts
        ours = after_nothing if self.judge == "stored" else _our_score(row, part, empty)
        return as_published, after_empty, after_counts, after_nothing, ours

    def lines(self) -> list[RecountLine]:
        """One line for each task, model and metric that has a number on either side."""
        lines = []
        for task, models in self._tasks.items():
            common = self._common_items(task)
            for model, rows in models.items():
                means: list[float | None] = []
                for metric in METRICS:
                    line = _recount_line(task, model, metric, rows, common, means if metric == "radrscore" else None)
                    means += [line.published] if metric in PARTS else []
                    lines += [line] if line.published is not None or line.ours is not None else []
        return lines

    def _common_items(self, task: str) -> set[str]:
        """The items that all models of a task were asked, of the models whose rows name theirs."""
        models = ({row.item for row in rows if row.item} for rows in self._tasks[task].values())
        of_models = [items for items in models if items]
        return set.intersection(*of_models) if of_models else set()

    def defects(self) -> list[Defect]:
        """What is wrong in the files."""
        items = {task: [[row.item for row in rows] for rows in models.values()] for task, models in self._tasks.items()}
        return self._defects.counts(items)


def _recount_line(
    task: str,
    model: str,
    metric: str,
    rows: Sequence[_RecountRow],
    common: set[str],
    means: Sequence[float | None] | None,
) -> RecountLine:
    """means: of the published parts, for RadRScore."""
    columns = [*zip(*(row.revisions[metric] for row in rows), strict=True)]
    ours = [row.revisions[metric][-1] for row in rows if not row.again and (row.item is None or row.item in common)]
    values = [_mean_of_known(column) for column in [*columns, ours]]
    published = values[0] if means is None else _mean_of_all(means)
    because = {}
    if published is not None and None not in values:
        steps = [published, *(value for value in values if value is not None)]
        changes = [after - before for before, after in pairwise(steps)]
        because = {cause: change for cause, change in zip(CAUSES, changes, strict=True) if abs(change) > 1e-12}
    n = sum(value is not None for value in ours)
    return RecountLine(
        task,
        model,
        metric,
        published,
        sum(value is not None for value in columns[0]),
        _script_mean(rows, metric),
        values[-1],
        n,
        len(ours) - n,
        None if published is None or values[-1] is None else values[-1] - published,
        because,
    )


def _script_mean(rows: Sequence[_RecountRow], metric: str) -> float | None:
    """The mean as the released script takes it, over rows that were judged in full: it adds completeness first."""
    if metric == "radrscore":
        return _mean_of_all([_script_mean(rows, part) for part in PARTS])
    whole = [row for row in rows if row.revisions["radrscore"][0] is not None]
    if not whole:
        return _mean_of_known(row.revisions[metric][0] for row in rows)
    total = 0.0
    for row in rows:
        for part in ("completeness", "factuality", "effectiveness", "accuracy"):
            value = row.revisions[part][0]
            if value is None:
                break
            total += value if part == metric else 0.0
    return total / len(whole)


def _our_score(row: Mapping[str, Any], metric: str, empty: bool) -> float | None:
    """The row's score; 0 for an empty prediction where there is something to score."""
    if empty and metric in row["scores"] and row["why"].get(metric) not in _UNSCORABLE:
        return 0.0
    score: float | None = row["scores"].get(metric)
    return score


def _mean_of_known(values: Iterable[float | None]) -> float | None:
    numbers = [value for value in values if value is not None]
    return sum(numbers) / len(numbers) if numbers else None


def _mean_of_all(values: Sequence[float | None]) -> float | None:
    return None if None in values else _mean_of_known(values)
