"""The rewards for EasyR1: `worker.reward.reward_function=FOLDER/easyr1_reward.py:compute_score`.

In its batch form EasyR1 passes a list of {"response": text, "ground_truth": ..}; the ground truth is the case, as an
object or as JSON.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.rewards.other_trainers.case_rewards import case_rewards

REWARD_NAME, REWARD_TYPE = "cxr", "batch"


def compute_score(reward_inputs: Sequence[Mapping[str, Any]]) -> list[dict[str, float]]:
    """For each response `overall`, the weighted sum, and by name each reward that applies: EasyR1 logs the mean of
    those that are there."""
    scores = []
    for completion in reward_inputs:
        paid = case_rewards(completion["response"], completion["ground_truth"])
        applying = {name: value for name, value in paid.by_name.items() if not math.isnan(value)}
        scores.append({"overall": paid.total, **applying})
    return scores
