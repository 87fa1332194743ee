"""Models side by side: per task and metric the mean of each with its interval, and whether any two differ.

task    metric    model     n  nulls    mean     95% interval       p
binary  accuracy  gpt-4o  812     12  0.761*   [0.731, 0.790]    best
                  radfm   790     34  0.512    [0.477, 0.547]  <0.001
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cxr_cli.scoring.summaries.intervals import Floats, interval
from cxr_cli.scoring.summaries.score_matrix import ScoreMatrix
from cxr_cli.scoring.summaries.shared_items import SharedItems
from cxr_cli.scoring.summaries.significance import holm, paired
from cxr_cli.scoring.summaries.summary import ALL_TASKS

LOWER_IS_BETTER = frozenset({"finding_errors", "finding_errors_weighted", "radcliq"})
"""Metrics of which less is better."""
ALPHA = 0.05


class ComparisonLine(NamedTuple):
    """One metric of one model in one task and one group of centres. n: items with a score; nulls: without.

    best: no model has a better mean. bold: the best is not significantly better than it, but than some other model. p:
    of its difference from the (first) best, corrected; None where there is nothing to test.
    """

    task: str
    metric: str
    centre: str
    model: str
    n: int
    nulls: int
    mean: float | None
    low: float | None
    high: float | None
    best: bool
    bold: bool
    p: float | None
    reasons: dict[str, int]


class Pair(NamedTuple):
    """a minus b over the `n` items that both score. p_holm: p, corrected for all pairs of models of this line."""

    task: str
    metric: str
    centre: str
    a: str
    b: str
    n: int
    nulls: int
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None


@dataclass
class Comparison:
    """The means of the models in a matrix, and tests of their differences.

    common, in_domain: as SharedItems has them, with its errors. draws, level: of the bootstrap intervals.
    """

    matrix: ScoreMatrix
    common: bool = False
    in_domain: Sequence[str] = ()
    seed: int = 0
    draws: int = 1000
    level: float = 0.95

    def __post_init__(self) -> None:
        self.models = [*self.matrix.models]
        self.items = SharedItems(self.matrix, self.common, self.in_domain)

    @cached_property
    def lines(self) -> list[ComparisonLine]:
        return [line for lines, _ in self._cells for line in lines]

    @cached_property
    def pairs(self) -> list[Pair]:
        return [pair for _, pairs in self._cells for pair in pairs]

    @cached_property
    def _cells(self) -> list[tuple[list[ComparisonLine], list[Pair]]]:
        scores = {metric: self.matrix.scores(metric) for metric in self.matrix.metrics}
        tasks = self.items.tasks
        return [
            self._cell((task, metric, centre), *scores[metric], np.flatnonzero(items & centre_items))
            for task in ([*tasks, ALL_TASKS] if len(tasks) > 1 else tasks)
            for metric in scores
            for items in [self.items.shared(metric) if task == ALL_TASKS else tasks[task]]
            for centre, centre_items in self.items.centres.items()
        ]

    def _cell(
        self, key: tuple[str, str, str], scores: Floats, reasons: NDArray[np.int32], items: NDArray[np.int64]
    ) -> tuple[list[ComparisonLine], list[Pair]]:
        """A line for each model that has a score or a null of these items, and a pair for any two of them.

        key: task, metric, centre.
        """
        values, nulls, patients = scores[:, items], reasons[:, items], self.items.patients[items]
        present = [m for m in range(len(self.models)) if not np.isnan(values[m]).all() or (nulls[m] >= 0).any()]
        pairs = [*self._pairs(key, present, values, patients)]
        means = {self.models[m]: float(np.nanmean(values[m])) for m in present if not np.isnan(values[m]).all()}
        sign = -1 if key[1] in LOWER_IS_BETTER else 1
        best = max(means, key=lambda model: sign * means[model]) if len(means) > 1 else None
        against_best = {pair.b if pair.a == best else pair.a: pair for pair in pairs if best in (pair.a, pair.b)}
        worse = {model for model, pair in against_best.items() if _best_is_better(pair, best, sign)}
        lines = []
        for m in present:
            model, pair = self.models[m], against_best.get(self.models[m])
            low, high = interval(values[m], patients, self.draws, self.seed, self.level) or (None, None)
            lines.append(
                ComparisonLine(
                    *key,
                    model,
                    n=int((~np.isnan(values[m])).sum()),
                    nulls=int((nulls[m] >= 0).sum()),
                    mean=means.get(model),
                    low=low,
                    high=high,
                    best=best is not None and means.get(model) == means[best],
                    bold=bool(worse) and model in means and model not in worse,
                    p=pair.p_holm if pair else None,
                    reasons=dict(self._reason_counts(nulls[m])),
                )
            )
        return lines, pairs

    def _pairs(
        self, key: tuple[str, str, str], models: Sequence[int], values: Floats, patients: NDArray[np.int64]
    ) -> Iterator[Pair]:
        pairs = [*combinations(models, 2)]
        differences = [paired(values[a], values[b], patients, self.draws, self.seed, self.level) for a, b in pairs]
        corrected = holm([difference.p for difference in differences])
        for (a, b), d, p in zip(pairs, differences, corrected, strict=True):
            yield Pair(*key, self.models[a], self.models[b], d.n, d.nulls, d.mean, d.low, d.high, d.p, p)

    def _reason_counts(self, nulls: NDArray[np.int32]) -> list[tuple[str, int]]:
        names = [*self.matrix.reasons]
        return Counter(names[reason] for reason in nulls[nulls >= 0]).most_common()


def _best_is_better(pair: Pair, best: str | None, sign: int) -> bool:
    """Is the best significantly better than the other model of the pair, on the items that both score?"""
    lead = (pair.difference or 0) * sign * (1 if pair.a == best else -1)
    return pair.p_holm is not None and pair.p_holm < ALPHA and lead > 0
