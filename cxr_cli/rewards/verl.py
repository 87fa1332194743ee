"""The rewards for verl.

    custom_reward_function.path=.../cxr_cli/rewards/verl.py custom_reward_function.name=compute_score

Rows of verl bring the case under `extra_info`, its fields or one field `case` with all of it as JSON. A function
`compute_score(data_source, solution_str, ground_truth, extra_info)` returns a number; here an object with `score` and
each reward by name, which verl logs. Weights come from `extra_info["weights"]`, else the default ones.
"""

import json
from collections.abc import Mapping
from typing import Any

from cxr_cli.rewards import DEFAULT, REWARDS
from cxr_cli.rewards.functions import COLUMNS


def compute_score(
    data_source: str, solution_str: str, ground_truth: Any, extra_info: Mapping[str, Any] | None = None, **_: Any
) -> dict[str, float]:
    """The rewards of one completion. ground_truth: the answer, if the case in `extra_info` has none. A reward that does
    not apply is NaN, and adds nothing to the sum."""
    given = dict(extra_info or {})
    case = given | json.loads(given.pop("case", "{}"))
    weights = case.pop("weights", None) or DEFAULT
    case.setdefault("answer", ground_truth)
    kept = {name: case[name] for name in case if name in COLUMNS}
    row = json.dumps(kept, default=lambda array: array.tolist())  # Parquet's lists are numpy arrays there
    paid = {name: REWARDS.load(name)([solution_str], case=[row])[0] for name in weights}
    score = sum(weights[name] * value for name, value in paid.items() if value is not None)
    return {"score": score} | {name: float("nan") if value is None else value for name, value in paid.items()}
