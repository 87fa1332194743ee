"""Does a claimed finding agree with the findings of a reference? One rule for verifying, scoring and rewarding.

Agreement is of name, status, side and, where both say it, of zone, severity and change.
"""

from collections.abc import Container, Iterable, Sequence
from typing import NamedTuple

from cxr_cli.findings.finding import Finding, same_side
from cxr_cli.findings.lexicon import Lexicon
from cxr_cli.records import Unmentioned

SEVERITY = {"minimal": 1, "mild": 2, "moderate": 3, "severe": 4}
COURSE = {"new": "worse", "worse": "worse", "stable": "stable", "better": "better", "resolved": "better"}
COURSE_WORDS = {"worsening": "worse", "stable": "stable", "improving": "better"}  # as questions and data sets name them
HEIGHT = {"upper": "high", "apical": "high", "lower": "low", "basal": "low"}


class Judgement(NamedTuple):
    """verdict: supported, contradicted or unmentioned. by: the reference finding that decided, if one did."""

    verdict: str
    reason: str
    by: Finding | None = None


class ReferenceFindings:
    """The findings that claims are judged by: those of a report, or of reference steps.

    unmentioned: what a finding is that they do not mention. "normal": absent, as in the paper; "unknown": unknown.
    """

    def __init__(self, findings: Iterable[Finding], lexicon: Lexicon, unmentioned: Unmentioned = "normal") -> None:
        self.lexicon, self.unmentioned = lexicon, unmentioned
        self._judgements: dict[tuple[object, ...], Judgement] = {}
        self.findings: dict[str, list[Finding]] = {}
        for finding in findings:
            self.findings.setdefault(finding.name, []).append(finding)
        self._by_status: dict[str, list[Finding]] = {}
        for of_one_name in self.findings.values():
            for finding in of_one_name:
                self._by_status.setdefault(finding.status, []).append(finding)

    def about(self, names: Container[str], status: str) -> list[Finding]:
        """Those of these names and this status, in the order of the text, whatever the order of `names`."""
        return [f for f in self._by_status.get(status, ()) if f.name in names]

    def judge(self, claim: Finding) -> Judgement:
        """The verdict on one claimed finding, with a reason a person understands."""
        key = claim[:6]
        if key not in self._judgements:
            self._judgements[key] = self._absent(claim) if claim.status == "absent" else self._present(claim)
        return self._judgements[key]

    def _present(self, claim: Finding) -> Judgement:
        narrower = self.lexicon.narrower(claim.name)
        present = self.about(narrower, "present")
        if present:
            exact = [f for f in present if f.name == claim.name] or present
            conflict = disagreement(claim, exact)
            if not conflict:
                return Judgement("supported", f"{exact[0].name} is present", closest(claim, exact))
            # "Right atelectasis" supports a right opacity even where the opacity that is named so lies on the left.
            narrow = [f for f in present if f not in exact and f.side and f.side == claim.side]
            if narrow and not disagreement(claim, narrow):
                return Judgement("supported", f"{narrow[0].name} is present", narrow[0])
            return Judgement("contradicted", conflict, exact[0])
        possible = self.about(narrower, "uncertain")
        if possible:
            if claim.status == "uncertain":
                return Judgement("supported", f"{possible[0].name} is possible", possible[0])
            return Judgement("unmentioned", f"{possible[0].name} is only possible", possible[0])
        absent = [f for f in self.about(self.lexicon.broader(claim.name), "absent") if same_side(claim, f)]
        if absent:
            direct = min(absent, key=lambda f: f.name != claim.name)
            return Judgement("contradicted", f"{direct.name} is absent", direct)
        broad = self.about(self.lexicon.broader(claim.name), "present")
        if broad:
            return Judgement("unmentioned", f"only {broad[0].name} is present, {claim.name} is not mentioned", broad[0])
        return Judgement("unmentioned", f"{claim.name} is not mentioned")

    def _absent(self, claim: Finding) -> Judgement:
        exact = [f for f in self.about([claim.name], "absent") if same_side(claim, f)]
        narrower = self.lexicon.narrower(claim.name)
        present = [f for f in self.about(narrower, "present") if self._denies(claim, f)]
        if exact and not any(f.name == claim.name for f in present):
            return Judgement("supported", f"{claim.name} is absent", exact[0])
        if present:
            return Judgement("contradicted", f"{present[0].name} is present", present[0])
        possible = [f for f in self.about(narrower, "uncertain") if self._denies(claim, f)]
        if possible:
            return Judgement("contradicted", f"{possible[0].name} is possible", possible[0])
        entry = self.lexicon.entries[claim.name]
        for finding in self.about((*self.lexicon.broader(claim.name), *entry.absent_when), "absent"):
            if same_side(claim, finding):
                return Judgement("supported", f"{finding.name} is absent", finding)
        if self.unmentioned == "normal":
            return Judgement("supported", f"{claim.name} is not mentioned, which counts as absent")
        return Judgement("unmentioned", f"{claim.name} is not mentioned")

    def _denies(self, claim: Finding, finding: Finding) -> bool:
        """Does "no such finding" deny this one? Not on the other side, in another zone, or of another size ("no large
        effusion"); and a "normal" film may show what is trivial."""
        if self.lexicon.entries[claim.name].only_absent and self.lexicon.entries[finding.name].weight < 1:
            return False
        return same_side(claim, finding) and not (other_zone(claim, finding) or other_severity(claim, finding))


