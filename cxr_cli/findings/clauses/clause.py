"""One clause, token by token: which findings it states, with which status and attributes.

A clause runs from one break ("but", "however", ";") to the next. Tokens are (kind, value, start, end) in order.
"""

import re
from dataclasses import replace

from cxr_cli.findings.clauses.links import Links
from cxr_cli.findings.clauses.mention import AnatomyMention
from cxr_cli.findings.clauses.negation import BOTH_SIDES
from cxr_cli.findings.clauses.organs import Organs
from cxr_cli.findings.clauses.state import LOOKAHEAD

ANAPHOR = re.compile(r" (?:it|this|that|them|these|those|such|such a thing|any|one)[ .!]*")
ATTRIBUTES = frozenset({"side", "zone", "severity", "change"})


class Clause(Organs):
    """Reads the tokens one by one: findings, anatomies with qualities, attributes; cues change the state.

    mentions: its findings. verdict: on the findings asked about before it ("absent", "present", None).
    """

    __slots__ = ()

    def read(self) -> "Clause":
        for i, (kind, value, start, end) in enumerate(self.tokens):
            if kind == "cue":
                HANDLERS[value](self, i, start, end)
            elif kind == "finding":
                self.on_finding(value, start, end)
            elif kind == "anatomy":
                self.on_anatomy(i, value, start, end)
            elif kind == "good" or kind == "bad":
                self.on_quality(i, kind, value, start, end)
            elif kind in ATTRIBUTES:
                self.on_attribute(i, kind, value)
        if self.pending and self.mentions:
            for mention in self.mentions[-2:]:
                if mention.start == self.mentions[-1].start:  # one phrase may name two, "calcified nodules"
                    self.attach(self.pending, mention)
        elif self.pending and self.before and self.before.mentions and self.goes_on():
            self.describe_before()
        self.close_heading()
        self.inherit()
        if (
            self.negation == "open"
            and not self.mentions
            and ANAPHOR.fullmatch(self.plain, self.tokens[self.negation_at][3])
        ):
            self.verdict = "absent"  # "I see no evidence of it."
        return self

    def on_finding(self, name: str, start: int, end: int) -> None:
        if self.mentions and self.mentions[-1].start == start:  # one phrase, two findings (hydropneumothorax)
            self.mentions.append(replace(self.mentions[-1], name=name))
            return
        if self.anatomies and start - self.anatomies[-1].end <= 1:
            self.anatomies[-1].used = True
            name = self.within_anatomy(name, self.anatomies[-1])
        before = self.mentions[-1] if self.mentions else None
        mention = self.mention(name, start, end)
        if before and start - before.end == 1 and self.lexicon.near(before.name, name):
            mention.hedge = True  # "nodule/mass"
        self.attach(self.implied(self.plain[start:end]), mention)
        self.open_quality = None

    def on_anatomy(self, i: int, name: str, start: int, end: int) -> None:
        place = self.link == "at" and bool(self.mentions)
        self.anatomies.append(AnatomyMention(name, start, end, used=place))
        if place:
            self.mentions[-1].name = self.within_anatomy(self.mentions[-1].name, self.anatomies[-1])
        if not place and (open_quality := self.quality_before()):  # "hyperexpanded but clear lungs"
            self.combine(open_quality[0], open_quality[1], self.anatomies, start, end)
            self.anatomies[-1].used = False
        if self.open_quality and not place:
            kind, quality, q_start, q_end = self.open_quality
            if self.combine(kind, quality, [self.anatomies[-1]], q_start, q_end) and kind == "bad":
                self.open_quality = None

    def on_quality(self, i: int, kind: str, quality: str, start: int, end: int) -> None:
        if self.mentions and self.mentions[-1].end == end and self.mentions[-1].start == start:
            return
        if quality in self.lexicon.of_findings and self.finding_with_quality(quality, start, end):
            return
        unused = [a for a in self.anatomies[-LOOKAHEAD:] if not a.used]
        if kind == "good" and self.negation and self.anatomy_near(i) and not self.negates_next(i):
            self.end_negation()
        if kind == "bad":
            unused = unused[-2:]
        if kind == "bad" and not unused and self.joins_quality(i):
            self.combine_again(quality, start, end)
            return
        if unused and self.combine(kind, quality, unused, start, end):
            self.open_quality = None
            return
        ahead = next((t for t in self.tokens[i + 1 : i + LOOKAHEAD] if t[2] >= end and t[0] not in ATTRIBUTES), None)
        if self.before and self.alone(i, kind, end) and self.combine_with_before(kind, quality, start, end):
            return
        if kind == "good" and self.anatomies and not (ahead and ahead[0] == "anatomy"):
            if self.verb_seen or self.link == "list":
                self.combine(kind, quality, self.anatomies[-1:], start, end)
            return
        self.open_quality = (kind, quality, start, end)

    def except_for(self) -> None:
        """ "No effusion, except for a trace on the left": this clause takes back what the one before it denied."""
        last = self.before.mentions[-1] if self.before and self.before.mentions else None
        if last is None or not last.negated:
            return
        if self.pending and not self.mentions:
            last.negated = False
            self.attach(self.pending, last)
        elif self.mentions and self.mentions[0].name == last.name and not (last.side or last.zone):
            again = self.mentions.pop(0)  # "except for a small one on the left"
            last.negated, last.hedge = False, again.hedge
            last.side, last.zone, last.severity, last.change = again.side, again.zone, again.severity, again.change

    def on_attribute(self, i: int, kind: str, value: str) -> None:
        last = self.mentions[-1] if len(self.mentions) > self.subject else None
        _, _, start, end = self.tokens[i]
        if last and last.ask and kind == "change" and self.ask and self.link == "list" and not self.finding_follows(i):
            self.ask = last.ask = False  # "follow up nodule, unchanged"
        if kind == "side" and self.link == "list" and self.other_side_is_denied(i, value):
            self.mentions.append(replace(self.mentions[-1], side=value, negated=True, severity=None, change=None))
            self.subject = len(self.mentions)
        elif last and self.link == "at":
            for mention in self.place_targets:
                self.attach([(kind, value)], mention)
        elif last and self.link == "verb" and not self.finding_follows(i):
            self.attach([(kind, value)], last)
        elif last and self.link == "" and start - self.tail <= 2:
            self.attach([(kind, value)], last)
            self.tail = end
        else:
            self.pending.append((kind, value))

    def other_side_is_denied(self, i: int, side: str) -> bool:
        """ "effusion: right small, left none"."""
        before = self.mentions[-1] if self.mentions else None
        following = self.tokens[i + 1 : i + 2]
        return (
            before is not None
            and {before.side, side} == BOTH_SIDES
            and not before.negated
            and self.tokens[i - 1][1] == "comma"
            and bool(following)
            and following[0][1] == "negated"
            and following[0][2] == self.tokens[i][3] + 1
        )

    def inherit(self) -> None:
        """A suspected cause lies where its sign lies: "right basal opacity, possibly pneumonia"."""
        for sign, cause in zip(self.mentions, self.mentions[1:], strict=False):
            if (cause.hedge or cause.cause) and not (cause.side or cause.zone or cause.negated or sign.negated):
                cause.side, cause.zone = sign.side, sign.zone

    def close_heading(self) -> None:
        """A heading states its findings unless the words after it deny them, or only ask about or deny others."""
        if not self.heading:
            return
        if self.negation == "open":
            for mention in self.heading:
                mention.negated = True
            return
        others = self.mentions[self.heading_end :]
        if others and all(m.ask or m.negated for m in others):
            for mention in self.heading:
                mention.ask = not mention.negated


HANDLERS = {name.removeprefix("on_"): getattr(Clause, name) for name in dir(Links) if name.startswith("on_")}
