"""The state while a clause is read: what is still open, and how a finding enters it."""

import re
from collections.abc import Callable, Sequence
from functools import cached_property

from cxr_cli.findings.clauses.mention import Anatomy, Mention
from cxr_cli.findings.lexicon import Concept, Lexicon

Token = tuple[str, str, int, int]
"""kind, value, start, end."""

AHEAD = 80  # how many tokens a cue looks ahead: no list is longer, and the time stays linear
DOUBTS = frozenset({"suppose", "hedge", "ask", "condition"})
MODAL = frozenset({"may", "might", "could", "can"})
# What may come between a doubt and the end of its item, if it is the doubt whether there is a finding at all.
EXISTS = re.compile(
    r"(?: well| also| still| yet)? (?:exist|coexist|lurk|hide|be (?:present|there|seen|hidden|developing))\b"
)
EXISTENCE = re.compile(
    r"(?: (?:to|be|well|also|or|early|present|exist|seen|there|developing|considered|raised|clinically|here|again"
    r"|at|in|on|is|are|a|an|the|this|that|possibility|possible|consideration))*"
    r"(?=\W*(?:$|[,;:)\]]| and | but | or | with ))"
)


class State:
    """Open negations, hedges and plans; anatomies without a quality yet; attributes without a finding yet."""

    negation = ""  # "", "open" (no finding yet) or "used"
    resolving = hedge = ask = condition = suppose = elsewhere = neither = aspect = verb_seen = False
    link = ""  # what came since the last finding: "", "at", "verb", "list"
    subject = 0  # index of the first mention that a later cue may be about
    chain = 0  # index of the first mention of the running "a, b and c"
    same_place_at = -1  # how many findings there were at "consistent with" or "versus"
    hedge_start = ask_start = elsewhere_start = 0  # how many findings there were when the hedge, the plan, ... began
    ask_end = 0  # where the words that opened the plan end
    item = 0  # index of the first mention since the last comma that begins a new item
    heading_end = 0  # how many findings there were at the colon
    negated_at = -1  # the token that opened the negation
    tail = -1  # where the last finding, with the attributes right behind it, ends
    open_quality: tuple[str, str, int, int] | None = None  # a quality whose anatomy comes after it
    verdict: str | None = None  # on the findings asked about before: "absent", "present"

    def __init__(
        self,
        tokens: list[Token],
        plain: str,
        lexicon: Lexicon,
        implied: Callable[[str], tuple[Concept, ...]],
        before: "State | None" = None,
    ) -> None:
        self.tokens, self.plain, self.lexicon, self.implied = tokens, plain, lexicon, implied
        self.before = before  # the clause before the break
        self.mentions: list[Mention] = []
        self.anatomies: list[Anatomy] = []
        self.pending: list[tuple[str, str]] = []  # attributes whose finding comes after them
        self.heading: list[Mention] = []  # findings before a colon
        self.place_targets: list[Mention] = []  # the findings that the next place belongs to

    @cached_property
    def last_stated(self) -> int:
        """The last token that names a finding, an anatomy or what is wrong with one; -1: none."""
        tokens = self.tokens
        return next((i for i in range(len(tokens) - 1, -1, -1) if tokens[i][0] in ("finding", "anatomy", "bad")), -1)

    @cached_property
    def last_doubt(self) -> int:
        """The last cue that makes a plan or general knowledge likely; -1: none."""
        tokens = self.tokens
        return next((i for i in range(len(tokens) - 1, -1, -1) if tokens[i][1] in DOUBTS), -1)

    def mention(self, name: str, start: int, end: int) -> Mention:
        ask = self.ask or self.condition or self.elsewhere or (self.suppose and not self.negation)
        cause = self.same_place_at == len(self.mentions)
        mention = Mention(name, start, end, bool(self.negation), self.hedge, ask, cause=cause)
        if self.negation:
            self.negation = "used"
            if self.resolving:
                mention.change = "resolved"
        self.attach(self.pending, mention)
        self.pending = []
        self.mentions.append(mention)
        self.link, self.tail = "", end
        return mention

    def attach(self, attributes: Sequence[tuple[str, str]], mention: Mention) -> None:
        if not attributes:
            return
        midline = self.lexicon.entries[mention.name].midline
        for kind, value in attributes:
            if not (midline and kind == "side") and not (kind == "change" and mention.change == "resolved"):
                mention.take(kind, value)

    def not_negated(self) -> list[Mention]:
        return [m for m in self.mentions[self.subject :] if not m.negated]

    def end_negation(self) -> None:
        self.negation, self.resolving = "", False

    def begin_statement(self) -> None:
        if self.negation != "open":
            self.end_negation()
            self.ask = False
            if self.hedge_start < len(self.mentions):  # "may be compatible with": the hedge still waits for its finding
                self.hedge = False
            self.subject = len(self.mentions)
        self.chain = len(self.mentions)
        self.link = "list"

    def something_follows(self, i: int) -> bool:
        """A finding or an anatomy comes later in the clause."""
        return self.last_stated > i

    def says_existence(self, i: int) -> bool:
        """Is the doubt at `i` whether there is a finding at all ("is possible", "may be present"), and not how it is
        ("may have increased")?"""
        start, end = self.tokens[i][2:]
        if EXISTS.match(self.plain, end):
            return True
        words = EXISTENCE.match(self.plain, end)
        return words is not None and not (self.plain[start:end] in MODAL and not words[0].strip())

    def attribute_follows(self, i: int) -> bool:
        """A side, a severity or a change comes before the next finding."""
        for kind, _, _, _ in self.tokens[i + 1 : i + AHEAD]:
            if kind in ("side", "zone", "severity", "change"):
                return True
            if kind != "cue":
                return False
        return False

    def finding_follows(self, i: int) -> bool:
        """A finding comes before the next link: "is a small effusion"."""
        for kind, value, _, _ in self.tokens[i + 1 : i + AHEAD]:
            if kind in ("finding", "bad"):
                return True
            if kind == "cue" and value in ("comma", "and", "at", "verb", "assert"):
                return False
        return False
