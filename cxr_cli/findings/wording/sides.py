"""Comparisons of one side with the other, and of one finding with the next: they say nothing of a film before.

"the right effusion is larger than the left", "edema, worse on the left", "a second, smaller nodule"
"""

import re
from collections.abc import Iterator
from itertools import chain

from cxr_cli.findings.lexicon.tokens import Token
from cxr_cli.findings.lexicon.word_lists import either
from cxr_cli.findings.wording.neighbourhood import COMPARISONS

_SIDE_WORDS = {name: either(words) for name, words in COMPARISONS["side"].items()}
_SIDE = _SIDE_WORDS["one"]
_A_SIDE = re.compile(rf"\b{_SIDE}\b")
_OTHER_SIDE = rf"(?:(?:that )?(?:on|in|at|of) )?(?:the )?(?:{_SIDE}|{_SIDE_WORDS['other']})\b"
_MORE = rf"(?:{_SIDE_WORDS['more']}(?: {_SIDE_WORDS['degrees']})?|{_SIDE_WORDS['comparatives']})"
_ADVERB = rf"(?:{_SIDE_WORDS['adverbs']} )?"
_SIDE_THAN_SIDE = re.compile(rf"\b{_SIDE}\b[^.,;:()]{{0,50}}?(?P<than> than |(?: is)? ?[<>] ?){_OTHER_SIDE}")
_IS = re.compile(r" (?:is|are|appears?|looks?) ")
_ONE_SIDE = re.compile(
    r"(?<!has )(?<!have )(?<!\bis )(?<!\bare )\b"
    rf"{_ADVERB}{_MORE} (?:on|in|at|over|of|towards?|within) (?:the )?{_SIDE}\b"
)
_IS_LARGER = re.compile(rf"\b(?:is|are) {_ADVERB}(?!worse|better){_MORE} (?:on|in|at|over|within) (?:the )?{_SIDE}\b")
_WITH_ONE = re.compile(
    rf"\bwith (?:the )?{_SIDE}(?: sided| side| one| effusion)?(?: being| is)? "
    rf"{_ADVERB}{_MORE}\b(?! (?:than|since|compared))"
)
_ANOTHER = re.compile(rf"\b{_SIDE_WORDS['several']},?(?: slightly| much| somewhat)? (?:larger|smaller|bigger)\b")
_ONE_OF_THEM = re.compile(
    r"\bthe (?:larger|smaller|bigger)(?: one)?(?: (?:is|being|measures|measuring|about|up to))? (?=\d)|"
    r"\bthe (?:larger|smaller|bigger) of (?:the|these|them|which)\b"
)
_OTHER_FILM = re.compile(rf"\b{either(COMPARISONS['time']['films'])}")
_COMPARATIVE = re.compile(rf"(?:slightly |now )?{_MORE}")


def without_comparisons(tokens: list[Token], plain: str) -> list[Token]:
    """The tokens without the changes and severities of such comparisons, which tell of both sides."""
    tokens = [token for token in tokens if token[1] != "compare"]
    idle: list[tuple[int, int]] = []
    both: list[tuple[int, int]] = []
    spans: list[tuple[int, int]] = []  # "the left base is hazier than the right": of the left alone
    timed = bool(_OTHER_FILM.search(plain))
    if _A_SIDE.search(plain):
        for match in _SIDE_THAN_SIDE.finditer(plain):
            idle.append(match.span())
            of_one = _IS.search(match[0]) and not any(t[0] == "finding" and t[2] < match.end() for t in tokens)
            (spans if of_one else both).append((match.start("than"), match.end()) if of_one else match.span())
        if both:
            idle += (t[2:] for t in tokens if t[0] == "change" and _COMPARATIVE.fullmatch(plain[t[2] : t[3]]))
        for match in () if timed else chain(_ONE_SIDE.finditer(plain), _IS_LARGER.finditer(plain)):
            idle.append(match.span())
            if not match[0].startswith(("most", "worst", "largest", "greatest")):
                both.append(match.span())
        idle += (match.span() for match in _WITH_ONE.finditer(plain))
    if not timed:
        idle += (match.span() for match in chain(_ANOTHER.finditer(plain), _ONE_OF_THEM.finditer(plain)))
    if not idle:
        return tokens
    if spans:
        covered = _covered(plain, spans)
        tokens = [token for token in tokens if token[0] != "side" or not covered[token[2]]]
    return [*_other_tokens(tokens, _covered(plain, idle), _covered(plain, both))]


def _covered(plain: str, spans: list[tuple[int, int]]) -> bytearray:
    """1 for each character that lies in one of the spans."""
    cover = bytearray(len(plain) + 1)
    for start, end in spans:
        cover[start:end] = b"\1" * (end - start)
    return cover


def _other_tokens(tokens: list[Token], idle: bytearray, both: bytearray) -> Iterator[Token]:
    for kind, value, start, end in tokens:
        if kind in ("change", "severity") and idle[start]:
            continue
        yield kind, "bilateral" if kind == "side" and both[start] else value, start, end
