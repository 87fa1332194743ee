"""The notation of terms: the phrases that one stands for, word by word, and plurals."""

import re
from collections.abc import Iterator

_LETTER_RANGE = re.compile(r"\[(\w)-(\w)\]")
_HEAD = re.compile(r"( ?) *(\w*)(.?)", re.DOTALL)
_CHOICE_MARK = re.compile(r"[(|)]")


def expand(term: str) -> Iterator[str]:
    """All phrases of a term: "(a|b|) c" -> "a c", "b c", "c"; "lines?" -> "line", "lines"; "[a-h]" -> "a" ... "h"."""
    for phrase in _phrases(plain_term(term)):
        yield phrase.lstrip(" ")


def _phrases(term: str) -> Iterator[str]:
    for piece, rest in heads(term):
        for phrase in _phrases(rest) if piece else ("",):
            yield piece + phrase


def plain_term(term: str) -> str:
    """The term in lower case, with blanks for hyphens and slashes, and with groups for ranges of letters."""
    groups = _LETTER_RANGE.sub(lambda ends: f"({'|'.join(map(chr, range(ord(ends[1]), ord(ends[2]) + 1)))})", term)
    return groups.lower().replace("-", " ").replace("/", " ")


def heads(term: str) -> Iterator[tuple[str, str]]:
    """How the phrases of a plain term begin: (word or sign, the term of what follows it); ("", "") where one ends.

    A word keeps the blank before it: " (left |)lung" -> (" left", " lung"), (" lung", "").
    """
    terms = [term]
    while terms:
        term = terms.pop()
        head = _HEAD.match(term)
        assert head is not None
        blank, word, sign = head.groups()
        at, end = head.start(3), head.end()
        if sign == "(" and (group := _choice_group(term, at)):
            choices, end = group
            terms += [term[:at] + choice + term[end:] for choice in reversed(choices)]
        elif sign == "?" and word:  # its last letter may be left out
            terms += term[:at] + term[end:], term[: at - 1] + term[end:]
        elif word:
            yield blank + word, term[at:]
        elif sign:
            yield blank + sign, term[end:]
        else:
            yield "", ""


def _choice_group(term: str, start: int) -> tuple[list[str], int] | None:
    """The choices of the group that opens at `start`, and where it ends; None if it is never closed."""
    choices, depth, begin = [], 0, start + 1
    for bracket in _CHOICE_MARK.finditer(term, start):
        if bracket[0] == "(":
            depth += 1
        elif depth == 1:
            choices.append(term[begin : bracket.start()])
            begin = bracket.end()
            if bracket[0] == ")":
                return choices, begin
        elif bracket[0] == ")":
            depth -= 1
    return None


def plural_of(phrase: str) -> str:
    """The phrase with its last word in the plural, as far as English is regular."""
    if not phrase[-1].isalpha() or (phrase.endswith("s") and not phrase.endswith("ss")):
        return phrase
    if phrase.endswith("y") and phrase[-2:-1] not in [*"aeiou"]:
        return phrase[:-1] + "ies"
    return phrase + ("es" if phrase.endswith(("x", "ch", "sh", "ss")) else "s")
