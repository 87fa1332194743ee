"""Cues that mean something else together: a denied exclusion is a doubt, a denied change is none.

    "cannot be" + "excluded"  ->  uncertain        "not yet" + "resolved"  ->  still there
    "no" + "worse"            ->  stable           "not seen" + "before"   ->  new

Words that only serve such pairs are cues too (`PAIR_CUES`); none of them leaves this room.
"""

import re
from collections.abc import Callable
from functools import cached_property

from cxr_cli.findings.composition.denials import Denials
from cxr_cli.findings.composition.token_edits import DENIALS, PAIR_CUES
from cxr_cli.findings.lexicon.tokens import Token

PARTNERS = PAIR_CUES - DENIALS | {"clear", "worse", "better", "resolved", "object"}  # a denial without them is dropped
FRAME = re.compile(r"(?:(?:on|in|at) )(?:a |an |the |her |his |this |that )?(?:most )?")
WAS = re.compile(r"\b(?:was|were|had been)\b")
WAS_ON = re.compile(r"\b(?:was|were|had been) (?:[a-z]+ ){0,2}(?:on|in|at|by) (?:a |an |the |her |his |that )?$")
STUDY_END = re.compile(r"(?: chest)?(?: (?:film|study|exam|examination|radiograph|image|ct|scan|x ray))?[ .]*")
WAS_THEN = re.compile(r"\b(?:was|were|had been) (?:(?:seen|present|noted|visible|there|described) )?$")
SEEN_THEN = re.compile(r"(?: (?:seen|present|noted|visible|there|described))?[ .]*$")
ELSE_SAID = frozenset({"deny", "negate", "negated", "contrast", "break", "comma", "and", "except"})
IN_TIME = frozenset(
    {"increased", "decreased", "now", "resolved", "gone", "compare", "resolve", "contrast", "break", "except"}
)
VERBS_OF_SHOWING = ("show", "demonstrat", "reveal", "describ", "display", "document")
BETWEEN_STUDY_AND_VERB = frozenset({"at", "contrast", "comma", "object", "earlier", "other_study", "seen", "chest"})


def compose(tokens: list[Token], values: set[str], plain: str) -> list[Token]:
    """The tokens of a sentence without pair cues; pairs that mean something else are replaced by that.

    values: those of the tokens. The very same list is given back where nothing is to be done.
    """
    if "clear" not in values and PAIR_CUES.isdisjoint(values):
        return tokens
    if PARTNERS.isdisjoint(values):
        return [token for token in tokens if token[1] not in DENIALS]
    return Composition(tokens, plain).result()


class Composition(Denials):
    """All rules: those of denials, of preferences, and of other studies."""

    def __init__(self, tokens: list[Token], plain: str) -> None:
        super().__init__(tokens, plain)
        self.preference = self.no_other = -1  # the tokens that a "than" further on belongs to

    def result(self) -> list[Token]:
        for i, (kind, value, _, _) in enumerate(self.tokens):
            if (kind == "cue" or kind == "change") and (rule := PAIR_RULES.get(value if kind == "cue" else kind)):
                rule(self, i)
        return self.edited_tokens()

    def on_prefer(self, i: int) -> None:
        self.preference = i

    def on_break(self, i: int) -> None:
        self.preference = self.no_other = -1

    on_contrast = on_except = on_break

    def on_no_other(self, i: int) -> None:
        """ "no other nodule than the one on the left"; without a "than" it denies."""
        self.put(i, "cue", "negate")
        self.no_other = i

    def on_than(self, i: int) -> None:
        """ "more likely A than B" denies B."""
        if self.no_other >= 0:
            self.drop(self.no_other)
            self.no_other = -1
        elif self.preference >= 0:
            self.put(i, "cue", "negate")
            self.preference = -1

    def on_at(self, i: int) -> None:
        """ "favors A over B", "A is preferred to B" deny B; "clear of B" does too."""
        _, _, start, end = self.tokens[i]
        word = self.plain[start:end]
        if word == "of":
            if any(t[0] == "good" and t[1] == "clear" and t[3] == start - 1 for t in self.tokens[max(0, i - 2) : i]):
                self.put(i, "cue", "negate")
        elif word in ("over", "to") and self.preference >= 0 and self.tokens[self.preference][3] < start:
            preference = self.plain[slice(*self.tokens[self.preference][2:])]
            if preference.startswith("prefer" if word == "to" else ("prefer", "favo")):
                self.put(i, "cue", "negate")
                self.preference = -1

    def on_other_study(self, i: int) -> None:
        """ "The CT showed X"; "on the prior CT X was seen", "X was seen on the prior CT"."""
        if self.is_frame(i):
            self.put(i, "cue", "elsewhere")
            return
        if self.ends_report(i):
            self.put(i, "cue", "suppose")
            return
        for _, value, start, end in self.tokens[i + 1 : i + 5]:
            close = start - self.tokens[i][3] < 25
            if value in ("assert", "seen") and close and self.plain.startswith(VERBS_OF_SHOWING, start):
                self.replacements[start] = ("cue", "elsewhere", start, end)
                return
            if value not in BETWEEN_STUDY_AND_VERB:
                return

    def is_frame(self, i: int) -> bool:
        """Does the sentence begin with another study, and speak of no change since?"""
        start, end = self.tokens[i][2:]
        return (
            FRAME.fullmatch(self.plain, 0, start) is not None
            and WAS.search(self.plain, end) is not None
            and not self.speaks_of_change
        )

    def ends_report(self, i: int) -> bool:
        """Does the sentence only say what was seen on another study, and end there?"""
        start, end = self.tokens[i][2:]
        return (
            STUDY_END.fullmatch(self.plain, end) is not None
            and WAS_ON.search(self.plain, max(0, start - 40), start) is not None
            and not self.speaks_of_change
            and all(value not in ELSE_SAID for _, value, _, _ in self.tokens[:i])
        )

    def on_earlier(self, i: int) -> None:
        """ "A small one was present before" says nothing of this film; see too `Denials.on_earlier`."""
        super().on_earlier(i)
        start, end = self.tokens[i][2:]
        ends_there = SEEN_THEN.match(self.plain, end) and WAS_THEN.search(self.plain, max(0, start - 40), start)
        if (
            ends_there
            and not self.speaks_of_change
            and all(value not in ELSE_SAID for _, value, _, _ in self.tokens[:i])
        ):
            self.put(i, "cue", "suppose")

    @cached_property
    def speaks_of_change(self) -> bool:
        return any(kind == "change" or value in IN_TIME for kind, value, _, _ in self.tokens)

    def on_lesser(self, i: int) -> None:
        """ "less likely X" denies what follows, "X is less likely" what came before."""
        following = self.next_token(i)
        if following and following[1] == "than":
            self.put(i, "cue", "less")  # "A is less likely than B" leaves B as it is
            return
        before = next((t for t in reversed(self.tokens[max(0, i - 3) : i]) if t[3] <= self.tokens[i][2]), None)
        aside = following and before and following[1] == "comma" and before[1] in ("comma", "and", "or")
        forward = aside or self.content_follows(i)
        self.put(i, "cue", "negate" if forward else "less")


PAIR_RULES: dict[str, Callable[[Composition, int], None]] = {
    name.removeprefix("on_"): getattr(Composition, name) for name in dir(Composition) if name.startswith("on_")
}
