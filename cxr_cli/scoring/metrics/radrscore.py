"""RadRScore: is the reasoning true to the report, does it cover the reference, is it to the point?

P, G and R are the observations of the prediction, the reference steps and the report (Fan et al. 2026):

    factuality     share of P that agrees with R
    completeness   share of G that P contains too
    effectiveness  share of P that G contains too
    radrscore      the mean of the three

An observation is a finding with its status and place, each counted once. Two observations match if name and status
agree and neither side nor change conflicts; a side or a zone that is not the same costs a quarter each. For
effectiveness, a denial in P is half to the point where G denies more: "no consolidation" where G has "clear lungs".
"""

from collections.abc import Mapping, Sequence

from cxr_cli.findings import Finding, Lexicon
from cxr_cli.findings.agreement import COURSE
from cxr_cli.findings.finding import same_side

PARTS = ("factuality", "completeness", "effectiveness")
METRICS = (*PARTS, "radrscore")
NO_REFERENCE_STEPS, NO_REASONING = "no reference steps", "no reasoning"
NOTHING_SAID, NOTHING_IN_REFERENCE = "no observation predicted", "no observation in the reference"
Scores = tuple[dict[str, float | None], dict[str, str]]
"""metric -> a number or None, and metric -> why it is None."""


def match(a: Finding, b: Finding, lexicon: Lexicon) -> float:
    """How well `b` matches the observation `a`: 0 to 1. A narrower finding, or one that looks the same, counts half."""
    if (a.status == "absent") != (b.status == "absent"):
        return 0.0
    if a.name == b.name:
        score = 1.0
    elif a.status != "absent" and (b.name in lexicon.narrower(a.name) or lexicon.near(a.name, b.name)):
        score = 0.5
    else:
        return 0.0
    if a.side and b.side and {a.side, b.side} == {"left", "right"}:
        return 0.0
    if a.change and b.change and COURSE[a.change] != COURSE[b.change]:
        return 0.0
    return score - 0.25 * (a.side != b.side) - 0.25 * (a.zone != b.zone) * score


def recalled_share(observations: Sequence[Finding], reference: Sequence[Finding], lexicon: Lexicon) -> float | None:
    """The share of G that P contains too: completeness; None if G is empty."""
    return coverage(reference, observations, lexicon)


def effective_share(observations: Sequence[Finding], reference: Sequence[Finding], lexicon: Lexicon) -> float | None:
    """The share of P that G contains too: effectiveness; None if P is empty."""
    return coverage(observations, reference, lexicon, implied=0.5)


def coverage(
    these: Sequence[Finding], by: Sequence[Finding], lexicon: Lexicon, *, implied: float = 0.0
) -> float | None:
    """The mean over `these` of the match with the best of `by`; None if `these` are none.

    implied: what a denial counts at least where `by` denies a broader finding on the same side.
    """
    if not these:
        return None
    by_name: dict[str, list[Finding]] = {}
    for b in by:
        by_name.setdefault(b.name, []).append(b)
    total = 0.0
    for a in these:
        best = max([match(a, b, lexicon) for b in by_name.get(a.name, ())], default=0.0)
        if best < 0.5 and a.status != "absent":  # a finding of another name counts half at most
            best = max([best, *(match(a, b, lexicon) for b in by if b.name != a.name)])
        elif best < implied and any(_denies_more(b, a, lexicon) for b in by):
            best = implied
        total += best
    return total / len(these)


def _denies_more(a: Finding, b: Finding, lexicon: Lexicon) -> bool:
    """Does the denial `a` include the denial `b`?"""
    return a.status == b.status == "absent" and a.name in lexicon.broader(b.name) and same_side(a, b)


def scores_of(parts: Mapping[str, float | str]) -> Scores:
    """The scores of the three parts and their mean. parts: each a share, or the reason why there is none."""
    scores = {part: None if isinstance(parts[part], str) else float(parts[part]) for part in PARTS}
    why = {part: reason for part in PARTS if isinstance(reason := parts[part], str)}
    if why:
        return {**scores, "radrscore": None}, {**why, "radrscore": f"no {next(iter(why))}"}
    return {**scores, "radrscore": sum(filter(None, scores.values())) / len(PARTS)}, {}
