"""The rewards of a training and their weights: `format:1 accuracy:1 my_module:fn:0.5`."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from cxr_cli.errors import CxrError
from cxr_cli.rewards.own_reward import load_own_reward
from cxr_cli.rewards.reward_table import DEFAULT_WEIGHTS, REWARDS
from cxr_cli.rewards.text_rewards import text_reward
from cxr_cli.scoring.text_metrics.text_metric_table import TEXT_METRICS
from cxr_cli.suggestions import known_names

LEAST_WEIGHT, MOST_WEIGHT = 0.001, 1000
Reward = Callable[..., list[float | None]]
RewardValues = Mapping[str, np.ndarray[Any, Any]]
"""For each reward by name an array of shape (completions,): from 0 to 1, NaN where the reward does not apply."""


class RewardMix(NamedTuple):
    """Rewards by name, and the weight of each, in the same order."""

    functions: dict[str, Reward]
    weights: list[float]

    def pay(self, completions: Sequence[str], columns: Mapping[str, Any]) -> RewardValues:
        """What each reward pays for each text. It gets them as TRL gives them in training, each a conversation.
        columns: of the data set, each as long as `completions`."""
        prompts = [[{"role": "user", "content": ""}] for _ in completions]
        conversations = [[{"role": "assistant", "content": text}] for text in completions]
        values = {}
        for name, function in self.functions.items():
            numbers = function(completions=conversations, prompts=prompts, **columns)
            values[name] = np.array([np.nan if number is None else number for number in numbers], dtype=float)
        return values

    def total(self, values: RewardValues) -> np.ndarray[Any, Any]:
        """The weighted sum for each completion, of shape (completions,); a reward that does not apply adds nothing."""
        rows = [weight * np.nan_to_num(array) for weight, array in zip(self.weights, values.values(), strict=True)]
        total: np.ndarray[Any, Any] = np.sum(rows, axis=0)
        return total


def select(texts: Sequence[str]) -> RewardMix:
    """The rewards that `--reward` names, or the default ones. texts: `name`, `name:weight`, `module:function` or
    `module:function:weight`, with a module in this folder or an installed one. Raises CxrError."""
    functions: dict[str, Reward] = {}
    weights = []
    for text in texts or [f"{name}:{weight}" for name, weight in DEFAULT_WEIGHTS.items()]:
        name, weight = _name_and_weight(text)
        short, function = _function(name)
        if short in functions:
            hint = ": of two functions with one name call one something else" if ":" in name else ""
            raise CxrError(f"--reward: {short} is named twice{hint}")
        functions[short] = function
        weights.append(weight)
    if not any(weights):
        raise CxrError("--reward: all weights are 0, so nothing would be learned")
    return RewardMix(functions, weights)


def _name_and_weight(text: str) -> tuple[str, float]:
    """ "format:0.5" -> ("format", 0.5), "my_module:f" -> ("my_module:f", 1.0). Raises CxrError."""
    if "," in text:
        raise CxrError(f"--reward {text}: one reward each: --reward {' --reward '.join(text.split(','))}")
    name, colon, last = text.rpartition(":")
    try:
        weight = weight_of_text(last) if colon else 1.0
    except ValueError as error:
        if name in REWARDS or ":" in name:
            raise CxrError(f"--reward {text}: {last or 'nothing'} is no weight") from error
        return text, 1.0
    if not (weight == 0 or LEAST_WEIGHT <= weight <= MOST_WEIGHT):
        raise CxrError(f"--reward {text}: a weight is 0, or a number from {LEAST_WEIGHT:g} to {MOST_WEIGHT:,}")
    return (name if colon else text), weight


def weight_of_text(text: str) -> float:
    """ValueError: not a number as it is written in JSON; Python would take 1_0 too."""
    if not re.fullmatch(r"[-+.0-9eE]+|[-+]?(nan|inf)", text):
        raise ValueError(text)
    return float(text)


def _function(name: str) -> tuple[str, Reward]:
    if name in REWARDS:
        return name, REWARDS.load(name)
    if name in TEXT_METRICS:
        return name, text_reward(name)
    if ":" in name:
        return load_own_reward(name)
    listing = f"{', '.join(REWARDS)}, my_module:function, or a metric of cxr score --metric"
    raise CxrError(f"--reward: no reward is called {name}{known_names(name, (*REWARDS, *TEXT_METRICS), listing)}")
