"""How well each finding is told: scores of the questions that are about it."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from cxr_cli.scoring.summaries.comparison import Comparison
from cxr_cli.scoring.summaries.score_matrix import Floats


class Told(NamedTuple):
    """A finding, how many questions are about it, and means by column; None where no question has a score."""

    finding: str
    questions: int
    means: dict[str, float | None]


def by_finding(comparison: Comparison, metrics: Sequence[str]) -> list[Told]:
    """The findings that rows name in `findings`, those of most questions first.

    Columns are the models, on the first metric; of one model its metrics.
    """
    boards, names = comparison.boards, [*comparison.boards.findings]
    about: dict[str, list[int]] = defaultdict(list)
    for item in np.flatnonzero(comparison.shared(metrics[0])):
        for finding in names[boards.named[item]] if boards.named[item] >= 0 else ():
            about[finding].append(int(item))
    if len(comparison.models) > 1:
        columns = dict(zip(comparison.models, boards.scores(metrics[0])[0], strict=True))
    else:
        columns = {metric: boards.scores(metric)[0][0] for metric in metrics}
    told = [
        Told(finding, len(items), {name: _mean(values[items]) for name, values in columns.items()})
        for finding, items in about.items()
    ]
    return sorted(told, key=lambda one: (-one.questions, one.finding))


def _mean(values: Floats) -> float | None:
    scored = values[~np.isnan(values)]
    return float(scored.mean()) if len(scored) else None
