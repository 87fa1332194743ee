"""A cache of what is made of texts. The long ones are not kept: a few hundred of them would fill the memory."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar, TypeVarTuple

LONGEST_KEPT = 30_000  # characters: hardly a report is longer

More = TypeVarTuple("More")
T = TypeVar("T")


def cached_by_text(size: int) -> Callable[[Callable[[str, *More], T]], Callable[[str, *More], T]]:
    """`lru_cache(size)` for a function whose first argument is a text; for a text longer than LONGEST_KEPT it is called
    each time. Its arguments have no names."""

    def decorate(function: Callable[[str, *More], T]) -> Callable[[str, *More], T]:
        cached = lru_cache(size)(function)

        @wraps(function)
        def of_text(text: str, /, *more: *More) -> T:
            return (cached if len(text) <= LONGEST_KEPT else function)(text, *more)

        return of_text

    return decorate
