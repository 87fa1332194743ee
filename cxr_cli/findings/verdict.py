"""The verdict on a claimed finding against a reference. One rule for verifying, scoring and rewarding."""

from collections.abc import Container, Iterable
from typing import NamedTuple

from cxr_cli.findings.agreement import closest, disagreement, other_severity, other_zone
from cxr_cli.findings.finding import Finding, same_side
from cxr_cli.findings.lexicon import Lexicon
from cxr_cli.records import Unmentioned


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
        judgement = self._judgements.get(key)
        if judgement is None:
            if self.findings.keys().isdisjoint(self.lexicon.related(claim.name)):
                judgement = self._silent(claim)
            else:
                judgement = self._absent(claim) if claim.status == "absent" else self._present(claim)
            self._judgements[key] = judgement
        return judgement

    def _silent(self, claim: Finding) -> Judgement:
        """Nothing is mentioned that speaks for or against the claim."""
        if claim.status == "absent" and self.unmentioned == "normal":
            return Judgement("supported", f"{claim.name} is not mentioned, which counts as absent")
        return Judgement("unmentioned", f"{claim.name} is not mentioned")

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
        return self._silent(claim)

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
        return self._silent(claim)

    def _denies(self, claim: Finding, finding: Finding) -> bool:
        """Does "no such finding" deny this one? Not on the other side, in another zone, or of another size ("no large
        effusion"); and a "normal" film may show what is trivial."""
        if self.lexicon.entries[claim.name].only_absent and self.lexicon.entries[finding.name].weight < 1:
            return False
        return same_side(claim, finding) and not (other_zone(claim, finding) or other_severity(claim, finding))
