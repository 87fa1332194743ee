"""Do two findings of one name agree? In side and, where both say it, in zone, severity and change."""

from collections.abc import Sequence

from cxr_cli.findings.finding import Finding

SEVERITY = {"minimal": 1, "mild": 2, "moderate": 3, "severe": 4}
COURSE = {"new": "worse", "worse": "worse", "stable": "stable", "better": "better", "resolved": "better"}
COURSE_WORDS = {"worsening": "worse", "stable": "stable", "improving": "better"}  # as questions and data sets name them
HEIGHT = {"upper": "high", "apical": "high", "lower": "low", "basal": "low"}


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
