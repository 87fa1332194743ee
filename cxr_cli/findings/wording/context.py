"""Words whose meaning hangs on the words beside them, made plain before a clause is read.

"Slightly" of "slightly increased" is no severity; "symmetric edema" is not normal; a tip that is not seen denies no
tube.
"""

import re
from collections.abc import Callable

from cxr_cli.findings.lexicon import Lexicon
from cxr_cli.findings.lexicon.tokens import Token
from cxr_cli.findings.wording.changes import Changes
from cxr_cli.findings.wording.neighbourhood import Group
from cxr_cli.findings.wording.sides import without_comparisons

AMBIGUOUS = frozenset(
    ("worse", "better", "increased", "decreased", "device tip", "lingula", "middle lobe", "cardiothoracic ratio")
)
COMPARATIVES = frozenset(("compare", "worse", "better"))
NOUN_PHRASE = frozenset(("finding", "side", "zone", "severity"))  # behind an adjective
IDLE = frozenset({"negated", "resolved", "hedge", "ask"})  # cues that may say nothing
OPERATIONS = frozenset({"support device", "surgical material", "breast surgery"})

_TO = re.compile(r" to (?:at most |at worst |perhaps |possibly )?")


def in_context(tokens: list[Token], values: set[str], plain: str, lexicon: Lexicon) -> list[Token]:
    """The tokens of a sentence, each with the one meaning that it has there. values: those of the tokens."""
    if not COMPARATIVES.isdisjoint(values):
        tokens = without_comparisons(tokens, plain)
    return Context(tokens, plain, lexicon).tokens() if _is_ambiguous(tokens, values, plain) else tokens


def _is_ambiguous(tokens: list[Token], values: set[str], plain: str) -> bool:
    """May a rule of `Context` apply?"""
    if not AMBIGUOUS.isdisjoint(values) or ("creased" in plain and ("increased " in plain or "stable" in values)):
        return True
    if "bilateral" in values and ("each " in plain or "either " in plain):
        return True
    if "ask" in values and any(word in plain for word in ("expected", "status post", "s p ", "look ")):
        return True
    hedged, good_end = "hedge" in values, -1
    for kind, _, start, end in tokens:
        if (hedged and kind == "severity") or (
            start == good_end and (kind in NOUN_PHRASE or plain.startswith("to ", start))
        ):
            return True
        good_end = end + 1 if kind == "good" else -1
    return False


class Context(Changes):
    """All rules that look at the neighbours of a phrase."""

    def tokens(self) -> list[Token]:
        """What is left of them."""
        rest: list[Token] = []
        for i, group in enumerate(self.groups):
            for token in group:
                if rule := RULE_OF_KIND.get(token[0]):
                    rest += rule(self, i)
                    break
            else:
                rest += group
        return rest

    def good(self, i: int) -> Group:
        """A good quality, unless it is an adjective of a finding or the lower end of a range."""
        return [] if self.is_adjective(i) else self.groups[i]

    def is_adjective(self, i: int) -> bool:
        """ "symmetric" edema, "good" evidence; "normal" to mildly enlarged: no verdict on an anatomy."""
        end = self.groups[i][0][3]
        if (to := _TO.match(self.plain, end)) and any(
            group[0][2] == to.end() and group[0][0] in ("severity", "bad") for group in self.groups[i + 1 : i + 3]
        ):
            return True
        if self.value(i - 1, "anatomy") and self.between(i - 1) in (" ", " is ", " are "):
            return False
        return bool(self.object_of(i))

    def cue(self, i: int) -> Group:
        """A cue, unless it is idle."""
        return [] if self.groups[i][0][1] in IDLE and self.is_idle(i) else self.groups[i]

    def is_idle(self, i: int) -> bool:
        """A cue that says nothing here: of a tip not seen, an operation, what was expected, a size in doubt."""
        cue = self.value(i, "cue")
        if cue in ("negated", "resolved"):
            return self.of_tip(i)
        if cue == "hedge":
            return self.is_reserve(i)
        if self.text(i) == "look":  # "the lungs look clear"
            return self.between(i) == " " and bool(self.value(i + 1, "good", "bad", "severity"))
        if cue != "ask" or self.text(i) not in ("expected", "status post", "s p"):
            return False
        if self.text(i) == "expected":
            return bool(self.object_of(i))
        for j in self.after(i):
            if finding := self.value(j, "finding"):
                return bool(self.lexicon.broader(finding) & OPERATIONS)
            if self.value(j, "cue") in ("comma", "break", "with"):
                break
        return True

    def of_tip(self, i: int) -> bool:
        """The tip of the tube "is not seen"; the tube itself is."""
        for j in self.before(i):
            if self.value(j, "anatomy") == "device tip":
                return True
            finding = self.value(j, "finding")
            if self.value(j, "cue") == "break" or (finding and "support device" not in self.lexicon.broader(finding)):
                break
        return False

    def side(self, i: int) -> Group:
        """ "each" base, "either" lung: both of them; "each 5 mm" and "either scar or nodule" are not.

        A lobe that only one lung has tells the side, unless the words say another ("left middle lobe").
        """
        group, word = self.groups[i], self.text(i)
        if word in ("each", "either"):
            pair = self.between(i) == " " and self.value(i + 1, "anatomy", "zone")
            return group if pair and not (word == "either" and " or " in self.plain) else []
        if (
            self.value(i, "zone") in ("lingula", "middle lobe")
            and self.between(i - 1) == " "
            and self.value(i - 1, "side")
        ):
            return [token for token in group if token[0] != "side"]
        return group


RULE_OF_KIND: dict[str, Callable[[Context, int], Group]] = {
    "severity": Context.severity,
    "change": Context.amount,
    "bad": Context.amount,
    "good": Context.good,
    "cue": Context.cue,
    "side": Context.side,
    "finding": Context.finding,
}
