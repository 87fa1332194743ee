"""Cues that mean something else together: a denied exclusion is a doubt, a denied change is none.

    "cannot be" + "excluded"  ->  uncertain        "not yet" + "resolved"  ->  still there
    "no" + "worse"            ->  stable           "not seen" + "before"   ->  new

Words that only serve such pairs are cues too (`MARKERS`); none of them leaves this module.
"""

from collections.abc import Callable
from functools import cached_property

from cxr_cli.findings.clauses.state import Token

MARKERS = frozenset(
    {"deny", "unsettled", "able", "impossible", "exclude", "excluded", "doubt", "merely", "verb_of_change"}
    | {"seen", "see", "earlier", "prefer", "than", "lesser", "no_other", "other_study"}
)
PASSED_OVER = MARKERS | {
    "verb",
    "with",
    "or",
    "and",
    "hedge",
    "assert",
    "confirm",
    "negate",
    "ask",
    "reply_no",
    "imply",
}
DENIALS = frozenset({"deny"})
PARTNERS = MARKERS - DENIALS | {"clear", "worse", "better", "resolved", "object"}  # a denial without them is dropped
UNSETTLED = frozenset({"deny", "impossible", "unsettled"})
ABLE = frozenset({"able"})
REACH = 6  # tokens between a denial and what it denies
STATED = frozenset({"finding", "anatomy", "good", "bad"})


def compose(tokens: list[Token], values: set[str], plain: str) -> list[Token]:
    """The tokens of a sentence without markers; pairs that mean something else are replaced by that.

    values: those of the tokens. The very same list is given back where nothing is to be done.
    """
    if "clear" not in values and MARKERS.isdisjoint(values):
        return tokens
    if PARTNERS.isdisjoint(values):
        return [token for token in tokens if token[1] not in DENIALS]
    return Composition(tokens, plain).result()


