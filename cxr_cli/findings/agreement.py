"""Does a claimed finding agree with what is known? One rule for verifying, scoring and rewarding.

Agreement is of name, status, side and, where both say it, of zone, severity and change.
"""

from collections.abc import Container, Iterable, Sequence
from typing import Literal, NamedTuple

from cxr_cli.findings.extraction import Finding
from cxr_cli.findings.lexicon import Lexicon

Unmentioned = Literal["normal", "unknown"]

SEVERITY = {"minimal": 1, "mild": 2, "moderate": 3, "severe": 4}
COURSE = {"new": "worse", "worse": "worse", "stable": "stable", "better": "better", "resolved": "better"}
SAID = {"worsening": "worse", "stable": "stable", "improving": "better"}  # a course, as questions and data sets say it
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
        self._judged: dict[tuple[object, ...], Judgement] = {}
        self.findings: dict[str, list[Finding]] = {}
        for finding in findings:
            self.findings.setdefault(finding.name, []).append(finding)
        self._by_status: dict[str, list[Finding]] = {}
        for told in self.findings.values():
            for finding in told:
                self._by_status.setdefault(finding.status, []).append(finding)

    def about(self, names: Container[str], status: str) -> list[Finding]:
        """In the order in which they are told, whatever the order of `names`."""
        return [f for f in self._by_status.get(status, ()) if f.name in names]

    def judge(self, claim: Finding) -> Judgement:
        """The verdict on one claimed finding, with a reason a person understands."""
        key = claim[:6]
        if key not in self._judged:
            self._judged[key] = self._absent(claim) if claim.status == "absent" else self._present(claim)
        return self._judged[key]

    def _present(self, claim: Finding) -> Judgement:
        narrower = self.lexicon.narrower(claim.name)
        seen = self.about(narrower, "present")
        if seen:
            exact = [f for f in seen if f.name == claim.name] or seen
            conflict = disagreement(claim, exact)
            if not conflict:
                return Judgement("supported", f"{exact[0].name} is present", closest(claim, exact))
            # "Right atelectasis" supports a right opacity even where the opacity that is named so lies on the left.
            placed = [f for f in seen if f not in exact and f.side and f.side == claim.side]
            if placed and not disagreement(claim, placed):
                return Judgement("supported", f"{placed[0].name} is present", placed[0])
            return Judgement("contradicted", conflict, exact[0])
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
        seen = [f for f in self.about(narrower, "present") if self._denied_by(claim, f)]
        if exact and not any(f.name == claim.name for f in seen):
            return Judgement("supported", f"{claim.name} is absent", exact[0])
        if seen:
            return Judgement("contradicted", f"{seen[0].name} is present", seen[0])
        possible = [f for f in self.about(narrower, "uncertain") if self._denied_by(claim, f)]
        if possible:
            return Judgement("contradicted", f"{possible[0].name} is possible", possible[0])
        entry = self.lexicon.entries[claim.name]
        for finding in self.about((*self.lexicon.broader(claim.name), *entry.absent_when), "absent"):
            if same_side(claim, finding):
                return Judgement("supported", f"{finding.name} is absent", finding)
        if self.unmentioned == "normal":
            return Judgement("supported", f"{claim.name} is not mentioned, which counts as absent")
        return Judgement("unmentioned", f"{claim.name} is not mentioned")

    def _denied_by(self, claim: Finding, known: Finding) -> bool:
        """Does "no such finding" deny this known one? Not on the other side, in another zone, or of another size ("no
        large effusion"); and a "normal" film may show what is trivial."""
        if self.lexicon.entries[claim.name].only_absent and self.lexicon.entries[known.name].weight < 1:
            return False
        return same_side(claim, known) and not (other_zone(claim, known) or other_severity(claim, known))


def same_side(a: Finding, b: Finding) -> bool:
    """Could the two speak of the same side?"""
    return a.side is None or b.side is None or a.side == b.side or "bilateral" in (a.side, b.side)


def disagreement(claim: Finding, known: Sequence[Finding]) -> str:
    """Why a present claim disagrees with all that is known of the finding; "" if it does not.

    What is told without a side, a severity or a change says nothing against those that another mention tells: "mildly
    enlarged heart ... cardiomegaly" contradicts a severely enlarged one. Left and right together are bilateral.
    """
    if claim[2:6] == (None, None, None, None):
        return ""
    both = claim.side == "bilateral" and {"left", "right"} <= {finding.side for finding in known}
    respects = [differs for differs in RESPECTS if not (both and differs is other_side)]
    for differs in respects:
        told = [verdict for finding in known if (verdict := differs(claim, finding)) is not None]
        if told and all(told):
            return told[0]
    best = closest(claim, known)
    return next((why for differs in respects if differs is not other_zone and (why := differs(claim, best))), "")


def closest(claim: Finding, known: Sequence[Finding]) -> Finding:
    """The known finding that differs from the claim in the fewest respects."""
    if len(known) == 1:
        return known[0]
    return min(known, key=lambda finding: sum(bool(differs(claim, finding)) for differs in RESPECTS))


# Each says why the two differ, "" if they do not, None if one of them leaves it open.


def other_side(claim: Finding, known: Finding) -> str | None:
    if not claim.side or not known.side:
        return None
    differ = claim.side != known.side and known.side != "bilateral"
    return f"{known.name} is {known.side}, not {claim.side}" if differ else ""


def other_zone(claim: Finding, known: Finding) -> str | None:
    high, low = HEIGHT.get(claim.zone or ""), HEIGHT.get(known.zone or "")
    if not high or not low:
        return None
    return f"{known.name} is {known.zone}, not {claim.zone}" if high != low else ""


def other_severity(claim: Finding, known: Finding) -> str | None:
    if not claim.severity or not known.severity:
        return None
    differ = abs(SEVERITY[claim.severity] - SEVERITY[known.severity]) > 1
    return f"{known.name} is {known.severity}, not {claim.severity}" if differ else ""


def other_change(claim: Finding, known: Finding) -> str | None:
    if not claim.change or not known.change:
        return None
    differ = COURSE[claim.change] != COURSE[known.change]
    return f"{known.name} is {known.change}, not {claim.change}" if differ else ""


RESPECTS = (other_side, other_zone, other_severity, other_change)
