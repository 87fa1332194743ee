"""Cues that state nothing of this film: plans, conditions, general knowledge, other people, other studies."""

import re

from cxr_cli.findings.clauses.doubt import Doubt
from cxr_cli.findings.clauses.state import DETAILS, LOOKAHEAD

EXCLUSION = frozenset({"r o", "rule out"})
IS_LITTLE = re.compile(
    r",? (?:is|are|would be|must be)(?: likely)?(?: at most| only| very)?"
    r" (?:minimal|small|tiny|trace|mild|minor|slight|subtle)\b"
)
LIKENESS = frozenset({"typical of", "features of"})


class Supposition(Doubt):
    """What is only asked about, supposed or remembered."""

    __slots__ = ()

    def on_ask(self, i: int, start: int, end: int) -> None:
        if self.plain[start:end] in EXCLUSION and self.is_after_sign(i):
            self.on_hedge(i, start, end)  # "infiltrate, r/o pneumonia"
        elif self.plain[start:end] in LIKENESS and self.mentions and self.link == "" and not self.ask:
            self.same_place_at = len(self.mentions)  # "a linear opacity typical of atelectasis"
        elif not self.negation:
            self.ask, self.ask_end = True, end
            self.ask_start = self.subject = len(self.mentions)

    def is_after_sign(self, i: int) -> bool:
        """Is there a comma before the cue, and before it a finding that is no device?"""
        sign = self.mentions[-1] if self.mentions else None
        if sign is None or sign.ask or i == 0 or self.tokens[i - 1][1] != "comma":
            return False
        return "support device" not in self.lexicon.broader(sign.name)

    def on_condition(self, i: int, start: int, end: int) -> None:
        if not self.negation:
            self.condition = True

    def on_should(self, i: int, start: int, end: int) -> None:
        """ "Should pneumonia develop, ...", "Were edema to worsen, ..."."""
        if start == 0:
            self.condition = True

    def on_suppose(self, i: int, start: int, end: int) -> None:
        if self.mentions and self.plain.startswith("if ", start) and IS_LITTLE.match(self.plain, end):
            self.on_hedged(i, start, end)  # "an effusion, if present, is small"
        elif not self.suppose:
            self.suppose = True
            for mention in self.mentions[self.subject :]:
                mention.ask = not mention.negated
                self.verdict = None  # it was on these

    def on_elsewhere(self, i: int, start: int, end: int) -> None:
        self.elsewhere, self.elsewhere_start = True, len(self.mentions)

    def on_describes(self, i: int, start: int, end: int) -> None:
        """ "Atelectasis causes volume loss" is general knowledge, "The opacity involves the left lobe" is not."""
        if len(self.mentions) != 1 or self.plain[: self.mentions[0].start] not in ("", "a ", "an "):
            return
        subject = self.mentions[0]
        if subject.side or subject.zone or subject.severity or subject.change:
            return
        if not any(kind in ("side", "zone", "change") or value == "now" for kind, value, _, _ in self.tokens):
            self.suppose = subject.ask = True

    def on_past(self, i: int, start: int, end: int) -> None:
        """ "Recently treated pneumonia", "pneumonia, treated in May"."""
        following = next((t for t in self.tokens[i + 1 : i + LOOKAHEAD] if t[1] not in ("at", "verb", "with")), None)
        if following and (following[0] == "finding" or following[0] in DETAILS):
            self.on_ask(i, start, end)
        else:
            for mention in self.mentions[-1:]:
                mention.ask = not mention.negated

    def on_now(self, i: int, start: int, end: int) -> None:
        """ "An effusion, as is often the case in this patient"."""
        if self.suppose and not self.ask:
            for mention in self.mentions:
                mention.ask = False
        elif self.ask and self.ask_start < len(self.mentions):  # "treated for pneumonia, now clear"
            self.ask, self.subject = False, len(self.mentions)
        self.suppose = self.elsewhere = False
