"""Does a claimed finding agree with what is known? One rule for verifying, scoring and rewarding.

Agreement is of name, status, side and, where both say it, of zone, severity and change.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from cxr_cli.findings.extraction import Finding
from cxr_cli.findings.lexicon import Lexicon

Unmentioned = Literal["normal", "unknown"]

SEVERITY = {"minimal": 1, "mild": 2, "moderate": 3, "severe": 4}
COURSE = {"new": "worse", "worse": "worse", "stable": "stable", "better": "better", "resolved": "better"}
HEIGHT = {"upper": "high", "apical": "high", "lower": "low", "basal": "low"}


class Judgement(NamedTuple):
    """verdict: supported, contradicted or unmentioned. by: the known finding that decided, if one did."""

    verdict: str
    reason: str
    by: Finding | None = None


class Known:
    """What is known of a study: the findings of its report, or of reference steps.

    unmentioned: what silence means. "normal": absent, as in the paper; "unknown": nothing.
    """

    def __init__(self, findings: Iterable[Finding], lexicon: Lexicon, unmentioned: Unmentioned = "normal") -> None:
        self.lexicon, self.unmentioned = lexicon, unmentioned
        self.findings: dict[str, list[Finding]] = {}
        for finding in findings:
            self.findings.setdefault(finding.name, []).append(finding)

    def about(self, names: Iterable[str], status: str) -> list[Finding]:
        return [f for name in names if name in self.findings for f in self.findings[name] if f.status == status]

    def judge(self, claim: Finding) -> Judgement:
        """The verdict on one claimed finding, with a reason a person understands."""
        return self._absent(claim) if claim.status == "absent" else self._present(claim)

    def _present(self, claim: Finding) -> Judgement:
        narrower = self.lexicon.narrower(claim.name)
        seen = self.about(narrower, "present")
        if seen:
            conflict = ""
            for finding in sorted(seen, key=lambda f: f.name != claim.name):
                conflict_here = conflicts(claim, finding, seen)
                if not conflict_here:
                    return Judgement("supported", f"{finding.name} is present", finding)
                conflict = conflict or conflict_here
            return Judgement("contradicted", conflict, seen[0])
        possible = self.about(narrower, "uncertain")
        if possible:
            if claim.status == "uncertain":
                return Judgement("supported", f"{possible[0].name} is possible", possible[0])
            return Judgement("unmentioned", f"{possible[0].name} is only possible", possible[0])
        denied = [f for f in self.about(self.lexicon.broader(claim.name), "absent") if same_side(claim, f)]
        if denied:
            direct = min(denied, key=lambda f: f.name != claim.name)
            return Judgement("contradicted", f"{direct.name} is absent", direct)
        vague = self.about(self.lexicon.broader(claim.name), "present")
        if vague:
            return Judgement("unmentioned", f"only {vague[0].name} is present, {claim.name} is not mentioned", vague[0])
        return Judgement("unmentioned", f"{claim.name} is not mentioned")

    def _absent(self, claim: Finding) -> Judgement:
        exact = [f for f in self.about([claim.name], "absent") if same_side(claim, f)]
        narrower = self.lexicon.narrower(claim.name)
        seen = [f for f in self.about(narrower, "present") if same_side(claim, f)]
        if exact and not any(f.name == claim.name for f in seen):
            return Judgement("supported", f"{claim.name} is absent", exact[0])
        if seen:
            return Judgement("contradicted", f"{seen[0].name} is present", seen[0])
        possible = [f for f in self.about(narrower, "uncertain") if same_side(claim, f)]
        if possible:
            return Judgement("contradicted", f"{possible[0].name} is possible", possible[0])
        entry = self.lexicon.entries[claim.name]
        for finding in self.about((*self.lexicon.broader(claim.name), *entry.absent_when), "absent"):
            if same_side(claim, finding):
                return Judgement("supported", f"{finding.name} is absent", finding)
        if self.unmentioned == "normal":
            return Judgement("supported", f"{claim.name} is not mentioned, which counts as absent")
        return Judgement("unmentioned", f"{claim.name} is not mentioned")


def same_side(a: Finding, b: Finding) -> bool:
    """Could the two speak of the same side?"""
    return a.side is None or b.side is None or a.side == b.side or "bilateral" in (a.side, b.side)


def conflicts(claim: Finding, known: Finding, others: Iterable[Finding] = ()) -> str:
    """Why two present findings of one kind disagree; "" if they do not.

    others: further known findings of that kind; left and right together support a bilateral claim.
    """
    if claim.side and known.side and claim.side != known.side and known.side != "bilateral":
        sides = {f.side for f in others}
        if not (claim.side == "bilateral" and {"left", "right"} <= sides):
            return f"{known.name} is {known.side}, not {claim.side}"
    high, low = HEIGHT.get(claim.zone or ""), HEIGHT.get(known.zone or "")
    if high and low and high != low:
        return f"{known.name} is {known.zone}, not {claim.zone}"
    if claim.severity and known.severity and abs(SEVERITY[claim.severity] - SEVERITY[known.severity]) > 1:
        return f"{known.name} is {known.severity}, not {claim.severity}"
    if claim.change and known.change and COURSE[claim.change] != COURSE[known.change]:
        return f"{known.name} is {known.change}, not {claim.change}"
    return ""
