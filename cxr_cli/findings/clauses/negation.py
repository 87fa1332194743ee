"""Cues that deny: "no" before a finding, "not seen" behind it, "resolved", "No." as a reply."""

import re

from cxr_cli.findings.clauses.mention import Mention
from cxr_cli.findings.clauses.state import LOOKAHEAD, State

EARLIER_TIME = re.compile(r"\b(?:previous|previously|prior|before|earlier|yesterday|last)\b")
AND_IS = (" and ", " and is ", " and are ", " and was ", " and were ", " and it is ")
DECIMALS = re.compile(r"[.,]\d")
CONTRASTS = frozenset({"rather than", "instead of", "as opposed to", "in lieu of", "in preference to"})
OUT_OF_SIGHT = ("seen", "visualized", "identified", "visible", "excluded", "demonstrated", "shown", "evident")
BOTH_SIDES = frozenset({"left", "right"})


class Negation(State):
    """What is absent, and what has gone."""

    __slots__ = ()

    def on_negate(self, i: int, start: int, end: int) -> None:
        if self.is_reply(i):
            self.on_reply_no(i, start, end)
            return
        self.negation, self.resolving, self.negation_at = "open", False, i
        self.hedge = False
        if self.plain[start:end] in CONTRASTS:
            self.contrast_at = len(self.mentions)
        self.neither = self.neither or self.plain.startswith(("neither", "nor can", "nor could"), start)
        if self.link == "list" or len(self.mentions) > self.ask_start:  # "we check for effusion, but none ..."
            self.ask = False

    def on_resolve(self, i: int, start: int, end: int) -> None:
        self.negation, self.resolving, self.negation_at = "open", True, i

    def on_object(self, i: int, start: int, end: int) -> None:
        """ "In the absence of prior films, ...": the negation is about no finding."""
        if self.negation == "open":
            self.end_negation()

    def is_reply(self, i: int) -> bool:
        """Does this "no" answer the finding right before it: "effusion - no", "effusion: no, mass: no"?"""
        mention = self.mentions[-1] if self.mentions else None
        start, end = self.tokens[i][2:]
        if mention is None or mention.negated or not 0 < start - mention.end < 12:
            return False
        if DECIMALS.match(self.plain, end):  # "Nodule: 0.5 cm", "nodule [0.1, 0.2, 0.3, 0.4]"
            return False
        if self.plain[mention.end : start].strip(" ,:=>|[]().–—"):
            return False
        following = None
        word = False  # is it a word that can be an answer?
        for token in self.tokens[i : i + LOOKAHEAD]:
            if token[2] >= end:
                following = token
                break
            word = word or token[1] == "reply_no"
        return word and (following is None or (following[0] == "cue" and following[1] in ("comma", "and")))

    def on_reply_no(self, i: int, start: int, end: int) -> None:
        if self.plain[start:end] == self.plain.strip(" .,;:!"):
            self.verdict = "absent"  # the whole sentence is "No."
        elif self.is_reply(i):
            self.mentions[-1].negated, self.mentions[-1].ask = True, False
            self.heading, self.subject, self.chain = [], len(self.mentions), len(self.mentions)

    def on_less(self, i: int, start: int, end: int) -> None:
        """ "..., infection being less likely"."""
        for mention in self.mentions[max(self.item, self.subject) :]:
            mention.negated, mention.ask = True, False
        self.hedge = False
        self.end_negation()

    def on_negated(self, i: int, start: int, end: int) -> None:
        if self.is_of_organ(i):
            return
        mentions = self.not_negated()
        if not mentions and self.mentions and self.plain.endswith(AND_IS, 0, start):
            mentions = [m for m in self.mentions[self.run :] if not m.negated]  # "are smaller and not seen"
        if not mentions and self.finding_follows(i):
            self.on_negate(i, start, end)
            return
        if not (mentions or self.mentions):
            mentions = self.of_an_earlier_film() or [m for m in self.of_clause_before() if m.hedge]
        if not mentions and self.neither and self.plain[start:end].endswith(("excluded", "ruled out", "dismissed")):
            for mention in self.mentions[self.subject :]:  # "neither A nor B can be excluded"
                mention.negated, mention.hedge = False, True
        if self.aspect:
            return
        if mentions and (other := self.side_follows(i)) and {other, mentions[-1].side} == BOTH_SIDES:
            self.mentions.append(Mention(mentions[-1].name, start, end, negated=True))  # "right effusion, none on left"
            self.link, self.tail = "", end
            return
        self.verdict = "absent"
        for mention in mentions:
            mention.negated, mention.ask = True, False
        self.ask = self.hedge = False
        self.end_negation()

    def is_of_organ(self, i: int) -> bool:
        """Does the cue at `i` speak of an organ and of no finding: "small effusion, right base not seen", "a negative
        film"? An organ that is not seen leaves no attributes to a finding."""
        start, end = self.tokens[i][2:]
        word = self.plain[start:end]
        if word == "negative":
            return any(kind == "anatomy" and at == end + 1 for kind, _, at, _ in self.tokens[i + 1 : i + 4])
        organ = self.anatomies[-1] if self.anatomies and word.endswith(OUT_OF_SIGHT) else None
        if (
            organ is None
            or organ.used
            or (self.mentions and (self.link != "list" or organ.start < self.mentions[-1].end))
        ):
            return False
        self.pending = []
        return True

    def side_follows(self, i: int) -> str:
        """The side that a denial names right behind it, "" if it names none."""
        end = self.tokens[i][3]
        for kind, value, start, _ in self.tokens[i + 1 : i + 4]:
            if start >= end and kind == "side":
                return value
            if start >= end and value != "at":
                break
        return ""

    def on_resolved(self, i: int, start: int, end: int) -> None:
        if not self.not_negated() and self.finding_follows(i):
            self.on_resolve(i, start, end)  # "resolved edema"
            return
        for mention in self.not_negated() or self.of_an_earlier_film() or self.of_clause_before():
            mention.negated, mention.ask, mention.change = True, False, "resolved"
        self.end_negation()

    def of_an_earlier_film(self) -> list[Mention]:
        """What was seen before, of which this clause or item speaks: "effusion on the prior film, but has resolved"."""
        if self.mentions:
            return self.mentions[self.run :] if EARLIER_TIME.search(self.plain) else []
        before = self.before
        return before.not_negated() if before and EARLIER_TIME.search(self.plain) else []

    def of_clause_before(self) -> list[Mention]:
        """What the clause before this one names, if this one has no subject of its own: "..., but it has gone"."""
        return self.before.not_negated() if self.before and not self.mentions and self.goes_on() else []

    def on_gone(self, i: int, start: int, end: int) -> None:
        """ "removal" of what was named last, and of nothing else."""
        if self.mentions:
            self.mentions[-1].negated, self.mentions[-1].change = True, "resolved"
