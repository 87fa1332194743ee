"""The rewards for verl.

    reward.custom_reward_function.path=pkg://cxr_cli.rewards.other_trainers.verl_reward

In rows of verl the case stands in `extra_info`: its fields, or one field `case` with all of it as JSON. verl takes an
object with the number as `score`, which has the same names in every row, and logs the rest, each reward by name.
"""

import json
from collections.abc import Mapping
from typing import Any

from cxr_cli.rewards.other_trainers.case_rewards import case_rewards


def compute_score(
    data_source: str, solution_str: str, ground_truth: Any, extra_info: Mapping[str, Any] | None = None, **_: Any
) -> dict[str, float]:
    """The rewards of one response. ground_truth: the answer, if the case in `extra_info` has none. A reward that does
    not apply is NaN."""
    info = dict(extra_info or {})
    case = {"answer": ground_truth} | info | json.loads(info.pop("case", "{}"))
    paid = case_rewards(solution_str, case)
    return {"score": paid.total, **paid.by_name}
