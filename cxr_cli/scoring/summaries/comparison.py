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

from cxr_cli.errors import CxrError
from cxr_cli.scoring.summaries.intervals import holm, interval, paired
from cxr_cli.scoring.summaries.score_matrix import Boards, Floats, Mask
from cxr_cli.scoring.summaries.summary import ALL

LOWER = frozenset({"finding_errors"})
"""Metrics of which less is better."""
ALPHA = 0.05
NEAR, FAR = "in-domain", "other centres"


class Line(NamedTuple):
    """One metric of one model in one task and one group of centres. n: items with a score; nulls: without.

    best: none has a better mean. bold: it cannot be told from the best, and another one can. p: of its difference from
    the (first) best, corrected; None where there is nothing to test.
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
    """What the boards say. common: restrict models that were asked different items to those they share, task by task;
    a model of which no item is another's is `alone` there, and left out.

    in_domain: the sources that stand apart from all others; none, and all centres are one group. CxrError: the items
    differ, and not `common`; a source that no row has.
    """

    boards: Boards
    common: bool = False
    in_domain: Sequence[str] = ()
    seed: int = 0
    draws: int = 1000
    level: float = 0.95

    def __post_init__(self) -> None:
        boards = self.boards
        self.models = [*boards.models]
        self.asked = boards.asked()
        self._task = np.array(boards.task, np.int64)
        self._source = np.array(boards.source, np.int64)
        self._groups = boards.groups()
        if not self.common and not self.asked.all():
            counts = ", ".join(f"{m} {n}" for m, n in zip(self.models, self.asked.sum(axis=1), strict=True))
            shared = self.asked.all(axis=0).sum()
            raise CxrError(
                f"the models were asked different items ({counts}; {shared} in common):"
                " --common compares what they share"
            )
        self.alone = {task: self._alone(task) for task in boards.tasks} if self.common else {}
        for task, models in self.alone.items():
            self.asked[[boards.models[model] for model in models]] &= ~self.of(task)
        for source in self.in_domain:
            if source not in boards.sources:
                known = ", ".join(sorted(boards.sources)) or "none"
                raise CxrError(f"--in-domain {source}: no row has this `source`; there are: {known}")

    def _alone(self, task: str) -> list[str]:
        """The models of a task that share no item of it with any other, where others do."""
        asked = self.asked & self.of(task)
        shared = asked.sum(axis=0) > 1
        if not shared.any():
            return []
        return [m for m, own in zip(self.models, asked, strict=True) if own.any() and not (own & shared).any()]

    @cached_property
    def has(self) -> dict[str, list[str]]:
        """The models that were asked anything of each task."""
        return {
            task: [model for m, model in enumerate(self.models) if (self.asked[m] & self.of(task)).any()]
            for task in self.boards.tasks
        }

    def of(self, task: str) -> Mask:
        """The items of a task, shared or not."""
        mask: Mask = self._task == self.boards.tasks[task]
        return mask

    def sources(self) -> Counter[str | None]:
        """How many of the compared items each source gave; None of those without."""
        shared = np.any([*self.tasks.values()], axis=0)
        names = [*self.boards.sources, None]
        return Counter(names[source] for source in self._source[shared])

    @property
    def without_patient(self) -> int:
        """How many items no row names a patient of."""
        return int((self._groups < 0).sum())

    @property
    def resampled_by(self) -> str:
        """What is drawn: patients where rows name them, else items."""
        return "patient" if self.without_patient < len(self._groups) else "item"

    @cached_property
    def tasks(self) -> dict[str, Mask]:
        """The items of each task that the models share which were asked any of them."""
        return {
            task: self._shared([self.boards.models[m] for m in self.has[task]]) & self.of(task)
            for task in self.boards.in_order()
        }

    def shared(self, metric: str) -> Mask:
        """The items, of any task, that all models share which have any score of this metric."""
        return self._shared([m for m in self.boards.scored(metric) if self.asked[m].any()])

    def _shared(self, models: Sequence[int]) -> Mask:
        every: Mask = np.logical_and.reduce(self.asked[models], axis=0)
        return every

    @cached_property
    def centres(self) -> dict[str, Mask]:
        """The groups of centres, and their items."""
        if not self.in_domain:
            return {ALL: np.ones(len(self._task), np.bool_)}
        near = np.isin(self._source, [self.boards.sources[source] for source in self.in_domain])
        return {NEAR: near, FAR: ~near & (self._source >= 0)}

    @cached_property
    def lines(self) -> list[Line]:
        return [line for lines, _ in self._cells for line in lines]

    @cached_property
    def pairs(self) -> list[Pair]:
        return [pair for _, pairs in self._cells for pair in pairs]

    @cached_property
    def _cells(self) -> list[tuple[list[Line], list[Pair]]]:
        scores = {metric: self.boards.scores(metric) for metric in self.boards.metrics}
        tasks = [*self.tasks, ALL] if len(self.tasks) > 1 else [*self.tasks]
        return [
            self._cell((task, metric, centre), *scores[metric], np.flatnonzero(items & here))
            for task in tasks
            for metric in scores
            for items in [self.shared(metric) if task == ALL else self.tasks[task]]
            for centre, here in self.centres.items()
        ]

    def _cell(
        self, key: tuple[str, str, str], scores: Floats, reasons: NDArray[np.int32], items: NDArray[np.int64]
    ) -> tuple[list[Line], list[Pair]]:
        """A line for each model that has a score or a null there, and each two of them paired."""
        values, nulls, groups = scores[:, items], reasons[:, items], self._groups[items]
        there = [m for m in range(len(self.models)) if not np.isnan(values[m]).all() or (nulls[m] >= 0).any()]
        pairs = [*self._pairs(key, there, values, groups)]
        means = {self.models[m]: float(np.nanmean(values[m])) for m in there if not np.isnan(values[m]).all()}
        sign = -1 if key[1] in LOWER else 1
        best = max(means, key=lambda model: sign * means[model]) if len(means) > 1 else None
        against = {p.b if p.a == best else p.a: p for p in pairs if best in (p.a, p.b)}
        told = {m for m, p in against.items() if _better(p, best, sign)}
        lines = []
        for m in there:
            model, pair = self.models[m], against.get(self.models[m])
            low, high = interval(values[m], groups, self.draws, self.seed, self.level) or (None, None)
            lines.append(
                Line(
                    *key,
                    model,
                    n=int((~np.isnan(values[m])).sum()),
                    nulls=int((nulls[m] >= 0).sum()),
                    mean=means.get(model),
                    low=low,
                    high=high,
                    best=best is not None and means.get(model) == means[best],
                    bold=bool(told) and model in means and model not in told,
                    p=pair.p_holm if pair else None,
                    reasons=dict(self._why(nulls[m])),
                )
            )
        return lines, pairs

    def _pairs(
        self, key: tuple[str, str, str], there: Sequence[int], values: Floats, groups: NDArray[np.int64]
    ) -> Iterator[Pair]:
        two = [*combinations(there, 2)]
        found = [paired(values[a], values[b], groups, self.draws, self.seed, self.level) for a, b in two]
        for (a, b), d, p in zip(two, found, holm([d.p for d in found]), strict=True):
            yield Pair(*key, self.models[a], self.models[b], d.n, d.nulls, d.mean, d.low, d.high, d.p, p)

    def _why(self, nulls: NDArray[np.int32]) -> list[tuple[str, int]]:
        names = [*self.boards.reasons]
        return Counter(names[reason] for reason in nulls[nulls >= 0]).most_common()


def _better(pair: Pair, best: str | None, sign: int) -> bool:
    """Is the best better than the other one of the pair, beyond noise, on the items that both score?"""
    ahead = (pair.difference or 0) * sign * (1 if pair.a == best else -1)
    return pair.p_holm is not None and pair.p_holm < ALPHA and ahead > 0
