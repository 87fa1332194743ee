"""Words whose meaning hangs on the words beside them, settled before a clause is read.

"Slightly" of "slightly increased" is no severity; "the heart is increased in size" describes, "the effusion is
increased" compares; "symmetric edema" is not normal; a tip that is not seen denies no tube.
"""

import re
from collections.abc import Callable
from functools import cached_property

from cxr_cli.findings.clauses.state import Token
from cxr_cli.findings.lexicon import Lexicon
from cxr_cli.findings.wording.sides import compared

COURSES = frozenset({"worse", "better", "resolved"})
UNSETTLED = frozenset(
    ("worse", "better", "increased", "decreased", "device tip", "lingula", "middle lobe", "cardiothoracic ratio")
)
COMPARED = frozenset(("compare", "worse", "better"))
DESCRIBED = frozenset(("finding", "side", "zone", "severity"))  # behind an adjective
REACH = 12  # phrases
IDLE = frozenset({"negated", "resolved", "hedge", "ask"})  # cues that may say nothing
OPERATIONS = frozenset({"support device", "surgical material", "breast surgery"})
DENSITY = frozenset(
    {"lung opacity", "interstitial disease", "lucency", "bone lesion"}
)  # "increased density": no change

_TIME = re.compile(r"\b(?:since|compar|prior|previous|interval|than before|now\b|today|yesterday|earlier|becom|became)")
_NOUN = re.compile(
    r"(?:interval )?(?:increase|decrease|improvement|worsening|progression|reduction|enlargement|regression|clearing"
    r"|growth|deterioration|resolution|change|decline)\b"
)
_AMOUNT = re.compile(r"\b(increased?|decreased?|reduced|larger|bigger|smaller|more prominent|less prominent)\b")
_QUALITY = dict.fromkeys(("increase", "increased"), "increased")
_QUALITY |= dict.fromkeys(("decrease", "decreased", "reduced"), "decreased")
_QUALITY |= {"larger": "enlarged", "bigger": "enlarged", "smaller": "small"}
_QUALITY |= dict.fromkeys(("more prominent", "less prominent"), "prominent")
_RATIO = re.compile(r"\b(?:cardio ?thoracic ratio|ctr)\b[^.\d]{0,30}(?:(0?\.\d+)|(\d\d(?:\.\d+)?) ?(?:%|per ?cent))")
_TO = re.compile(r" to (?:at most |at worst |perhaps |possibly )?")

Group = list[Token]
"""The tokens of one phrase."""


def in_context(tokens: list[Token], values: set[str], plain: str, lexicon: Lexicon) -> list[Token]:
    """The tokens of a sentence, each with the one meaning that it has there. values: those of the tokens."""
    if not COMPARED.isdisjoint(values):
        tokens = compared(tokens, plain)
    return Context(tokens, plain, lexicon).tokens() if _unsettled(tokens, values, plain) else tokens


def _unsettled(tokens: list[Token], values: set[str], plain: str) -> bool:
    """May a rule of `Context` apply?"""
    if not UNSETTLED.isdisjoint(values) or ("creased" in plain and ("increased " in plain or "stable" in values)):
        return True
    if "bilateral" in values and ("each " in plain or "either " in plain):
        return True
    if "ask" in values and any(word in plain for word in ("expected", "status post", "s p ")):
        return True
    hedged, good_end = "hedge" in values, -1
    for kind, _, start, end in tokens:
        if (hedged and kind == "severity") or (
            start == good_end and (kind in DESCRIBED or plain.startswith("to ", start))
        ):
            return True
        good_end = end + 1 if kind == "good" else -1
    return False


