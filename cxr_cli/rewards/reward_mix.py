"""The rewards of a training and their weights: `format:1 accuracy:1 my_module:fn:0.5`."""

import importlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import Any, NamedTuple

import numpy as np

from cxr_cli.errors import CxrError
from cxr_cli.registry import known_names
from cxr_cli.rewards import DEFAULT_WEIGHTS, REWARDS
from cxr_cli.rewards.functions import CASE_COLUMNS

Reward = Callable[..., list[float | None]]
FIELDS = ("id", *CASE_COLUMNS)
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
        summed: np.ndarray[Any, Any] = np.sum(rows, axis=0)
        return summed


def select(texts: Sequence[str]) -> RewardMix:
    """The rewards that `--reward` names, or the default ones. texts: `name`, `name:weight`, `module:function` or
    `module:function:weight`, with a module in this folder or an installed one. Raises CxrError."""
    functions: dict[str, Reward] = {}
    weights = []
    for text in texts or [f"{name}:{weight}" for name, weight in DEFAULT_WEIGHTS.items()]:
        name, weight = _name_and_weight(text)
        short, function = _function(name)
        if short in functions:
            raise CxrError(f"--reward: {short} is named twice")
        functions[short] = function
        weights.append(weight)
    return RewardMix(functions, weights)


def _name_and_weight(text: str) -> tuple[str, float]:
    name, colon, weight = text.rpartition(":")
    try:
        return (name, float(weight)) if colon else (text, 1.0)
    except ValueError:
        return text, 1.0


def _function(name: str) -> tuple[str, Reward]:
    if name in REWARDS:
        return name, REWARDS.load(name)
    module, colon, attribute = name.partition(":")
    if not colon:
        listing = f"{', '.join(REWARDS)}, or my_module:function"
        raise CxrError(f"--reward: no reward is called {name}{known_names(name, REWARDS, listing)}")
    try:
        with _this_folder_on_path():
            function: Any = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise CxrError(f"--reward {name}: {error}") from error
    if not callable(function):
        raise CxrError(f"--reward {name} is no function")
    return attribute, _with_columns(function)


@contextmanager
def _this_folder_on_path() -> Iterator[None]:
    """In this block modules of the working folder can be imported."""
    sys.path.insert(0, "")
    try:
        yield
    finally:
        sys.path.remove("")


def _with_columns(function: Callable[..., Any]) -> Callable[..., Any]:
    """A user's function as a reward of ours: it gets whole rows as objects (`case`), and their fields by name."""

    @wraps(function)
    def reward(*, completions: Any, case: Sequence[Any], **more: Any) -> Any:
        rows = [json.loads(row) if isinstance(row, str) else row for row in case]
        columns = {name: [row.get(name) for row in rows] for name in FIELDS}
        with _this_folder_on_path():  # it may import more
            return function(completions=completions, case=rows, **{**columns, **more})

    return reward
