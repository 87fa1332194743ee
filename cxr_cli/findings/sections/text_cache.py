"""A cache of what is made of texts. The long ones are not kept: a few hundred of them would fill the memory."""

from collections.abc import Callable, Iterable
from functools import lru_cache, wraps
from typing import Any, TypeVar, TypeVarTuple

LONGEST_KEPT = 30_000  # characters: hardly a report is longer

K = TypeVar("K")
More = TypeVarTuple("More")
T = TypeVar("T")


def cached_by_text(
    size: int, length: Callable[[Any], int] = len
) -> Callable[[Callable[[K, *More], T]], Callable[[K, *More], T]]:
    """`lru_cache(size)` for a function whose first argument is a text; for a text longer than LONGEST_KEPT it is called
    each time. Its arguments have no names. length: `length_together` where the first argument is a tuple of texts."""

    def decorate(function: Callable[[K, *More], T]) -> Callable[[K, *More], T]:
        cached = lru_cache(size)(function)

        @wraps(function)
        def of_text(text: K, /, *more: *More) -> T:
            return (cached if length(text) <= LONGEST_KEPT else function)(text, *more)

        return of_text

    return decorate


def length_together(texts: Iterable[str]) -> int:
    """Characters of all these texts."""
    return sum(map(len, texts))