class Context:
    """The phrases of a sentence in order, and the rules that look at their neighbours."""

    def __init__(self, tokens: list[Token], plain: str, lexicon: Lexicon) -> None:
        self.plain, self.lexicon = plain, lexicon
        self.groups: list[Group] = []
        last_start = last_end = -1
        for token in tokens:
            _, _, start, end = token
            if start == last_start and end == last_end:
                self.groups[-1].append(token)
            else:
                self.groups.append([token])
                last_start, last_end = start, end
        if ("ratio" in plain or "ctr" in plain) and (ratio := _RATIO.search(plain)):
            large = float(ratio[1] or 0) > 0.5 or float(ratio[2] or 0) > 50
            kind, quality = ("bad", "increased") if large else ("good", "normal")
            self.groups.append([(kind, quality, *ratio.span(1 if ratio[1] else 2))])
            self.groups.sort(key=lambda group: group[0][2])

    @cached_property
    def timed(self) -> bool:
        """Does the sentence speak of another time?"""
        return bool(_TIME.search(self.plain))

    def tokens(self) -> list[Token]:
        """What is left of them."""
        left: list[Token] = []
        for i, group in enumerate(self.groups):
            for token in group:
                if rule := RULES.get(token[0]):
                    left += rule(self, i)
                    break
            else:
                left += group
        return left

    def text(self, i: int) -> str:
        return self.plain[self.groups[i][0][2] : self.groups[i][0][3]]

    def between(self, i: int) -> str:
        """What stands between a phrase and the next."""
        return self.plain[self.groups[i][0][3] : self.groups[i + 1][0][2]] if 0 <= i < len(self.groups) - 1 else "."

    def behind(self, i: int) -> range:
        """The phrases before a phrase, the nearest first, as far as a rule looks."""
        return range(i - 1, max(-1, i - 1 - REACH), -1)

    def ahead(self, i: int) -> range:
        return range(i + 1, min(len(self.groups), i + 1 + REACH))

    def value(self, i: int, *kinds: str) -> str:
        """The value of a phrase that is of one of these kinds, else ""."""
        if 0 <= i < len(self.groups):
            for kind, value, _, _ in self.groups[i]:
                if kind in kinds:
                    return value
        return ""

    def severity(self, i: int) -> Group:
        """A severity counts unless it is a degree of change, or only feared."""
        group = self.groups[i]
        if self.is_degree(i) or self.is_reserve(i - 1):
            return [token for token in group if token[0] != "severity"]
        return group

    def finding(self, i: int) -> Group:
        """ "Increased markings since the prior film"."""
        group = self.groups[i]
        if self.text(i).startswith("increased ") and self.timed:
            return [("change", "worse", group[0][2], group[0][2]), *group]
        return group

    def is_degree(self, i: int) -> bool:
        """ "slightly" increased, increased "slightly", "moderate" increase: how much it changed."""
        word = self.text(i)
        adverb = word.endswith("ly") or word == "somewhat"
        if self.course(i + 1) and self.between(i) in (" ", " interval ", " overall ", " further "):
            course = self.text(i + 1)
            noun = _NOUN.match(course) and not (course.endswith("ing") and self.value(i + 2, "finding"))
            if adverb or noun:
                return True
        follower = self.between(i) == " " and self.value(i + 1, "finding", "bad", "side", "zone")
        return bool(adverb and self.course(i - 1) and self.between(i - 1) == " " and not follower)

    def course(self, i: int) -> bool:
        """Does this phrase say that a finding grew, shrank or went?"""
        return bool(
            0 <= i < len(self.groups)
            and self.value(i, "change", "bad")
            and any(kind == "change" and value in COURSES for kind, value, _, _ in self.amount(i))
        )

    def is_reserve(self, i: int) -> bool:
        """ "possibly" of "moderate, possibly large": a doubt about the size alone."""
        return bool(
            self.value(i, "cue") == "hedge"
            and self.between(i) == " "
            and self.value(i + 1, "severity")
            and self.value(i - 1, "cue") in ("comma", "or")
            and self.value(i - 2, "severity")
        )

    def amount(self, i: int) -> Group:
        """ "increased", "larger": a quality of an anatomy ("heart"), or a change of a finding."""
        group = self.groups[i]
        word = _AMOUNT.search(self.text(i))
        quality = _QUALITY[word[1]] if word else ""
        if not word or not any(t[0] == "change" or t[1] == quality for t in group):
            return group
        _, _, start, end = group[0]
        course = self.value(i, "change")
        if self.describes(i, quality):
            described = ("bad", quality, start, end)
            if course == "stable":
                return [("cue", "negate", start, start), described] if word[1].endswith("ed") else group
            if self.timed or quality in ("enlarged", "small", "prominent"):
                course = "better" if word[1].startswith("less") else "worse"
                return [("change", course, start, end), described]
            return [described]
        if course:
            return [token for token in group if token[0] == "change"]
        finding = self.object_of(i) or self.subject_of(i)
        if not finding or (finding in DENSITY and not self.timed):
            return group if not finding else []
        return [("change", "worse" if quality == "increased" else "better", start, end)]

    def describes(self, i: int, quality: str) -> bool:
        """Is there an anatomy before it, or right after it, that has this quality?"""
        combos = self.lexicon.combos
        for j in self.behind(i):
            if self.value(j, "finding") or self.value(j, "cue") in ("comma", "break", "with", "colon"):
                break
            if (self.value(j, "anatomy"), quality) in combos:
                return True
        for j in self.ahead(i):
            if self.value(j, "finding") or self.value(j, "cue") not in ("", "at"):
                break
            if (self.value(j, "anatomy"), quality) in combos:
                return True
        return False

    def object_of(self, i: int) -> str:
        """The finding that an adjective stands before: "increased left effusion"."""
        for j in self.ahead(i):
            if self.between(j - 1) != " ":
                break
            if finding := self.value(j, "finding"):
                return finding
            if not self.value(j, "side", "zone", "severity"):
                break
        return ""

    def subject_of(self, i: int) -> str:
        """The finding that a clause is about: "left effusion, increased"."""
        for j in self.behind(i):
            if self.value(j, "cue") in ("break", "with"):
                break
            if finding := self.value(j, "finding"):
                return finding
        return ""

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
        if cue != "ask" or self.text(i) not in ("expected", "status post", "s p"):
            return False
        if self.text(i) == "expected":
            return bool(self.object_of(i))
        for j in self.ahead(i):
            if finding := self.value(j, "finding"):
                return bool(self.lexicon.broader(finding) & OPERATIONS)
            if self.value(j, "cue") in ("comma", "break"):
                break
        return True

    def of_tip(self, i: int) -> bool:
        """The tip of the tube "is not seen"; the tube itself is."""
        for j in self.behind(i):
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


RULES: dict[str, Callable[[Context, int], Group]] = {
    "severity": Context.severity,
    "change": Context.amount,
    "bad": Context.amount,
    "good": Context.good,
    "cue": Context.cue,
    "side": Context.side,
    "finding": Context.finding,
}
