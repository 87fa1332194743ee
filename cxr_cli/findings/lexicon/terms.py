"""The notation of terms: all phrases that one stands for, and plurals."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import product

_LETTER_RANGE = re.compile(r"\[(\w)-(\w)\]")
_INNERMOST = re.compile(r"\(([^()]*)\)")
_OPTIONAL = re.compile(r"(\w)\?")


def expand(term: str) -> Iterator[str]:
    """All phrases of a term: "(a|b|) c" -> "a c", "b c", "c"; "lines?" -> "line", "lines"; "[a-h]" -> "a" ... "h"."""
    if letters := _LETTER_RANGE.search(term):
        for code in range(ord(letters[1]), ord(letters[2]) + 1):
            yield from expand(term[: letters.start()] + chr(code) + term[letters.end() :])
        return
    parts = _INNERMOST.split(term.lower().replace("-", " ").replace("/", " "))
    if len(parts) > 1 and any("(" in part for part in parts[::2]):  # a group in a group
        before, choices, after = _INNERMOST.split(term, maxsplit=1)
        for choice in choices.split("|"):
            yield from expand(before + choice + after)
        return
    for phrase in _combined(parts, [choices.split("|") for choices in parts[1::2]]):
        parts = _OPTIONAL.split(phrase)
        for form in _combined(parts, [("", letter) for letter in parts[1::2]]) if len(parts) > 1 else parts:
            yield " ".join(form.split())


def _combined(parts: Sequence[str], choices: Iterable[Iterable[str]]) -> Iterator[str]:
    """The texts that come of putting one choice each in the place of every other part."""
    pieces = list(parts)
    for choice in product(*choices):
        pieces[1::2] = choice
        yield "".join(pieces)


def plural_of(phrase: str) -> str:
    """The phrase with its last word in the plural, as far as English is regular."""
    if not phrase[-1].isalpha() or (phrase.endswith("s") and not phrase.endswith("ss")):
        return phrase
    if phrase.endswith("y") and phrase[-2] not in "aeiou":
        return phrase[:-1] + "ies"
    return phrase + ("es" if phrase.endswith(("x", "ch", "sh", "ss")) else "s")
