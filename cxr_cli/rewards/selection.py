"""Which rewards, with which weights: `format:1 accuracy:1 my_module:fn:0.5`."""

import difflib
import importlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, NamedTuple

import numpy as np

from cxr_cli.errors import CxrError
from cxr_cli.rewards import DEFAULT, REWARDS
from cxr_cli.rewards.functions import COLUMNS

FIELDS = ("id", *COLUMNS)
Paid = Mapping[str, np.ndarray[Any, Any]]


class Selected(NamedTuple):
    """functions: by name. weights: in the same order."""

    functions: dict[str, Callable[..., list[float | None]]]
    weights: list[float]

    def pay(self, completions: Sequence[str], columns: Mapping[str, Any]) -> Paid:
        """For each reward one number a completion, NaN where it does not apply."""
        prompts = [""] * len(completions)
        paid = {}
        for name, function in self.functions.items():
            values = function(completions=list(completions), prompts=prompts, **columns)
            paid[name] = np.array([np.nan if value is None else value for value in values], dtype=float)
        return paid

    def total(self, paid: Paid) -> np.ndarray[Any, Any]:
        """The weighted sum of each completion; what does not apply adds nothing."""
        rows = [weight * np.nan_to_num(values) for weight, values in zip(self.weights, paid.values(), strict=True)]
        summed: np.ndarray[Any, Any] = np.sum(rows, axis=0)
        return summed


def select(texts: Sequence[str]) -> Selected:
    """What `--reward` names; none stands for the default. `name:weight`, `module:function` or
    `module:function:weight`, the module found from here or installed. Raises CxrError."""
    functions: dict[str, Callable[..., list[float | None]]] = {}
    weights = []
    for text in texts or [f"{name}:{weight}" for name, weight in DEFAULT.items()]:
        name, weight = _weighed(text)
        short, function = _function(name)
        if short in functions:
            raise CxrError(f"--reward: {short} is named twice")
        functions[short] = function
        weights.append(weight)
    return Selected(functions, weights)


def _weighed(text: str) -> tuple[str, float]:
    name, colon, weight = text.rpartition(":")
    try:
        return (name, float(weight)) if colon else (text, 1.0)
    except ValueError:
        return text, 1.0


def _function(name: str) -> tuple[str, Callable[..., list[float | None]]]:
    if name in REWARDS:
        return name, REWARDS[name]
    module, colon, attribute = name.partition(":")
    if not colon:
        close = difflib.get_close_matches(name, REWARDS, n=1)
        hint = f"did you mean {close[0]}?" if close else f"there is {', '.join(REWARDS)}, or my_module:function"
        raise CxrError(f"--reward: no reward is called {name}; {hint}")
    if "" not in sys.path:
        sys.path.insert(0, "")  # a module in this folder
    try:
        function: Any = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise CxrError(f"--reward {name}: {error}") from error
    if not callable(function):
        raise CxrError(f"--reward {name} is no function")
    return attribute, _with_columns(function)


def _with_columns(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same, given whole rows as objects (`case`) and their fields by name."""

    @wraps(function)
    def paid(*, completions: Any, case: Sequence[Any], **more: Any) -> Any:
        rows = [json.loads(row) if isinstance(row, str) else row for row in case]
        columns = {name: [row.get(name) for row in rows] for name in FIELDS}
        return function(completions=completions, case=rows, **{**columns, **more})

    return paid