class Composition:
    """A sentence's tokens, and which of their spans are dropped or replaced."""

    def __init__(self, tokens: list[Token], plain: str) -> None:
        self.tokens, self.plain = tokens, plain
        self.replaced: dict[int, Token | None] = {}  # where a span begins -> what stands there instead
        self.preference = self.no_other = -1  # the tokens that a "than" further on belongs to

    @cached_property
    def first_stated(self) -> int:
        return next((i for i, t in enumerate(self.tokens) if t[0] in STATED), len(self.tokens))

    @cached_property
    def last_stated(self) -> int:
        return next((i for i in range(len(self.tokens) - 1, -1, -1) if self.tokens[i][0] in STATED), -1)

    def result(self) -> list[Token]:
        for i, (kind, value, _, _) in enumerate(self.tokens):
            if (kind == "cue" or kind == "change") and (rule := RULES.get(value if kind == "cue" else kind)):
                rule(self, i)
        tokens: list[Token] = []
        for token in self.tokens:
            kind, value, start, _ = token
            if start in self.replaced:
                if instead := self.replaced[start]:
                    tokens.append(instead)
                    self.replaced[start] = None
            elif kind != "cue" or value not in MARKERS:
                tokens.append(token)
        return tokens

    # What the rules ask.

    def denial(self, i: int, kinds: frozenset[str] = DENIALS) -> int | None:
        """The denial that the cue at `i` stands behind, with nothing but adverbs and weak verbs between them."""
        start = self.tokens[i][2]
        for j in range(i - 1, max(-1, i - 1 - REACH), -1):
            kind, value, at, end = self.tokens[j]
            if at == start:
                continue
            if kind == "cue" and value in kinds and at not in self.replaced:
                return j if start - end < 45 else None
            if kind != "skip" and not (kind == "cue" and value in PASSED_OVER):
                return None
        return None

    def ahead(self, i: int) -> Token | None:
        """The next token behind the span of the token at `i`."""
        end = self.tokens[i][3]
        return next((t for t in self.tokens[i + 1 : i + 1 + REACH] if t[2] >= end), None)

    def finding_follows(self, i: int) -> bool:
        """A finding comes before the next link."""
        end = self.tokens[i][3]
        for kind, value, start, _ in self.tokens[i + 1 : i + 1 + 2 * REACH]:
            if kind in STATED and start >= end:
                return True
            if kind == "cue" and value in ("comma", "break", "contrast", "except", "and", "negate"):
                return False
        return False

    def put(self, i: int, kind: str, value: str) -> None:
        """Makes the span of the token at `i` this one token."""
        _, _, start, end = self.tokens[i]
        self.replaced[start] = (kind, value, start, end)

    def drop(self, i: int) -> None:
        self.replaced[self.tokens[i][2]] = None

    def drop_denial(self, j: int) -> bool:
        """Drops a denial, and a "may" or "could" right before it; was there one?"""
        self.drop(j)
        before = self.tokens[j][2] - 12
        for k in range(j - 1, max(-1, j - 1 - REACH), -1):
            _, value, start, end = self.tokens[k]
            if value in ("hedge", "suppose") and end >= before and self.plain[start:end] in MODALS:
                self.drop(k)
                return True
        return False

    # The rules.

    def on_exclude(self, i: int) -> None:
        """ "cannot exclude X", "unable to rule out X", "exclusion of X is not possible"; "we can exclude X"."""
        if (j := self.denial(i, UNSETTLED)) is not None:
            self.drop_denial(j)
            self.put(i, "cue", "hedge" if self.last_stated > i else "hedged")
            return
        if self.denial(i, ABLE) is not None:
            self.put(i, "cue", "negate")
            return
        for k in range(i + 1, min(len(self.tokens), i + 2 * REACH)):
            kind, value, _, _ = self.tokens[k]
            if kind == "cue" and value in ("break", "contrast", "except", "comma", "exclude"):
                return
            if kind == "cue" and value == "impossible":
                self.put(i, "cue", "hedge")
                self.drop(k)
                return

    def on_excluded(self, i: int) -> None:
        """ "X cannot be fully excluded", "X has yet to be ruled out"."""
        if (j := self.denial(i, UNSETTLED)) is not None:
            self.drop_denial(j)
            self.put(i, "cue", "hedged")

    def on_doubt(self, i: int) -> None:
        """ "without question"."""
        if (j := self.denial(i)) is not None:
            self.drop(j)
            self.drop(i)

    on_resolved = on_doubt  # "not yet cleared"

    def on_merely(self, i: int) -> None:
        """ "not just an effusion"."""
        j, start = self.denial(i), self.tokens[i][2]
        if j is None or start - self.tokens[j][3] > 4:
            return
        # "No less than two", but not "no unusual opacity".
        word = self.plain[slice(*self.tokens[j][2:])]
        if word.split(" ")[0] not in ("no", "without") or self.plain.startswith(("less than", "fewer than"), start):
            self.drop(j)
            self.drop(i)

    def on_change(self, i: int) -> None:
        """ "The edema is no worse", "no interval increase in the effusion"; not "no worsening edema"."""
        _, value, start, end = self.tokens[i]
        if value not in ("worse", "better") or (j := self.denial(i)) is None:
            return
        if any(kind == "bad" for kind, _, at, _ in self.tokens[i - 1 : i + 2] if at == start):
            return  # "the heart is not enlarged"
        ahead = self.ahead(i)
        of_it = self.plain[start:end].endswith((" in", " of")) or bool(
            ahead and ahead[1] == "at" and self.plain[ahead[2] : ahead[3]] in ("in", "of") and ahead[2] - end <= 1
        )
        of_it = of_it and (" the " in self.plain[end : end + 8] or "interval" in self.plain[self.tokens[j][3] : end])
        aside = bool(ahead and ahead[1] == "comma" and ahead[2] == end)  # "persisting, not resolving, effusion"
        if of_it or aside or (self.first_stated < j and not self.finding_follows(i)):
            self.drop(j)
            self.put(i, "change", "stable")

    def on_verb_of_change(self, i: int) -> None:
        """ "did not decrease"."""
        if (j := self.denial(i)) is not None:
            self.drop(j)
            self.put(i, "change", "stable")

    def on_seen(self, i: int) -> None:
        """ "could not be convincingly demonstrated"."""
        j = self.denial(i)
        _, _, start, end = self.tokens[i]
        if j is None or self.first_stated > i or self.plain.startswith(" to ", end):
            return
        between = self.plain[self.tokens[j][3] : start]
        if self.plain[slice(*self.tokens[j][2:])] in ("no", "without", "neither", "nothing") or " as " in between:
            return  # "no nodule seen"; "not as well seen as before"
        self.put(i, "cue", "hedged" if self.drop_denial(j) else "negated")
        self.earlier_follows(i)

    def on_see(self, i: int) -> None:
        """ "I cannot see any X"; "..., which I do not see"."""
        if (j := self.denial(i)) is not None:
            self.drop(j)
            self.put(i, "cue", "negated" if self.last_stated < i else "negate")

    def on_negated(self, i: int) -> None:
        self.earlier_follows(i)

    def earlier_follows(self, i: int) -> None:
        """ "not seen on the prior film"."""
        end = self.tokens[i][3]
        for _, value, start, _ in self.tokens[i + 1 : i + 1 + REACH]:
            if start >= end and value in ("earlier", "other_study", "object"):
                if start - end < 14 and self.plain.startswith(EARLIER, start):
                    self.put(i, "change", "new")
                return
            if start >= end and value != "at":
                return

    def on_earlier(self, i: int) -> None:
        """ "not previously seen"."""
        j, start = self.denial(i), self.tokens[i][2]
        if j is not None and start - self.tokens[j][3] <= 1 and self.plain.startswith("previously", start):
            self.drop(j)
            self.put(i, "change", "new")

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
        """ "The CT showed X"."""
        for _, value, start, end in self.tokens[i + 1 : i + 5]:
            close = start - self.tokens[i][3] < 25
            if value in ("assert", "seen") and close and self.plain.startswith(SHOWED, start):
                self.replaced[start] = ("cue", "elsewhere", start, end)
                return
            if value not in BETWEEN_STUDY_AND_VERB:
                return

    def on_lesser(self, i: int) -> None:
        """ "less likely X" denies what follows, "X is less likely" what came before."""
        ahead = self.ahead(i)
        before = next((t for t in reversed(self.tokens[max(0, i - 3) : i]) if t[3] <= self.tokens[i][2]), None)
        aside = ahead and before and ahead[1] == "comma" and before[1] in ("comma", "and", "or")
        forward = aside or self.finding_follows(i)
        self.put(i, "cue", "negate" if forward else "less")


EARLIER = (
    "prior",
    "previous",
    "earlier",
    "last",
    "preceding",
    "old",
    "before",
    "yesterday",
    "the p",
    "the e",
    "the l",
    "the o",
)
BETWEEN_STUDY_AND_VERB = frozenset({"contrast", "comma", "object", "earlier", "other_study", "seen", "chest"})
SHOWED = ("show", "demonstrat", "reveal", "describ", "display")
MODALS = frozenset({"may", "might", "could", "would", "can", "may be", "might be", "could be", "would be", "can be"})
RULES: dict[str, Callable[[Composition, int], None]] = {
    name.removeprefix("on_"): getattr(Composition, name) for name in dir(Composition) if name.startswith("on_")
}
