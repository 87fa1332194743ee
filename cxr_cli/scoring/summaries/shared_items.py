"""Which items of a score matrix are compared: those that the models of a task share."""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from cxr_cli.errors import CxrError
from cxr_cli.scoring.summaries.score_matrix import Mask, ScoreMatrix
from cxr_cli.scoring.summaries.summary import ALL_TASKS

ALL_CENTRES, IN_DOMAIN, OTHER_CENTRES = ALL_TASKS, "in-domain", "other centres"


class SharedItems:
    """The items of each task and of each group of centres, as masks over the items of the matrix.

    common: restrict models that have rows of different items to the items that they share, task by task; a model that
    shares no item of a task with any other is `left_out` of it. in_domain: the sources that are apart from all others;
    without them all centres are one group. CxrError: the items differ, and not `common`; a source that no row has.
    """

    def __init__(self, matrix: ScoreMatrix, common: bool, in_domain: Sequence[str]) -> None:
        self.matrix, self.in_domain = matrix, in_domain
        self.coverage = matrix.coverage()
        self.patients = matrix.patients()
        self._task = np.array(matrix.task, np.int64)
        self._source = np.array(matrix.source, np.int64)
        if not common and not self.coverage.all():
            counts = ", ".join(f"{m} {n}" for m, n in zip(matrix.models, self.coverage.sum(axis=1), strict=True))
            shared = self.coverage.all(axis=0).sum()
            raise CxrError(
                f"the models have different items ({counts}; {shared} in common): --common compares on those"
            )
        self.left_out = {task: self._without_shared_item(task) for task in matrix.tasks} if common else {}
        for task, models in self.left_out.items():
            self.coverage[[matrix.models[model] for model in models]] &= ~self.in_task(task)
        for source in in_domain:
            if source not in matrix.sources:
                names = ", ".join(sorted(matrix.sources)) or "none"
                raise CxrError(f"--in-domain {source}: no row has this `source`; there are: {names}")

    def _without_shared_item(self, task: str) -> list[str]:
        """The models of a task that share no item of it with any other, where others do."""
        coverage = self.coverage & self.in_task(task)
        shared = coverage.sum(axis=0) > 1
        if not shared.any():
            return []
        models = zip(self.matrix.models, coverage, strict=True)
        return [model for model, items in models if items.any() and not (items & shared).any()]

    @cached_property
    def models_of(self) -> dict[str, list[str]]:
        """The models that have rows of each task."""
        return {
            task: [model for m, model in enumerate(self.matrix.models) if (self.coverage[m] & self.in_task(task)).any()]
            for task in self.matrix.tasks
        }

    def in_task(self, task: str) -> Mask:
        """The items of a task, shared or not."""
        mask: Mask = self._task == self.matrix.tasks[task]
        return mask

    @cached_property
    def tasks(self) -> dict[str, Mask]:
        """The items of each task that all models with rows of it share."""
        return {
            task: self._covered_by([self.matrix.models[m] for m in self.models_of[task]]) & self.in_task(task)
            for task in self.matrix.ordered_tasks()
        }

    def shared(self, metric: str) -> Mask:
        """The items of any task that all models share which have a score of this metric."""
        return self._covered_by([m for m in self.matrix.models_with(metric) if self.coverage[m].any()])

    def _covered_by(self, models: Sequence[int]) -> Mask:
        mask: Mask = np.logical_and.reduce(self.coverage[models], axis=0)
        return mask

    @cached_property
    def centres(self) -> dict[str, Mask]:
        """The items of each group of centres."""
        if not self.in_domain:
            return {ALL_CENTRES: np.ones(len(self._task), np.bool_)}
        inside = np.isin(self._source, [self.matrix.sources[source] for source in self.in_domain])
        return {IN_DOMAIN: inside, OTHER_CENTRES: ~inside & (self._source >= 0)}

    def source_counts(self) -> Counter[str | None]:
        """How many of the compared items each source gave; None counts those without a source."""
        items = np.any([*self.tasks.values()], axis=0)
        names = [*self.matrix.sources, None]
        return Counter(names[source] for source in self._source[items])

    @property
    def without_patient(self) -> int:
        """How many items have no patient in any row."""
        return int((self.patients < 0).sum())

    @property
    def resampled_by(self) -> str:
        """What is drawn: patients where rows name them, else items."""
        return "patient" if self.without_patient < len(self.patients) else "item"
