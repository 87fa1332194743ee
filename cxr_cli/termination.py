"""How signals end the command: Ctrl-C, SIGTERM, which Slurm sends before it takes a node away, and SIGHUP.

`cli.main` handles them. The command unwinds: files are closed, workers stopped. A training saves before it ends.
"""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_LAST_SIGNAL = 3  # the signal that ends a command which does not come to its end
OnSignal = Callable[[int], bool]
"""Gets the signal's number. Is it taken, or does it end the command?"""
_callbacks: list[OnSignal] = []
_received: list[int] = []


class Terminated(KeyboardInterrupt):
    """A signal ended the command. exit_code: 128 and the signal's number, as shells count."""

    def __init__(self, number: int) -> None:
        self.exit_code = 128 + number
        super().__init__(number)

    def __str__(self) -> str:
        number = self.exit_code - 128
        return "interrupted" if number == signal.SIGINT else f"stopped by {signal.Signals(number).name}"


def handle(number: int, frame: FrameType | None) -> None:
    """The handler that `cli.main` sets: raises Terminated, unless a block `on_termination` takes the signal.

    A second signal does not disturb the unwinding, a third ends the process at once.
    """
    if _callbacks and _callbacks[-1](number):
        return
    _received.append(number)
    if len(_received) == 1:
        raise Terminated(number)
    if len(_received) >= _LAST_SIGNAL:
        os._exit(128 + number)


@contextmanager
def on_termination(callback: OnSignal) -> Iterator[None]:
    """While this block is open, a signal that `callback` takes does not end the command.

    In a program that is not the command, that program's own handler stays: the block changes nothing.
    """
    _callbacks.append(callback)
    try:
        yield
    finally:
        _callbacks.remove(callback)
