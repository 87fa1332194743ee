"""A function of the user's: `module:function`, with a module in this folder or an installed one.

Its faults are reported by its own name and the row's id.
"""

import importlib
import inspect
import numbers
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

from cxr_cli.errors import CxrError, library_message, shortened

LARGEST = 1e9  # beyond it the spread of a group's rewards is no number in float32


def load_function(flag: str, name: str) -> tuple[str, Callable[..., Any]]:
    """ "my_reward:fair" -> ("fair", the function). flag: that names it, for errors. Raises CxrError."""
    module, _, attribute = name.partition(":")
    if module.endswith(".py"):
        path = module.removesuffix(".py").strip("./").replace("/", ".")
        raise CxrError(f"{flag} {name}: name the module, not its file: {path}:{attribute}")
    if not all(part.isidentifier() for part in (*module.split("."), attribute)):
        raise CxrError(f"{flag} {name}: not MODULE:FUNCTION, with a module of this folder or an installed one")
    try:
        with this_folder_on_path(), redirect_stdout(sys.stderr):
            function: Any = getattr(importlib.import_module(module), attribute)
    except KeyboardInterrupt:
        raise
    except (ImportError, AttributeError) as error:
        raise CxrError(f"{flag} {name}: {library_message(error)}") from error
    except BaseException as error:
        raise CxrError(f"{flag} {name}: {error_place(error)}") from error
    if not callable(function):
        raise CxrError(f"{flag} {name} is no function")
    return attribute, function


def code_digest(function: Callable[..., Any]) -> str:
    """8 hex digits of the file in which a function is written; of nothing for one that has none."""
    try:
        path = inspect.getsourcefile(inspect.unwrap(function))
    except TypeError:  # of C, or a callable object
        path = None
    return blake2b(Path(path).read_bytes() if path else b"", digest_size=4).hexdigest()


@contextmanager
def this_folder_on_path() -> Iterator[None]:
    """In this block modules of the working folder can be imported."""
    sys.path.insert(0, "")
    try:
        yield
    finally:
        sys.path.remove("")


@contextmanager
def own_errors(what: str) -> Iterator[None]:
    """In this block, which runs the function, whatever it raises is a CxrError that names it; what it prints goes to
    stderr. what: its flag and its name."""
    try:
        with this_folder_on_path(), redirect_stdout(sys.stderr):  # it may import more
            yield
    except (CxrError, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise CxrError(f"{what}: {error_place(error)}") from error


def number_of_value(what: str, value: Any, id: Any) -> float | None:
    """What the function gave for a row, as a number; None stays. what: its flag and its name. Raises CxrError."""
    if value is None:
        return None
    number: Any = value
    if hasattr(value, "item"):  # a scalar, or an array or tensor of one
        with suppress(Exception):
            number = value.item()
    is_number = isinstance(number, numbers.Real)
    if is_number and -LARGEST <= number <= LARGEST:
        return float(number)
    words = f"{number:g}" if isinstance(number, float) else type_words(value)
    raise CxrError(f"{what} gave {words} for id {id}; it takes a number of at most {LARGEST:g}, or None")


def type_words(value: Any) -> str:
    """ "a str", "an int"."""
    kind = shortened(type(value).__name__)
    return "None" if value is None else f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"


def error_place(error: BaseException) -> str:
    """ "KeyError at my_reward.py:12"; the message of an error may quote a report."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"SyntaxError at {error.filename}:{error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    house = str(Path(__file__).parents[2])
    own = [
        frame
        for frame in frames
        if not frame.filename.startswith(house) and frame.filename != importlib.__file__ and "<" not in frame.filename
    ]
    place = f" at {own[-1].filename}:{own[-1].lineno}" if own else ""
    return f"{shortened(type(error).__name__)}{place}"