def disagreement(claim: Finding, references: Sequence[Finding]) -> str:
    """Why a present claim disagrees with all references of its name; "" if it does not.

    A reference without a side, a severity or a change says nothing against another that has one: "mildly enlarged
    heart ... cardiomegaly" contradicts a severely enlarged one. Left and right together are bilateral.
    """
    if claim[2:6] == (None, None, None, None):
        return ""
    both = claim.side == "bilateral" and {"left", "right"} <= {finding.side for finding in references}
    respects = [differs for differs in RESPECTS if not (both and differs is other_side)]
    for differs in respects:
        reasons = [reason for finding in references if (reason := differs(claim, finding)) is not None]
        if reasons and all(reasons):
            return reasons[0]
    best = closest(claim, references)
    return next((why for differs in respects if differs is not other_zone and (why := differs(claim, best))), "")


def closest(claim: Finding, references: Sequence[Finding]) -> Finding:
    """The reference that differs from the claim in the fewest respects."""
    if len(references) == 1:
        return references[0]
    return min(references, key=lambda finding: sum(bool(differs(claim, finding)) for differs in RESPECTS))


# Each says why the two differ, "" if they do not, None if one of them leaves it open.


def other_side(claim: Finding, reference: Finding) -> str | None:
    if not claim.side or not reference.side:
        return None
    differ = claim.side != reference.side and reference.side != "bilateral"
    return f"{reference.name} is {reference.side}, not {claim.side}" if differ else ""


def other_zone(claim: Finding, reference: Finding) -> str | None:
    high, low = HEIGHT.get(claim.zone or ""), HEIGHT.get(reference.zone or "")
    if not high or not low:
        return None
    return f"{reference.name} is {reference.zone}, not {claim.zone}" if high != low else ""


def other_severity(claim: Finding, reference: Finding) -> str | None:
    if not claim.severity or not reference.severity:
        return None
    differ = abs(SEVERITY[claim.severity] - SEVERITY[reference.severity]) > 1
    return f"{reference.name} is {reference.severity}, not {claim.severity}" if differ else ""


def other_change(claim: Finding, reference: Finding) -> str | None:
    if not claim.change or not reference.change:
        return None
    differ = COURSE[claim.change] != COURSE[reference.change]
    return f"{reference.name} is {reference.change}, not {claim.change}" if differ else ""


RESPECTS = (other_side, other_zone, other_severity, other_change)
