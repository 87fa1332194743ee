"""The state while a clause is read: what is open, what waits, and how a finding enters it."""

from collections.abc import Callable

from cxr_cli.findings.lexicon import Concept, Lexicon
from cxr_cli.findings.mention import Anatomy, Mention

Token = tuple[str, str, int, int]
"""kind, value, start, end."""


class State:
    """Open negations, hedges and plans; anatomies that wait for a quality; attributes that wait for a finding."""

    negation = ""  # "", "open" (no finding yet) or "used"
    resolving = hedge = ask = condition = suppose = verb_seen = False
    link = ""  # what came since the last finding: "", "at", "verb", "list"
    subject = 0  # index of the first mention that a cue behind may speak of
    chain = 0  # index of the first mention of the running "a, b and c"
    same_place_at = -1  # how many findings there were at "consistent with" or "versus"
    hedged = asked = 0  # how many findings there were when the hedge, the plan began
    negated_at = -1  # the token that opened the negation
    tail = -1  # where the last finding, with the attributes right behind it, ends
    forward: tuple[str, str, int, int] | None = None  # a quality that waits for its anatomy
    verdict: str | None = None  # on what was asked before: "absent", "present"

    def __init__(
        self, tokens: list[Token], plain: str, lexicon: Lexicon, implied: Callable[[str], tuple[Concept, ...]]
    ) -> None:
        self.tokens, self.plain, self.lexicon, self.implied = tokens, plain, lexicon, implied
        self.mentions: list[Mention] = []
        self.anatomies: list[Anatomy] = []
        self.waiting: list[tuple[str, str]] = []  # attributes that wait for a finding
        self.heading: list[Mention] = []  # findings before a colon
        self.placed: list[Mention] = []  # the findings whose place is being told

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

    def attach(self, attributes: list[tuple[str, str]], mention: Mention) -> None:
        for kind, value in attributes:
            if not (kind == "change" and mention.change == "resolved"):
                mention.take(kind, value)

    def behind(self) -> list[Mention]:
        return [m for m in self.mentions[self.subject :] if not m.negated]

    def closed(self) -> None:
        self.negation, self.resolving = "", False

    def begin_statement(self) -> None:
        if self.negation != "open":
            self.closed()
            self.ask = False
            if self.hedged < len(self.mentions):  # "may be compatible with": the hedge still waits for its finding
                self.hedge = False
            self.subject = len(self.mentions)
        self.chain = len(self.mentions)
        self.link = "list"

    def finding_follows(self, i: int) -> bool:
        """A finding comes before the next link: "is a small effusion"."""
        for kind, value, _, _ in self.tokens[i + 1 :]:
            if kind in ("finding", "bad"):
                return True
            if kind == "cue" and value in ("comma", "and", "at", "verb", "assert"):
                return False
        return False
