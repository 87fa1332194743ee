"""A predicted report against a reference report: findings that are there, one by one.

    finding_precision  share of the predicted present findings that the reference has
    finding_recall     share of the reference's present findings that are predicted
    finding_f1         their harmonic mean
    finding_errors     what is wrong, added up: a missed or a false finding counts its weight in the lexicon, a wrong
                       side, size, severity or change a part of it. Lower is better, 0 is best.

Normal statements count neither for nor against; an uncertain finding counts as present. Where nothing is present in
either report, the two agree: precision, recall and F1 are 1.
"""

import math
from collections.abc import Sequence

from cxr_cli.findings import Finding, Reader
from cxr_cli.findings.agreement import COURSE, SEVERITY
from cxr_cli.findings.lexicon import Lexicon
from cxr_cli.scoring.radrscore import Scores

METRICS = ("finding_precision", "finding_recall", "finding_f1", "finding_errors")


class ReportScorer:
    """Compares reports with one lexicon."""

    def __init__(self, reader: Reader) -> None:
        self.reader, self.lexicon = reader, reader.lexicon

    def score(self, reference: str | None, predicted: str | None) -> Scores:
        """The four metrics, or None with the reason: no report, no prediction, or one that states nothing."""
        if not reference or not reference.strip():
            return dict.fromkeys(METRICS), dict.fromkeys(METRICS, "no report")
        if not predicted or not predicted.strip():
            return dict.fromkeys(METRICS), dict.fromkeys(METRICS, "no prediction")
        if not self.reader.read(predicted):
            return dict.fromkeys(METRICS), dict.fromkeys(METRICS, "no finding read in the prediction")
        truth, said = self.present(reference), self.present(predicted)
        missed = [self.penalty(t, said) for t in truth]
        false = [self.penalty(s, truth) for s in said]
        recall = 1 - sum(missed) / len(missed) if missed else (1.0 if not said else 0.0)
        precision = 1 - sum(false) / len(false) if false else (1.0 if not truth else 0.0)
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        errors = sum(p * self.weight(t) for p, t in zip(missed, truth, strict=True))
        # What is only told wrongly was counted as missed in part; a false finding is one without a counterpart.
        errors += sum(self.weight(s) for p, s in zip(false, said, strict=True) if p == 1)
        return dict(zip(METRICS, (precision, recall, f1, errors), strict=True)), {}

    def present(self, text: str) -> list[Finding]:
        """The distinct present findings; of a finding and a broader one on the same side only the narrower counts."""
        found: dict[tuple[str, str | None], Finding] = {}
        for finding in self.reader.read(text):
            entry = self.lexicon.entries[finding.name]
            if finding.status != "absent" and not entry.only_absent:
                found.setdefault((finding.name, finding.side), finding)
        kept = list(found.values())
        return [f for f in kept if not any(self.implied(f, g) for g in kept if g is not f)]

    def implied(self, finding: Finding, by: Finding) -> bool:
        """Is `finding` only a broader or a less exact word for `by`?"""
        same = finding.name == by.name and finding.side is None and by.side is not None
        broader = finding.name != by.name and finding.name in self.lexicon.broader(by.name)
        return (same or broader) and (finding.side in (None, by.side) or by.side == "bilateral")

    def weight(self, finding: Finding) -> float:
        return self.lexicon.entries[finding.name].weight

    def penalty(self, finding: Finding, others: Sequence[Finding]) -> float:
        """How badly the best counterpart among `others` misses `finding`: 0 (agrees) to 1 (there is none)."""
        return min((distance(finding, other, self.lexicon) for other in others), default=1.0)


def distance(a: Finding, b: Finding, lexicon: Lexicon) -> float:
    """0 if the two present findings say the same, 1 if they have nothing to do with each other."""
    if a.name == b.name or lexicon.near(a.name, b.name):
        cost = 0.0
    elif a.name in lexicon.broader(b.name) or b.name in lexicon.broader(a.name):
        cost = 0.5
    else:
        return 1.0
    if a.side and b.side and a.side != b.side:
        cost += 0.25 if "bilateral" in (a.side, b.side) else 0.5
    if a.severity and b.severity:
        cost += 0.15 * abs(SEVERITY[a.severity] - SEVERITY[b.severity])
    if a.size and b.size:
        cost += 0.25 * min(1.0, abs(math.log2(a.size / b.size)))
    if a.change and b.change and COURSE[a.change] != COURSE[b.change]:
        cost += 0.25
    return min(cost, 0.9)
