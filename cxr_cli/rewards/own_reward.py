"""A reward of one's own: `module:function`, with a module in this folder or an installed one.

Its faults are reported by its own name and the row's id, before and during a training.
"""

import importlib
import inspect
import json
import numbers
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from functools import wraps
from hashlib import blake2b
from pathlib import Path
from typing import Any

from cxr_cli.errors import CxrError
from cxr_cli.rewards.functions import CASE_COLUMNS
from cxr_cli.rows import note

SLOW = 30.0  # seconds of one call, after which it is named
LARGEST = 1e9  # beyond it the spread of a group's rewards is no number in float32
GIVEN = (
    *("completions", "prompts", "case", "id", *CASE_COLUMNS),
    *("completion_ids", "images", "trainer_state", "log_extra", "log_metric"),  # in a training alone
)


def load_own_reward(name: str) -> tuple[str, Callable[..., Any]]:
    """ "my_reward:fair" -> ("fair", the function, checked at each call). Raises CxrError."""
    module, _, attribute = name.partition(":")
    if module.endswith(".py"):
        raise CxrError(f"--reward {name}: name the module, not its file: {module.removesuffix('.py')}:{attribute}")
    try:
        with _this_folder_on_path():
            function: Any = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise CxrError(f"--reward {name}: {error}") from error
    except (Exception, SystemExit) as error:
        raise CxrError(f"--reward {name}: {_where(error)}") from error
    if not callable(function):
        raise CxrError(f"--reward {name} is no function")
    _check_signature(name, function)
    return attribute, _checked(name, function)


def code_digest(function: Callable[..., Any]) -> str:
    """8 hex digits of the file in which a reward is written; of nothing for a function that has none."""
    try:
        path = inspect.getsourcefile(inspect.unwrap(function))
    except TypeError:  # of C, or a callable object
        path = None
    return blake2b(Path(path).read_bytes() if path else b"", digest_size=4).hexdigest()


@contextmanager
def _this_folder_on_path() -> Iterator[None]:
    """In this block modules of the working folder can be imported."""
    sys.path.insert(0, "")
    try:
        yield
    finally:
        sys.path.remove("")


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
            with _this_folder_on_path(), redirect_stdout(sys.stderr):  # it may import more
                values = function(completions=[*completions], case=[*rows], **{**columns, **more})
        except CxrError:
            raise
        except (Exception, SystemExit) as error:
            raise CxrError(f"--reward {name}{_among(rows)}: {_where(error)}") from error
        if (seconds := time.monotonic() - begin) > SLOW:
            note(f"the reward {name} took {seconds:.0f} s for {len(completions)} completions")
        return _numbers(name, values, rows)

    return reward


def _numbers(name: str, values: Any, rows: Sequence[Any]) -> list[float | None]:
    """What the function gave, a number or None for each row. Raises CxrError."""
    try:
        numbers = list(values)
    except TypeError as error:
        raise CxrError(f"--reward {name}{_among(rows)} gave {_type_words(values)}, not a list") from error
    if isinstance(values, str | dict) or len(numbers) != len(rows):
        kind = _type_words(values) if isinstance(values, str | dict) else f"{len(numbers)} values"
        raise CxrError(f"--reward {name}{_among(rows)} gave {kind} for {len(rows)} completions")
    return [_number(name, value, row) for value, row in zip(numbers, rows, strict=True)]


def _number(name: str, value: Any, row: Any) -> float | None:
    if value is None:
        return None
    value = value.item() if hasattr(value, "item") and getattr(value, "size", 1) != 0 else value
    is_number = isinstance(value, numbers.Real)
    if is_number and -LARGEST <= value <= LARGEST:
        return float(value)
    words = f"{value:g}" if isinstance(value, int | float) else _type_words(value)
    raise CxrError(
        f"--reward {name} gave {words} for id {row.get('id')}; it takes a number of at most {LARGEST:g}, or None"
    )


def _type_words(value: Any) -> str:
    kind = type(value).__name__
    return "None" if value is None else f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def _among(rows: Sequence[Any]) -> str:
    """ " (id x)", or " (ids x and 7 more)": the rows of a call."""
    ids = list(dict.fromkeys(str(row.get("id")) for row in rows))
    if not ids or ids == ["None"]:
        return ""
    return f" (ids {ids[0]} and {len(ids) - 1} more)" if ids[1:] else f" (id {ids[0]})"


def _where(error: BaseException) -> str:
    """ "KeyError at my_reward.py:12"; the message of an error may quote a report."""
    if isinstance(error, SyntaxError):
        return f"SyntaxError at {error.filename}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [
        frame for frame in frames if frame.filename not in (__file__, importlib.__file__) and "<" not in frame.filename
    ]
    place = f" at {own[-1].filename}:{own[-1].lineno}" if own else ""
    return f"{type(error).__name__}{place}"
