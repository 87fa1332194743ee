"""Words that stand for a finding named before: "no left effusion, a small one on the right", "that on the left".

Each becomes a mention of that finding; a word that stands for none, as in "one of the ribs", is dropped.
"""

import re
from typing import NamedTuple

from cxr_cli.findings.lexicon.tokens import Token

DESCRIBES = frozenset({"severity", "side", "zone", "change"})
_DETERMINER = re.compile(
    r"\b(?:the|an?|another|other|second|third|known|old|older|previous|single|further|calcified|healed|residual|similar"
    r"|this|that)(?: [a-z]+)? $"
)
_INTRODUCES = re.compile(r"\b(?:there (?:is|are|was|were)|just|only|at least|see|shows) $")
_PLACE = re.compile(r" (?:in|on|at|within|behind|over|near|along)\b")
_NO_NOUN = re.compile(
    r"\W*$|[,;:.)]| (?:in|on|at|within|behind|over|near|along|above|below|from|is|was|are|were|has|have|remains?"
    r"|persists?|measur\w+|seen|present|noted|visible|that|which|with|and|or|but|now|there)\b"
)
_LINKED = re.compile(r"(?:^|\b(?:and|while|whereas|but)|[,;]) $")
_OF_A_SIDE = re.compile(r" (?:(?:seen|present|noted) )?(?:in|on|at|of|along) (?:the )?(?:left|right|other|opposite)\b")
# "the right effusion has grown and the left is unchanged"
_BARE_SIDE = re.compile(
    r"(?:\b(?:and|while|whereas|but)|[,;]) the (?:left|right)"
    r"(?= (?:one |side )?(?:is|are|has|have|was|appears|remains)\b)"
)
_LEAD_LENGTH = 40  # characters


class Resolved(NamedTuple):
    """waits: is there a word that stands for a finding of a sentence before?"""

    tokens: list[Token]
    waits: bool


def has_bare_side(plain: str) -> bool:
    """May a side stand for a finding there, "and the left is unchanged"?"""
    return (" the left " in plain or " the right " in plain) and _BARE_SIDE.search(plain) is not None


def with_stand_ins(tokens: list[Token], plain: str, antecedent: str | None) -> Resolved:
    """The tokens with findings in the places of such words. antecedent: the last finding before this sentence."""
    sides = {match.end() for match in _BARE_SIDE.finditer(plain)}
    resolved: list[Token] = []
    waits, quality = False, False
    last = antecedent
    for i, token in enumerate(tokens):
        kind, value, start, end = token
        if value != "stand_in":
            resolved.append(token)
        if kind == "finding":
            last = value
        quality = quality or kind == "good" or kind == "bad"
        bare = kind == "side" and end in sides and not quality and last != antecedent and _is_judged(tokens, i)
        if bare or (value == "stand_in" and _stands_for_finding(tokens[i - 1] if i else None, plain, start, end)):
            if last:
                resolved.append(("finding", last, start, end))
            waits = waits or not last
    return Resolved(resolved, waits)


def _is_judged(tokens: list[Token], i: int) -> bool:
    """Does the next phrase behind a verb say how a finding is, or that it is gone?"""
    following = [t for t in tokens[i + 1 : i + 4] if t[1] != "verb"]
    return bool(following) and (following[0][0] in ("change", "severity") or following[0][1] in ("resolved", "negated"))


def _stands_for_finding(before: Token | None, plain: str, start: int, end: int) -> bool:
    lead = plain[max(0, start - _LEAD_LENGTH) : start]
    if plain.startswith(("that", "those"), start):
        return bool(_LINKED.search(lead) and _OF_A_SIDE.match(plain, end))
    described = before is not None and before[0] in DESCRIBES and before[3] == start - 1
    if described or _DETERMINER.search(lead):
        return _NO_NOUN.match(plain, end) is not None
    return bool(_PLACE.match(plain, end) or (_INTRODUCES.search(lead) and _NO_NOUN.match(plain, end)))
