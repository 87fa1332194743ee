"""Replies whose beginning stands in the prompt: a chat template may open the thought itself."""

from collections.abc import Mapping, Sequence
from functools import wraps
from typing import Any

from cxr_cli.rewards.reward_mix import Reward


def with_opening(rewards: Mapping[str, Reward], opening: str) -> dict[str, Reward]:
    """The rewards, each paid for the whole reply: `opening`, which the prompt has, and what the model wrote."""

    def whole(reward: Reward) -> Reward:
        @wraps(reward)
        def paid_whole(*, completions: Sequence[Any], **columns: Any) -> Any:
            replies = [[{**turns[-1], "content": opening + turns[-1]["content"]}] for turns in completions]
            return reward(completions=replies, **columns)

        return paid_whole

    return {name: whole(reward) for name, reward in rewards.items()} if opening else dict(rewards)
