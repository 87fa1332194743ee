"""The rewards for verl.

    custom_reward_function.path=.../cxr_cli/rewards/verl.py custom_reward_function.name=compute_score

In rows of verl the case stands in `extra_info`: its fields, or one field `case` with all of it as JSON. verl takes a
number, or, as here, an object with the number as `score`; it logs the rest, each reward by name. The weights are those
in `extra_info["weights"]`, {"format": 1, ..}, or the defaults of `cxr rl`.
"""

import json
from collections.abc import Mapping
from typing import Any

from cxr_cli.rewards.functions import CASE_COLUMNS
from cxr_cli.rewards.reward_mix import RewardMix
from cxr_cli.rewards.reward_table import DEFAULT_WEIGHTS, REWARDS


def compute_score(
    data_source: str, solution_str: str, ground_truth: Any, extra_info: Mapping[str, Any] | None = None, **_: Any
) -> dict[str, float]:
    """The rewards of one completion. ground_truth: the answer, if the case in `extra_info` has none. A reward that does
    not apply is NaN, and adds nothing to the sum."""
    info = dict(extra_info or {})
    case = info | json.loads(info.pop("case", "{}"))
    weights = case.pop("weights", None) or DEFAULT_WEIGHTS
    case.setdefault("answer", ground_truth)
    columns = {name: case[name] for name in case if name in CASE_COLUMNS}
    row = json.dumps(columns, default=lambda array: array.tolist())  # Parquet's lists are numpy arrays there
    mix = RewardMix({name: REWARDS.load(name) for name in weights}, [*weights.values()])
    values = mix.pay([solution_str], {"case": [row]})
    return {"score": float(mix.total(values)[0])} | {name: float(array[0]) for name, array in values.items()}
