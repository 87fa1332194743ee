"""Options that join others: "Both A and B", "Edema and effusion", "All of the above"."""

import re
from functools import lru_cache

from cxr_cli.answers.options.names import OptionSet, option_set
from cxr_cli.answers.options.reader import OptionReader
from cxr_cli.answers.options.short import short_answer
from cxr_cli.answers.wording.cleaning import clean

_JOINS = re.compile(r"\b(?:both|and|all)\b|[&+,]", re.I)
_OPTION_COUNTS = ("two", "three", "four", "five", "six")
_EVERYTHING = re.compile(
    rf"\W*(?:all|everything)(?: of)?(?: (?:the )?(?:above|options|these|them|(?P<number>{'|'.join(_OPTION_COUNTS)})))?"
    r"(?: listed)?\W*",
    re.I,
)


def says_all(text: str, count: int) -> bool:
    """Does the whole text choose everything that was offered, which are `count` options: "All of the above."?"""
    match = _EVERYTHING.fullmatch(text)
    return match is not None and (not match["number"] or _OPTION_COUNTS.index(match["number"].lower()) + 2 == count)


@lru_cache(maxsize=1024)
def joint_options(options: OptionSet) -> dict[int, frozenset[int]]:
    """Option -> those that it joins, two at least; most questions have no such option."""
    joints: dict[int, frozenset[int]] = {}
    for index, text in enumerate(options.texts):
        if not _JOINS.search(text):
            continue
        others = option_set(tuple("" if place == index else other for place, other in enumerate(options.texts)))
        parts = short_answer(OptionReader(clean(text), others), several=True, reason=False) or frozenset()
        if says_all(text, index):
            parts = frozenset(range(index))
        if len(parts) > 1 and -1 not in parts and index not in parts:
            joints[index] = parts
    return joints
