"""Rewards for reinforcement learning, by the code of the metrics: training optimizes what `cxr score` measures.

Each is a plain function of TRL's signature: completions and, by name, a list for each column of the data set. It gives
a number from 0 to 1 for each completion, or None if the reward does not apply, such as `process` without a report.

    trl grpo --reward_funcs cxr_cli.rewards.format cxr_cli.rewards.accuracy cxr_cli.rewards.process ..

Columns: `question`, `options`, `answer`, `task`, `findings`, `report`, `steps`, as rows have them, or one column `case`
with whole rows, as objects or as JSON. To add a reward, write a function and a line in `reward_table.py`.
"""

from typing import Any

from cxr_cli.rewards.reward_table import REWARDS


def __getattr__(name: str) -> Any:
    """`cxr_cli.rewards.format`, as TRL imports it."""
    if name in REWARDS:
        return REWARDS.load(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
