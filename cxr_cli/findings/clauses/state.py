"""The state while a clause is read: what is still open, and how a finding enters it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from cxr_cli.findings.clauses.mention import AnatomyMention, Mention
from cxr_cli.findings.lexicon import Concept, Lexicon
from cxr_cli.findings.lexicon.tokens import Token

LOOKAHEAD = 80  # how many tokens a cue looks ahead or behind: no list is longer, and the time stays linear
DOUBTS = frozenset({"suppose", "hedge", "ask", "condition"})
SUBJECTS = frozenset({"finding", "anatomy", "bad"})
DETAILS = frozenset({"severity", "side", "zone"})
DESCRIPTION = frozenset({"severity", "change", "good", "bad"})
MODAL = frozenset({"may", "might", "could", "can"})
# What may come between a doubt and the end of its item, if it is the doubt whether there is a finding at all.
EXISTS = re.compile(
    r"(?: well| also| still| yet)? (?:exist|coexist|lurk|hide|be (?:present|there|seen|hidden|developing))\b"
)
EXISTENCE = re.compile(
    r"(?: (?:to|be|well|also|or|early|present|exist|seen|there|developing|considered|raised|clinically|here|again"
    r"|at|in|on|is|are|a|an|the|this|that|possibility|possible|consideration|lateral|frontal|views?|films?|images?"
    r"|projections?|radiographs?|left|right|both|sides?|bilaterally|current)){0,30}"
    r"(?=\W*(?:$|[,;:)\]]| and | but | or | with ))"
)
# What stands between two clauses if the second one has no subject of its own.
SAME_SUBJECT = re.compile(
    r"[ ,;]*(?:but|although|though|however|yet|which|nevertheless|nonetheless|;)[ ,]*"
    r"(?:(?:it|they|this|these|both|now|also|also now|since|still) )*"
)


@dataclass(slots=True, eq=False)
class State:
    """Open negations, hedges and plans; anatomies without a quality yet; attributes without a finding yet."""

    tokens: list[Token]
    plain: str
    lexicon: Lexicon
    implied: Callable[[str], tuple[Concept, ...]]
    before: "State | None" = None  # the clause before the break

    mentions: list[Mention] = field(default_factory=list)
    anatomies: list[AnatomyMention] = field(default_factory=list)
    pending: list[tuple[str, str]] = field(default_factory=list)  # attributes whose finding comes after them
    heading: Sequence[Mention] = ()  # findings before a colon
    place_targets: Sequence[Mention] = ()  # the findings that the next place belongs to
    open_quality: tuple[str, str, int, int] | None = None  # a quality whose anatomy comes after it
    verdict: str | None = None  # on the findings asked about before: "absent", "present"

    negation: str = ""  # "", "open" (no finding yet) or "used"
    resolving: bool = False
    hedge: bool = False
    ask: bool = False
    condition: bool = False
    suppose: bool = False
    elsewhere: bool = False
    neither: bool = False
    aspect: bool = False
    query: bool = False  # is the open hedge a question mark?
    differential: bool = False  # does the open hedge begin a list of what it may be?
    verb_seen: bool = False
    link: str = ""  # what came since the last finding: "", "at", "verb", "list"

    subject: int = 0  # index of the first mention that a later cue may be about
    run: int = 0  # index of the first mention that the item before the last comma or "and" was about
    chain: int = 0  # index of the first mention of the running "a, b and c"
    item: int = 0  # index of the first mention since the last comma that begins a new item
    same_place_at: int = -1  # how many findings there were at "consistent with" or "versus"
    contrast_at: int = -1  # ... at the last "rather than"
    alternative_at: int = -1  # ... at an "or" that leaves both sides of it in doubt
    hedge_start: int = 0  # how many findings there were when the hedge began
    ask_start: int = 0  # ... the plan
    elsewhere_start: int = 0  # ... what another study showed
    heading_end: int = 0  # how many findings there were at the colon
    ask_end: int = 0  # where the words that opened the plan end
    negation_at: int = -1  # the token that opened the negation
    tail: int = -1  # where the last finding, with the attributes right behind it, ends
    _last_subject: int | None = field(default=None, init=False)
    _last_doubt: int | None = field(default=None, init=False)

    @property
    def last_subject(self) -> int:
        """The last token that names a finding, an anatomy or what is wrong with one; -1: none."""
        if self._last_subject is None:
            tokens = self.tokens
            self._last_subject = next((i for i in range(len(tokens) - 1, -1, -1) if tokens[i][0] in SUBJECTS), -1)
        return self._last_subject

    @property
    def last_doubt(self) -> int:
        """The last cue that makes a plan or general knowledge likely; -1: none."""
        if self._last_doubt is None:
            tokens = self.tokens
            self._last_doubt = next((i for i in range(len(tokens) - 1, -1, -1) if tokens[i][1] in DOUBTS), -1)
        return self._last_doubt

    def mention(self, name: str, start: int, end: int) -> Mention:
        ask = self.ask or self.condition or self.elsewhere or (self.suppose and not self.negation)
        cause = self.same_place_at == len(self.mentions)
        hedge = self.hedge or self.alternative_at == len(self.mentions)
        mention = Mention(name, start, end, bool(self.negation), hedge, ask, cause=cause)
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

    def goes_on(self) -> bool:
        """Does the clause speak of what the one before it named: "..., but it has gone", "..., which is smaller"?"""
        behind = self.before.tokens[-1][3] if self.before and self.before.tokens else 0
        return behind > 0 and bool(SAME_SUBJECT.fullmatch(self.plain, behind, self.tokens[0][2]))

    def describe_before(self) -> None:
        """Gives the last finding before the break what this clause says of it.

        "..., but it is smaller", "..., which may be kinked, lies on the left"
        """
        assert self.before
        links = {*pairwise(token[1] for token in self.tokens)}
        goes_on = bool(links & {("comma", "verb"), ("comma", "at")})
        for kind, value in self.pending:
            if (goes_on or (kind == "change" and not self.anatomies)) and not self.before.mentions[-1].negated:
                self.attach([(kind, value)], self.before.mentions[-1])

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
        return self.last_subject > i

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
        for kind, _, _, _ in self.tokens[i + 1 : i + LOOKAHEAD]:
            if kind in ("side", "zone", "severity", "change"):
                return True
            if kind != "cue":
                return False
        return False

    def finding_follows(self, i: int) -> bool:
        """A finding comes before the next link: "is a small effusion"."""
        for kind, value, _, _ in self.tokens[i + 1 : i + LOOKAHEAD]:
            if kind in ("finding", "bad"):
                return True
            if kind == "cue" and value in ("comma", "and", "at", "verb", "assert"):
                return False
        return False
