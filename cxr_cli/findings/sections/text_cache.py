"""A cache of what is made of texts. The long ones are not kept: a few hundred of them would fill the memory."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Concatenate, ParamSpec, TypeVar

LONGEST_KEPT = 30_000  # characters: hardly a report is longer

P = ParamSpec("P")
T = TypeVar("T")
OfText = Callable[Concatenate[str, P], T]


def cached_by_text(size: int) -> Callable[[OfText[P, T]], OfText[P, T]]:
    """`lru_cache(size)` for a function whose first argument is a text; for a text longer than LONGEST_KEPT it is called
    each time."""

    def decorate(function: OfText[P, T]) -> OfText[P, T]:
        cached = lru_cache(size)(function)

        @wraps(function)
        def of_text(text: str, /, *args: P.args, **kwargs: P.kwargs) -> T:
            return (cached if len(text) <= LONGEST_KEPT else function)(text, *args, **kwargs)

        return of_text

    return decorate
