"""Environment variables that libraries and child processes read, set for one block of code."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def environment(variables: Mapping[str, str], *, override: bool = False) -> Iterator[None]:
    """While this block is open, this process and those that it starts have these variables; then they are as before.

    A variable that is set already stays, unless `override`.
    """
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update({name: value for name, value in variables.items() if override or before[name] is None})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
