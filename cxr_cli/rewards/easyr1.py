"""The rewards for EasyR1: `worker.reward.reward_function=.../cxr_cli/rewards/easyr1.py:compute_score`.

In its batch form EasyR1 passes a list of {"response": text, "ground_truth": ..}; the ground truth is the case, as an
object or as JSON.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.rewards.verl import compute_score as score_one

REWARD_NAME, REWARD_TYPE = "cxr", "batch"


def compute_score(reward_inputs: Sequence[Mapping[str, Any]]) -> list[dict[str, float]]:
    """For each response `overall`, the weighted sum, and each reward by name."""
    scores = []
    for completion in reward_inputs:
        truth = completion["ground_truth"]
        case = json.loads(truth) if isinstance(truth, str) else truth
        rewards = score_one("", completion["response"], case.get("answer"), case)
        scores.append({"overall": rewards.pop("score"), **rewards})
    return scores
