"""SIGTERM, which Slurm sends before it takes a node away: `cli.main` handles it, a training saves before it ends."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_callbacks: list[Callable[[], None]] = []


def handle(*_: object) -> None:
    """The handler that `cli.main` sets. Ends the process, unless a block `on_termination` is open."""
    if _callbacks:
        _callbacks[-1]()
    else:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGTERM)


@contextmanager
def on_termination(callback: Callable[[], None]) -> Iterator[None]:
    """While this block is open, SIGTERM calls `callback` and does not end the command.

    In a program that is not the command, that program's own handler stays: the block changes nothing.
    """
    _callbacks.append(callback)
    try:
        yield
    finally:
        _callbacks.remove(callback)
