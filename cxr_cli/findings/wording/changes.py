"""Words of change: a change of a finding, a quality of an anatomy, or the degree of another change.

"Slightly" of "slightly increased" is no severity; "the heart is increased in size" describes, "the effusion is
increased" compares.
"""

import re

from cxr_cli.findings.lexicon.word_lists import either
from cxr_cli.findings.wording.neighbourhood import COMPARISONS, Group, Neighbourhood

COURSES = frozenset({"worse", "better", "resolved"})
DENSITY = frozenset(
    {"lung opacity", "interstitial disease", "lucency", "bone lesion"}
)  # "increased density": no change

_IS_DENSE = COMPARISONS["change"]["dense"]
_CHANGE_NOUN = re.compile(rf"(?:interval )?{either(COMPARISONS['change']['nouns'])}\b")
_QUALITY = {word: quality for quality, words in COMPARISONS["amount"].items() for word in words}
_AMOUNT = re.compile(rf"\b({either(_QUALITY)})\b")


class Changes(Neighbourhood):
    """Rules for severities, changes and "increased"."""

    def severity(self, i: int) -> Group:
        """A severity counts unless it is a degree of change, or only feared."""
        group = self.groups[i]
        if self.is_degree(i) or self.is_reserve(i - 1):
            return [token for token in group if token[0] != "severity"]
        return group

    def finding(self, i: int) -> Group:
        """ "Increased markings since the prior film"."""
        group = self.groups[i]
        if self.text(i).startswith("increased ") and self.is_timed:
            return [("change", "worse", group[0][2], group[0][2]), *group]
        return group

    def is_degree(self, i: int) -> bool:
        """ "slightly" increased, increased "slightly", "moderate" increase: how much it changed."""
        word = self.text(i)
        adverb = word.endswith("ly") or word == "somewhat"
        if self.course(i + 1) and self.between(i) in (" ", " interval ", " overall ", " further "):
            course = self.text(i + 1)
            noun = _CHANGE_NOUN.match(course) and not (course.endswith("ing") and self.value(i + 2, "finding"))
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
            description = ("bad", quality, start, end)
            if course == "stable":
                return [("cue", "negate", start, start), description] if word[1].endswith("ed") else group
            if self.is_timed or quality in ("enlarged", "small", "prominent"):
                course = "better" if word[1].startswith("less") else "worse"
                return [("change", course, start, end), description]
            return [description]
        if course:
            is_dense = self.text(i) in _IS_DENSE and self.subject_of(i) in DENSITY and not self.is_timed
            return [] if is_dense else [token for token in group if token[0] == "change"]
        finding = self.object_of(i) or self.subject_of(i)
        if not finding or (finding in DENSITY and not self.is_timed):
            return group if not finding else []
        return [("change", "worse" if quality == "increased" else "better", start, end)]

    def describes(self, i: int, quality: str) -> bool:
        """Is there an anatomy before it, or right after it, that has this quality?"""
        combos = self.lexicon.combos
        for j in self.before(i):
            if self.value(j, "finding") or self.value(j, "cue") in ("comma", "break", "with", "colon"):
                break
            if (self.value(j, "anatomy"), quality) in combos:
                return True
        for j in self.after(i):
            if self.value(j, "finding") or self.value(j, "cue") not in ("", "at"):
                break
            if (self.value(j, "anatomy"), quality) in combos:
                return True
        return False
