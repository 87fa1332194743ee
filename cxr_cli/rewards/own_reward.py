"""A reward of one's own: `module:function`, with a module in this folder or an installed one.

Its faults are reported by its own name and the row's id, before and during a training.
"""

import inspect
import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from functools import wraps
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.rewards.functions import CASE_COLUMNS
from cxr_cli.rows import note
from cxr_cli.scoring.text_metrics.own_function import (
    error_place,
    load_function,
    number_of_value,
    this_folder_on_path,
    type_words,
)

SLOW = 30.0  # seconds of one call, after which it is named
GIVEN = (
    *("completions", "prompts", "case", "id", *CASE_COLUMNS),
    *("completion_ids", "images", "trainer_state", "log_extra", "log_metric"),  # in a training alone
)


def load_own_reward(name: str) -> tuple[str, Callable[..., Any]]:
    """ "my_reward:fair" -> ("fair", the function, checked at each call). Raises CxrError."""
    attribute, function = load_function("--reward", name)
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
    required = [p.name for p in parameters if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    if unknown := next((parameter for parameter in required if parameter not in GIVEN), None):
        raise CxrError(f"--reward {name}: nothing is called {unknown}; a reward gets {', '.join(GIVEN)}")


def _checked(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as a reward of ours: it gets whole rows as objects (`case`), and their fields by name. What it
    prints goes to stderr. CxrError: it fails, or gives something else than a number or None for each completion."""

    @wraps(function)
    def reward(*, completions: Any, case: Sequence[Any], **more: Any) -> list[float | None]:
        rows = [json.loads(row) if isinstance(row, str) else row for row in case]
        columns = {field: [row.get(field) for row in rows] for field in ("id", *CASE_COLUMNS)}
        begin = time.monotonic()
        try:
            with this_folder_on_path(), redirect_stdout(sys.stderr):  # it may import more
                values = function(completions=[*completions], case=[*rows], **{**columns, **more})
        except CxrError:
            raise
        except (Exception, SystemExit) as error:
            raise CxrError(f"--reward {name}{_among(rows)}: {error_place(error)}") from error
        if (seconds := time.monotonic() - begin) > SLOW:
            note(f"the reward {name} took {seconds:.0f} s for {len(completions)} completions")
        return _numbers(name, values, rows)

    return reward


def _numbers(name: str, values: Any, rows: Sequence[Any]) -> list[float | None]:
    """What the function gave, a number or None for each row. Raises CxrError."""
    try:
        numbers = list(values)
    except TypeError as error:
        raise CxrError(f"--reward {name}{_among(rows)} gave {type_words(values)}, not a list") from error
    if isinstance(values, str | dict) or len(numbers) != len(rows):
        kind = type_words(values) if isinstance(values, str | dict) else f"{len(numbers)} values"
        raise CxrError(f"--reward {name}{_among(rows)} gave {kind} for {len(rows)} completions")
    return [number_of_value(f"--reward {name}", value, row.get("id")) for value, row in zip(numbers, rows, strict=True)]


def _among(rows: Sequence[Any]) -> str:
    """ " (id x)", or " (ids x and 7 more)": the rows of a call."""
    ids = list(dict.fromkeys(str(row.get("id")) for row in rows))
    if not ids or ids == ["None"]:
        return ""
    return f" (ids {ids[0]} and {len(ids) - 1} more)" if ids[1:] else f" (id {ids[0]})"
