"""Metrics of `cxr score --metric` as rewards: `--reward green:0.5`.

What is compared is what the metric compares: the answer of a completion with the right answer, or with the report. A
reward is from 0 to 1: RadCliQ, a distance d, pays 1 / (1 + d), and CRIMSON below 0 pays 0.
"""

from collections.abc import Callable, Sequence
from typing import Any

from cxr_cli.rewards.functions import Rewards, read_completions
from cxr_cli.scoring.text_metrics.text_metric_table import text_metric
from cxr_cli.scoring.text_scores import compared_answer, reference_text

_PAYS: dict[str, Callable[[float], float]] = {
    "radcliq": lambda distance: 1 / (1 + max(0.0, distance)),
    "crimson": lambda score: max(0.0, score),
}


def text_reward(name: str) -> Callable[..., Rewards]:
    """A metric as a reward. 0 for a completion without a text; None: there is nothing to compare with. CxrError: its
    package or its weights are missing."""
    metric = text_metric(name)[1]
    pays = _PAYS.get(name, float)

    def reward(completions: Sequence[Any], **columns: Any) -> Rewards:
        pairs = [
            (reference_text(c.case), compared_answer(c.case, c.text)) for c in read_completions(completions, columns)
        ]
        result: Rewards = [0.0 if reference else None for reference, _ in pairs]
        numbers = [number for number, (reference, text) in enumerate(pairs) if reference and text]
        references, texts = [pairs[number][0] for number in numbers], [pairs[number][1] for number in numbers]
        values = metric.compare(references, texts, [{}] * len(texts)) if texts else []
        for number, value in zip(numbers, values, strict=True):
            result[number] = None if value is None else pays(value)
        return result

    return reward
