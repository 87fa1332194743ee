"""Rounds of a measurement, as many as the time allows."""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")
SHARE = 0.8  # of the time of a check, for its rounds; the rest is for what comes before them


def within(seconds: float, rounds: Iterable[T]) -> Iterator[T]:
    """The first round, and others while one more is likely to fit into these seconds."""
    begun = time.monotonic()
    for number, one in enumerate(rounds, start=1):
        yield one
        if (time.monotonic() - begun) * (number + 1) / number > SHARE * seconds:
            return
