"""The rewards for ms-swift.

    --external_plugins FOLDER/swift_reward.py --reward_funcs cxr_format cxr_process ..

Each reward is registered as `cxr_NAME`. Rewards get the columns of the data set by name, as in TRL, and like TRL
ms-swift leaves a reward that is None out of the sum.
"""

from typing import Any

from cxr_cli.rewards.reward_table import REWARDS

try:
    from swift.rewards import ORM, orms
except ModuleNotFoundError:  # before version 4
    from swift.plugin import ORM, orms


def _plugin(name: str) -> type:
    class Reward(ORM):  # type: ignore[misc]
        def __call__(self, completions: Any, **columns: Any) -> list[float | None]:
            values: list[float | None] = REWARDS.load(name)(completions, **columns)
            return values

    Reward.__name__ = Reward.__qualname__ = f"cxr_{name}"
    return Reward


for _name in REWARDS:
    orms[f"cxr_{_name}"] = _plugin(_name)
