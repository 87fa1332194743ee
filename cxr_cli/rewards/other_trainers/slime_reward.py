"""The rewards for slime: `--custom-rm-path cxr_cli.rewards.other_trainers.slime_reward.reward`.

The case stands in the `metadata` of a row, as {"case": JSON}: slime logs labels, and never metadata.
"""

from typing import Any

from cxr_cli.rewards.other_trainers.case_rewards import case_rewards


async def reward(args: Any, sample: Any, **_: Any) -> Any:
    """The weighted sum for a sample; for a list of samples, which `--group-rm` gives, a list. With `--reward-key score`
    each is an object with the sum as `score` and each reward by name."""
    if isinstance(sample, list):
        return [_of_sample(args, one) for one in sample]
    return _of_sample(args, sample)


def _of_sample(args: Any, sample: Any) -> float | dict[str, float]:
    paid = case_rewards(sample.response, (sample.metadata or {}).get("case"))
    return {"score": paid.total, **paid.by_name} if args.reward_key else paid.total
