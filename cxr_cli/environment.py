"""Environment variables that libraries and child processes read, set for one block of code."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def environment(variables: Mapping[str, str | None], *, override: bool = False) -> Iterator[None]:
    """While this block is open, this process and those that it starts have these variables; then they are as before.

    A variable that is set already stays, unless `override`. None: it is not set.
    """
    before = {name: os.environ.get(name) for name in variables}
    _set_variables({name: value for name, value in variables.items() if override or before[name] is None})
    try:
        yield
    finally:
        _set_variables(before)


def _set_variables(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
