"""Scores finding by finding: the means over the questions that are about each."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cxr_cli.scoring.summaries.comparison import Comparison
from cxr_cli.scoring.summaries.intervals import Floats


class FindingMeans(NamedTuple):
    """A finding, the number of questions about it, and means by column; None where no question has a score."""

    finding: str
    questions: int
    means: dict[str, float | None]


def finding_means(comparison: Comparison, metrics: Sequence[str]) -> list[FindingMeans]:
    """The findings that rows name in `findings`, those with most questions first.

    Columns are the models, on the first metric; for a single model they are the metrics.
    """
    matrix = comparison.matrix
    finding_lists = [*matrix.finding_lists]
    items_of: dict[str, list[int]] = defaultdict(list)
    for item in np.flatnonzero(comparison.items.shared(metrics[0])):
        number = matrix.finding_list[item]
        for finding in finding_lists[number] if number >= 0 else ():
            items_of[finding].append(int(item))
    if len(comparison.models) > 1:
        columns = dict(zip(comparison.models, matrix.scores(metrics[0])[0], strict=True))
    else:
        columns = {metric: matrix.scores(metric)[0][0] for metric in metrics}
    findings = [
        FindingMeans(finding, len(items), {name: _mean_of_numbers(values[items]) for name, values in columns.items()})
        for finding, items in items_of.items()
    ]
    return sorted(findings, key=lambda means: (-means.questions, means.finding))


def _mean_of_numbers(values: Floats) -> float | None:
    scores = values[~np.isnan(values)]
    return float(scores.mean()) if len(scores) else None
