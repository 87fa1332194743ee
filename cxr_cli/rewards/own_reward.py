"""A reward of one's own: `module:function`, with a module in this folder or an installed one.

Its faults are reported by its own name and the row's id, before and during a training.
"""

import inspect
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from copy import deepcopy
from functools import wraps
from itertools import islice
from types import SimpleNamespace
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.rewards.functions import CASE_COLUMNS
from cxr_cli.rewards.reward_table import REWARDS
from cxr_cli.rows import note
from cxr_cli.scoring.text_metrics.own_function import (
    load_function,
    number_of_value,
    own_errors,
    type_words,
)
from cxr_cli.scoring.text_metrics.text_metric_table import TEXT_METRICS

SLOW = 30.0  # seconds of one call, after which it is named
GIVEN = (
    *("completions", "prompts", "case", "id", *CASE_COLUMNS),
    *("completion_ids", "images", "trainer_state", "log_extra", "log_metric"),  # in a training alone
)


def load_own_reward(name: str) -> tuple[str, Callable[..., Any]]:
    """ "my_reward:fair" -> ("fair", the function, checked at each call). Raises CxrError."""
    attribute, function = load_function("--reward", name)
    if attribute in REWARDS or attribute in TEXT_METRICS:
        raise CxrError(f"--reward {name}: {attribute} is the name of another reward: call the function something else")
    _check_signature(name, function)
    return attribute, _checked(name, function)


def _check_signature(name: str, function: Callable[..., Any]) -> None:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):  # of C
        return
    if inspect.iscoroutinefunction(function):
        raise CxrError(f"--reward {name}: a reward is a plain function, not an async one")
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        raise CxrError(f"--reward {name}: the function must take **kwargs: it gets every field of the rows by name")
    if by_place := next((p.name for p in parameters if p.kind is p.POSITIONAL_ONLY and p.default is p.empty), None):
        raise CxrError(f"--reward {name}: the function takes {by_place} by its place alone (/); it gets all by name")
    required = [p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    if unknown := next((parameter for parameter in required if parameter not in GIVEN), None):
        raise CxrError(f"--reward {name}: nothing is called {unknown}; a reward gets {', '.join(GIVEN)}")


def _checked(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as a reward of ours: it gets whole rows as objects (`case`), and their fields by name. What it
    prints goes to stderr. CxrError: it fails, or gives something else than a number or None for each completion."""

    @wraps(function)
    def reward(*, completions: Any, case: Sequence[Any], **more: Any) -> list[float | None]:
        rows = [json.loads(row) if isinstance(row, str) else deepcopy(row) for row in case]
        columns = {field: [row.get(field) for row in rows] for field in ("id", *CASE_COLUMNS)}
        columns |= _before_training(len(rows))
        what = f"--reward {name}{_among(rows)}"
        begin = time.monotonic()
        with own_errors(what):
            values = function(completions=deepcopy([*completions]), case=[*rows], **{**columns, **more})
        numbers = _numbers(what, values, rows)
        if (seconds := time.monotonic() - begin) > SLOW:
            note(f"the reward {name} took {seconds:.0f} s for {len(completions)} completions")
        return [
            number_of_value(f"--reward {name}", value, row.get("id")) for value, row in zip(numbers, rows, strict=True)
        ]

    return reward


def _before_training(count: int) -> dict[str, Any]:
    """What only a trainer has, for a function that asks for it in an audit or a dry run."""
    return {
        "completion_ids": [[] for _ in range(count)],
        "images": [[] for _ in range(count)],
        "trainer_state": SimpleNamespace(global_step=0, max_steps=1, epoch=0.0),
        "log_extra": lambda *_, **__: None,
        "log_metric": lambda *_, **__: None,
    }


def _numbers(what: str, values: Any, rows: Sequence[Any]) -> list[Any]:
    """What the function gave, a value for each row. CxrError: something else than an ordered list of them."""
    is_list = isinstance(values, Iterable) or hasattr(values, "__getitem__")
    if not is_list or isinstance(values, str | bytes | bytearray | Mapping | Set) or getattr(values, "ndim", 1) == 0:
        raise CxrError(f"{what} gave {type_words(values)}, not a list")
    with own_errors(what):
        result = list(islice(values, len(rows) + 1))
    if len(result) != len(rows):
        count = f"more than {len(rows)}" if len(result) > len(rows) else len(result)
        raise CxrError(f"{what} gave {count} values for {len(rows)} completions")
    return result


def _among(rows: Sequence[Any]) -> str:
    """ " (id x)", or " (ids x and 7 more)": the rows of a call."""
    ids = list(dict.fromkeys(str(row.get("id")) for row in rows))
    if not ids or ids == ["None"]:
        return ""
    return f" (ids {ids[0]} and {len(ids) - 1} more)" if ids[1:] else f" (id {ids[0]})"
