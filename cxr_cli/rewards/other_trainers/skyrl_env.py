"""The rewards for SkyRL: an environment of one turn, and credit by the sentence for its generators.

    skyrl_gym.register(id="cxr", entry_point="cxr_cli.rewards.other_trainers.skyrl_env:CxrEnv")

Rows name it as `env_class`, and have their case as JSON in the column `case`.
"""

import math
from collections import defaultdict
from functools import partial
from typing import Any

from skyrl_gym.envs.base_text_env import BaseTextEnv, BaseTextEnvStepOutput

from cxr_cli.rewards.other_trainers.case_rewards import case_rewards
from cxr_cli.rewards.sentence_credit import advantages, sentence_credits, token_spans


class CxrEnv(BaseTextEnv):  # type: ignore[misc]
    """Pays the weighted sum for a response, and ends."""

    def __init__(self, env_config: Any = None, extras: Any = None) -> None:
        super().__init__()
        self.case = (extras or {}).get("case")
        self.metrics: dict[str, float] = {}

    def step(self, action: str) -> BaseTextEnvStepOutput:
        paid = case_rewards(action, self.case)
        self.metrics = {name: value for name, value in paid.by_name.items() if not math.isnan(value)}
        return BaseTextEnvStepOutput(observations=[], reward=paid.total, done=True, metadata={})

    def get_metrics(self) -> dict[str, float]:
        """By name each reward that applies: SkyRL logs the mean of those that are there."""
        return self.metrics


class SentenceRewards:
    """A mixin for a generator of SkyRL: the reward of a response is one number for each token. The last token gets what
    the environment pays, and the last token of each sentence gets the sentence's credit, times `sentence_weight`."""

    sentence_weight = 1.0

    async def generate(self, input_batch: Any, *arguments: Any, **more: Any) -> Any:
        generator: Any = self
        output = await super().generate(input_batch, *arguments, **more)  # type: ignore[misc]
        decode = partial(generator.tokenizer.decode, skip_special_tokens=True)
        cases = [extras["case"] for extras in input_batch["env_extras"]]
        sentences = sentence_credits([decode(ids) for ids in output["response_ids"]], case=cases)
        groups = defaultdict(list)
        for index, trajectory in enumerate(input_batch["trajectory_ids"]):
            groups[trajectory.instance_id].append(index)
        for group in groups.values():
            for index, values in zip(group, advantages([sentences[index] for index in group]), strict=True):
                ids = output["response_ids"][index]
                rewards = _by_token(output["rewards"][index], len(ids))
                for (_, end), value in zip(token_spans(ids, sentences[index], decode), values, strict=True):
                    rewards[end - 1] += self.sentence_weight * value
                output["rewards"][index] = rewards
        return output


def _by_token(reward: Any, tokens: int) -> list[float]:
    """What the environment paid, as SkyRL gives it: a number, or one for each token."""
    return [*reward] if isinstance(reward, list) else [0.0] * (tokens - 1) + [float(reward)]
