"""The phrases of a sentence in order, and what rules ask of a phrase and its neighbours."""

import re
from functools import cached_property
from pathlib import Path

from cxr_cli.findings.lexicon import Lexicon
from cxr_cli.findings.lexicon.tokens import Token
from cxr_cli.findings.lexicon.word_lists import either, word_lists

COMPARISONS = word_lists(Path(__file__).with_name("comparisons.toml"))
LONGEST_LOOK = 12  # phrases

_RATIO = re.compile(r"\b(?:cardio ?thoracic ratio|ctr)\b[^.\d]{0,30}(?:(0?\.\d+)|(\d\d(?:\.\d+)?) ?(?:%|per ?cent))")
_OTHER_TIME = re.compile(rf"\b{either(COMPARISONS['time']['times'])}")

Group = list[Token]
"""The tokens of one phrase."""


class Neighbourhood:
    """The phrases of a sentence, each a group of tokens with one span."""

    def __init__(self, tokens: list[Token], plain: str, lexicon: Lexicon) -> None:
        self.plain, self.lexicon = plain, lexicon
        self.groups: list[Group] = []
        last_start = last_end = -1
        for token in tokens:
            _, _, start, end = token
            if start == last_start and end == last_end:
                self.groups[-1].append(token)
            else:
                self.groups.append([token])
                last_start, last_end = start, end
        if ("ratio" in plain or "ctr" in plain) and (ratio := _RATIO.search(plain)):
            large = float(ratio[1] or 0) > 0.5 or float(ratio[2] or 0) > 50
            kind, quality = ("bad", "increased") if large else ("good", "normal")
            self.groups.append([(kind, quality, *ratio.span(1 if ratio[1] else 2))])
            self.groups.sort(key=lambda group: group[0][2])

    @cached_property
    def is_timed(self) -> bool:
        """Does the sentence speak of another time?"""
        return bool(_OTHER_TIME.search(self.plain))

    def text(self, i: int) -> str:
        return self.plain[self.groups[i][0][2] : self.groups[i][0][3]]

    def between(self, i: int) -> str:
        """What stands between a phrase and the next."""
        return self.plain[self.groups[i][0][3] : self.groups[i + 1][0][2]] if 0 <= i < len(self.groups) - 1 else "."

    def before(self, i: int) -> range:
        """The phrases before a phrase, the nearest first, as far as a rule looks."""
        return range(i - 1, max(-1, i - 1 - LONGEST_LOOK), -1)

    def after(self, i: int) -> range:
        return range(i + 1, min(len(self.groups), i + 1 + LONGEST_LOOK))

    def value(self, i: int, *kinds: str) -> str:
        """The value of a phrase that is of one of these kinds, else ""."""
        if 0 <= i < len(self.groups):
            for kind, value, _, _ in self.groups[i]:
                if kind in kinds:
                    return value
        return ""

    def object_of(self, i: int) -> str:
        """The finding that an adjective stands before: "increased left effusion"."""
        for j in self.after(i):
            if self.between(j - 1) != " ":
                break
            if finding := self.value(j, "finding"):
                return finding
            if not self.value(j, "side", "zone", "severity"):
                break
        return ""

    def subject_of(self, i: int) -> str:
        """The finding that a clause is about: "left effusion, increased"."""
        for j in self.before(i):
            if self.value(j, "cue") in ("break", "with"):
                break
            if finding := self.value(j, "finding"):
                return finding
        return ""
