"""One clause, token by token: which findings it states, with what status and attributes.

A clause runs from one break ("but", "however", ";") to the next. Tokens are (kind, value, start, end) in order.
The state while reading: an open negation, hedge or plan; anatomies that wait for a quality; attributes that wait
for a finding.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from cxr_cli.findings.lexicon import Concept, Lexicon

Token = tuple[str, str, int, int]


@dataclass(slots=True)
class Mention:
    """A finding in the making."""

    name: str
    start: int
    end: int
    negated: bool = False
    hedge: bool = False
    ask: bool = False
    combined: bool = False  # stated by an anatomy and a quality
    cause: bool = False  # said to be what the finding before it means: "opacity consistent with pneumonia"
    side: str | None = None
    zone: str | None = None
    severity: str | None = None
    change: str | None = None
    size: float | None = None

    @property
    def status(self) -> str:
        if self.ask:
            return "asked"
        if self.negated:
            return "absent"
        return "uncertain" if self.hedge else "present"

    def take(self, kind: str, value: str) -> None:
        """One attribute; left and right together make bilateral."""
        if kind == "side" and self.side not in (None, value):
            value = "bilateral"
        if kind in ("zone", "severity") and getattr(self, kind) is not None:
            return
        setattr(self, kind, value)


@dataclass(slots=True)
class Anatomy:
    """An anatomy that waits for a quality. used: a place of a finding, or already said to be something."""

    name: str
    start: int
    end: int
    used: bool = False


ATTRIBUTES = frozenset({"side", "zone", "severity", "change"})
CONCLUDES = frozenset({"suggests", "indicates", "confirms", "supports", "points to", "leads to"})
FRESH = frozenset({"severity", "change", "good", "bad"})


class Clause:
    """The state while one clause is read."""

    def __init__(
        self, tokens: list[Token], plain: str, lexicon: Lexicon, implied: Callable[[str], tuple[Concept, ...]]
    ):
        self.tokens, self.plain, self.lexicon, self.implied = tokens, plain, lexicon, implied
        self.mentions: list[Mention] = []
        self.anatomies: list[Anatomy] = []
        self.waiting: list[tuple[str, str]] = []
        self.negation = ""  # "", "open" (no finding yet) or "used"
        self.resolving = self.hedge = self.ask = self.suppose = False
        self.link = ""  # what came since the last finding: "", "at", "verb", "list"
        self.subject = 0  # index of the first mention that a cue behind may speak of
        self.verb_seen = self.condition = False
        self.heading: list[Mention] = []  # findings before a colon
        self.placed: list[Mention] = []  # the findings whose place is being told
        self.same_place_at = -1  # how many findings there were at "consistent with" or "versus"
        self.hedged = 0  # how many findings there were when the hedge began
        self.negated_at = -1  # the token that opened the negation
        self.asked = 0  # how many findings there were when the plan began
        self.chain = 0  # index of the first mention of the running "a, b and c"
        self.tail = -1  # where the last finding, with the attributes right behind it, ends
        self.forward: tuple[str, str, int, int] | None = None  # a quality that waits for its anatomy
        self.verdict: str | None = None

    def read(self) -> None:
        for i, (kind, value, start, end) in enumerate(self.tokens):
            if kind == "finding":
                self.on_finding(value, start, end)
            elif kind == "anatomy":
                self.on_anatomy(i, value, start, end)
            elif kind == "good" or kind == "bad":
                self.on_quality(i, kind, value, start, end)
            elif kind in ATTRIBUTES:
                self.on_attribute(i, kind, value)
            elif kind == "cue":
                getattr(self, "on_" + value)(i, start, end)
        if self.waiting and self.mentions:
            self.attach(self.waiting, self.mentions[-1])
        self.close_heading()
        self.inherit()

    # ---------------------------------------------------------------- what is said

    def on_finding(self, name: str, start: int, end: int) -> None:
        if self.mentions and self.mentions[-1].start == start:  # one phrase, two findings (hydropneumothorax)
            self.mentions.append(replace(self.mentions[-1], name=name))
            return
        if self.anatomies and start - self.anatomies[-1].end <= 1:
            self.anatomies[-1].used = True
        mention = self.mention(name, start, end)
        for kind, value in self.implied(self.plain[start:end]):
            mention.take(kind, value)
        self.forward = None

    def on_anatomy(self, i: int, name: str, start: int, end: int) -> None:
        place = self.link == "at" and bool(self.mentions)
        self.anatomies.append(Anatomy(name, start, end, used=place))
        if self.forward and not place:
            kind, quality, q_start, q_end = self.forward
            if self.says(kind, quality, [self.anatomies[-1]], q_start, q_end) and kind == "bad":
                self.forward = None

    def on_quality(self, i: int, kind: str, quality: str, start: int, end: int) -> None:
        if self.mentions and self.mentions[-1].end == end and self.mentions[-1].start == start:
            return
        pending = [a for a in self.anatomies if not a.used]
        if kind == "good" and self.negation and not self.negates_next(i):
            self.closed()
        if kind == "bad":
            pending = pending[-2:]
        if pending and self.says(kind, quality, pending, start, end):
            self.forward = None
            return
        ahead = next((t for t in self.tokens[i + 1 :] if t[2] >= end and t[0] not in ATTRIBUTES), None)
        if kind == "good" and self.anatomies and not (ahead and ahead[0] == "anatomy"):
            if self.verb_seen or self.link == "list":
                self.says(kind, quality, self.anatomies[-1:], start, end)
            return
        self.forward = (kind, quality, start, end)

    def negates_next(self, i: int) -> bool:
        """ "not normal" denies what is good; "no rotation and adequate inspiration" does not."""
        between = self.tokens[self.negated_at + 1 : i]
        return not any(
            kind == "finding" or (kind == "cue" and value in ("and", "comma")) for kind, value, _, _ in between
        )

    def says(self, kind: str, quality: str, anatomies: list[Anatomy], start: int, end: int) -> bool:
        """States the findings of these anatomies with this quality; False if the lexicon knows none."""
        names: dict[str, Anatomy] = {}
        for anatomy in anatomies:
            key = (anatomy.name, quality)
            found = self.lexicon.rules_out.get(key, ()) if kind == "good" else self.lexicon.combos.get(key)
            for name in (found,) if isinstance(found, str) else found or ():
                names[name] = anatomy
        waiting = list(self.waiting)
        for name, anatomy in names.items():
            anatomy.used = True
            mention = self.mention(name, min(anatomy.start, start), max(anatomy.end, end))
            if not self.waiting:
                self.attach(waiting, mention)
            mention.combined = True
            if kind == "good":
                mention.negated = not mention.negated
        return bool(names)

    def mention(self, name: str, start: int, end: int) -> Mention:
        ask = self.ask or self.condition or (self.suppose and not self.negation)
        cause = self.same_place_at == len(self.mentions)
        mention = Mention(name, start, end, bool(self.negation), self.hedge, ask, cause=cause)
        if self.negation:
            self.negation = "used"
            if self.resolving:
                mention.change = "resolved"
        self.attach(self.waiting, mention)
        self.waiting = []
        self.mentions.append(mention)
        self.link, self.tail = "", end
        return mention

    def inherit(self) -> None:
        """A suspected cause lies where its sign lies: "right basal opacity, possibly pneumonia"."""
        for sign, cause in zip(self.mentions, self.mentions[1:], strict=False):
            if (cause.hedge or cause.cause) and not (cause.side or cause.zone or cause.negated or sign.negated):
                cause.side, cause.zone = sign.side, sign.zone

    # ---------------------------------------------------------------- attributes

    def attach(self, attributes: list[tuple[str, str]], mention: Mention) -> None:
        for kind, value in attributes:
            if not (kind == "change" and mention.change == "resolved"):
                mention.take(kind, value)

    def on_attribute(self, i: int, kind: str, value: str) -> None:
        behind = self.mentions[self.subject :]
        _, _, start, end = self.tokens[i]
        if behind and self.link == "at":
            for mention in self.placed:
                self.attach([(kind, value)], mention)
        elif behind and self.link == "verb" and not self.finding_follows(i):
            self.attach([(kind, value)], behind[-1])
        elif behind and self.link == "" and start - self.tail <= 2:
            self.attach([(kind, value)], behind[-1])
            self.tail = end
        else:
            self.waiting.append((kind, value))

    def finding_follows(self, i: int) -> bool:
        """A finding comes before the next link: "is a small effusion"."""
        for kind, value, _, _ in self.tokens[i + 1 :]:
            if kind in ("finding", "bad"):
                return True
            if kind == "cue" and value in ("comma", "and", "at", "verb", "assert"):
                return False
        return False

    # ---------------------------------------------------------------- cues before a finding

    def on_negate(self, i: int, start: int, end: int) -> None:
        self.negation, self.resolving, self.negated_at = "open", False, i
        self.hedge = False
        if self.link == "list" or self.mentions[self.asked :]:  # "we check for effusion, but none ..."
            self.ask = False

    def on_resolve(self, i: int, start: int, end: int) -> None:
        self.negation, self.resolving, self.negated_at = "open", True, i

    def end_of_evidence(self, start: int, end: int) -> None:
        """ "The absence of these features suggests ...": the negation has had its object."""
        if (
            self.negation == "open"
            and self.plain[start:end] in CONCLUDES
            and not self.plain[:start].endswith(("that ", "which "))
        ):
            self.closed()
            self.verdict = "absent"

    def on_hedge(self, i: int, start: int, end: int) -> None:
        self.end_of_evidence(start, end)
        if self.negation:
            return
        self.hedge, self.hedged = True, len(self.mentions)
        if not any(t[0] in ("finding", "anatomy", "bad") for t in self.tokens[i + 1 :]):
            self.on_hedged(i, start, end)  # "effusion suspected"

    def on_ask(self, i: int, start: int, end: int) -> None:
        if not self.negation:
            self.ask = True
            self.asked = self.subject = len(self.mentions)

    def on_condition(self, i: int, start: int, end: int) -> None:
        if not self.negation:
            self.condition = True

    def on_suppose(self, i: int, start: int, end: int) -> None:
        if not self.suppose:
            self.suppose = True
            for mention in self.mentions[self.subject :]:
                mention.ask = not mention.negated

    # ---------------------------------------------------------------- cues behind a finding

    def behind(self) -> list[Mention]:
        return [m for m in self.mentions[self.subject :] if not m.negated]

    def on_negated(self, i: int, start: int, end: int) -> None:
        behind = self.behind()
        if not behind and self.finding_follows(i):
            self.on_negate(i, start, end)
            return
        self.verdict = "absent"
        for mention in behind:
            mention.negated, mention.ask = True, False
        self.ask = self.hedge = False
        self.closed()

    def on_resolved(self, i: int, start: int, end: int) -> None:
        if not self.behind() and self.finding_follows(i):
            self.on_resolve(i, start, end)  # "resolved edema"
            return
        for mention in self.behind():
            mention.negated, mention.change = True, "resolved"
        self.closed()

    def on_hedged(self, i: int, start: int, end: int) -> None:
        for mention in self.behind():
            mention.hedge = True

    def on_confirm(self, i: int, start: int, end: int) -> None:
        if not self.negation and not any(m.ask for m in self.mentions):
            self.verdict = self.verdict or "present"

    # ---------------------------------------------------------------- links

    def on_assert(self, i: int, start: int, end: int) -> None:
        if (
            self.negation != "open" and " " in self.plain[start:end]
        ):  # "there is", "the image shows"; not a bare "shows"
            self.suppose = self.condition = False
        self.begin_statement()

    def on_imply(self, i: int, start: int, end: int) -> None:
        self.end_of_evidence(start, end)
        self.same_place_at = len(self.mentions)
        if self.negation == "used" and self.link in ("", "at") and not self.verb_seen:
            return  # "no opacity indicating pneumonia" denies both
        self.begin_statement()

    def begin_statement(self) -> None:
        if self.negation != "open":
            self.closed()
            self.ask = False
            if self.hedged < len(self.mentions):  # "may be compatible with": the hedge still waits for its finding
                self.hedge = False
            self.subject = len(self.mentions)
        self.chain = len(self.mentions)
        self.link = "list"

    def on_verb(self, i: int, start: int, end: int) -> None:
        if self.negation == "used":
            self.negation = ""
        self.verb_seen = True
        if self.ask and self.asked == len(self.mentions):  # "we look at the angles, which are sharp"
            self.ask = False
        self.chain = len(self.mentions)
        if self.mentions:
            self.link = "verb"
        if self.forward and self.forward[0] == "good":
            self.forward = None

    def on_comma(self, i: int, start: int, end: int) -> None:
        self.separate(i)

    def on_and(self, i: int, start: int, end: int) -> None:
        self.separate(i)

    def on_colon(self, i: int, start: int, end: int) -> None:
        """What stands before a colon, without a verb, is a heading: "Effusion: none", "Effusion: look for a meniscus"."""
        if not self.verb_seen and self.link != "list":
            self.heading = [m for m in self.mentions if not m.negated]
        self.link = "list"

    def close_heading(self) -> None:
        """A heading states its findings unless what follows denies them or goes on to speak of findings itself."""
        if self.negation == "open":
            for mention in self.heading:
                mention.negated = True
        elif any(m not in self.heading for m in self.mentions):
            for mention in self.heading:
                mention.ask = not mention.negated

    def on_or(self, i: int, start: int, end: int) -> None:
        if not self.negation:
            self.same_place_at = len(self.mentions)  # "basal atelectasis or scar"
        self.link = "list"

    def on_with(self, i: int, start: int, end: int) -> None:
        if self.negation == "used":
            self.closed()
        self.chain = len(self.mentions)
        self.link = "list"

    def on_break(self, i: int, start: int, end: int) -> None:
        """A break that does not break: "which" behind an option that is quoted."""

    def on_at(self, i: int, start: int, end: int) -> None:
        if self.mentions and self.link != "list":
            self.link = "at"
            run = self.mentions[max(self.chain, self.subject) :]
            self.placed = [m for m in run[:-1] if not (m.side or m.zone)] + self.mentions[-1:]

    def closed(self) -> None:
        self.negation, self.resolving = "", False

    def separate(self, i: int) -> None:
        """A comma or "and": does what comes next still belong to the list before it?"""
        self.link = "list"
        if self.tokens[i][1] == "comma":
            self.chain = len(self.mentions)
        if self.verb_seen:
            self.subject, self.verb_seen = len(self.mentions), False
        if (self.negation == "used" or self.hedge) and self.begins_anew(i):
            self.closed()
            self.hedge = False
            self.subject = len(self.mentions)
        if self.forward and self.own_quality(i):
            self.forward = None

    def own_quality(self, i: int) -> bool:
        """The next item of the list has a quality of its own: "normal heart, lungs clear"."""
        for kind, value, _, _ in self.tokens[i + 1 :]:
            if kind in ("good", "bad", "finding") or (kind == "cue" and value in ("verb", "assert")):
                return True
            if kind == "cue" and value in ("comma", "and"):
                return False
        return False

    def begins_anew(self, i: int) -> bool:
        """After a negated list: an "or" further on keeps the list open; a verb, an attribute of something seen or a
        quality before the next link ends it."""
        fresh = False
        looking = True  # still in the item right behind the link
        for kind, value, _, _ in self.tokens[i + 1 :]:
            if kind == "cue":
                if value == "or" and not (fresh and not looking):
                    return False
                if value in ("comma", "and"):
                    looking = False
                elif value in ("verb", "assert", "hedge"):
                    return fresh or value != "verb" or looking
                elif value in ("negate", "negated"):
                    return fresh
            elif looking and kind in FRESH and value not in ("large", "severe", "new"):
                fresh = True  # "no large effusion" speaks of what is absent, "mild" of what is there
        return fresh


def read_clause(
    tokens: list[Token], plain: str, lexicon: Lexicon, implied: Callable[[str], tuple[Concept, ...]]
) -> tuple[list[Mention], str | None]:
    """The findings of one clause, and the verdict it gives on what was asked before ("absent", "present", None)."""
    clause = Clause(tokens, plain, lexicon, implied)
    clause.read()
    return clause.mentions, clause.verdict
