"""A predicted report against a reference report: the findings that are present, one by one.

    finding_precision  share of the predicted present findings that the reference has
    finding_recall     share of the reference's present findings that are predicted
    finding_f1         their harmonic mean
    finding_errors     the sum of the errors: a missed or a false finding counts its weight in the lexicon, a wrong
                       side, size, severity or change a part of it. Lower is better, 0 is best.
    finding_errors_weighted   the same by clinical significance and kind of error: see `weighted_errors`

Normal statements count neither for nor against; an uncertain finding counts as present. Where nothing is present in
either report, the two agree: precision, recall and F1 are 1.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.answers.answer_key import row_answer
from cxr_cli.answers.replies.reply_parts import compared_text
from cxr_cli.engines.conversations import Conversation, without_requests
from cxr_cli.findings import Finding, Reader
from cxr_cli.findings.agreement import COURSE, SEVERITY
from cxr_cli.findings.lexicon import Lexicon
from cxr_cli.findings.sections import why_silent
from cxr_cli.scoring.metrics.f1 import f1
from cxr_cli.scoring.metrics.radrscore import Scores
from cxr_cli.scoring.metrics.weighted_errors import weighted_errors
from cxr_cli.scoring.scores import ScoreSettings
from cxr_cli.tasks.task_table import task_of

METRICS = ("finding_precision", "finding_recall", "finding_f1", "finding_errors", "finding_errors_weighted")


class ReportScores:
    """The five metrics of each reply in a row without a question, or with one for a report: it is a report."""

    metrics = METRICS

    def __init__(self, settings: ScoreSettings) -> None:
        self.comparer = ReportComparer(settings.reader)

    def applies(self, row: Mapping[str, Any]) -> bool:
        return is_report(row) and bool(row.get("question") or row.get("report") or row_answer(row) is None)

    def measure(self, row: Mapping[str, Any], texts: Sequence[str]) -> Conversation[list[Scores]]:
        return without_requests([self.comparer.compare(row.get("report"), compared_text(text)) for text in texts])


def is_report(row: Mapping[str, Any]) -> bool:
    """Is what a model replied a report: to no question, or to one for a report?"""
    return not row.get("question") or task_of(row).writes_report


class ReportComparer:
    """Compares reports with one lexicon."""

    def __init__(self, reader: Reader) -> None:
        self.reader, self.lexicon = reader, reader.lexicon

    def compare(self, reference: str | None, prediction: str | None) -> Scores:
        """The five metrics, or None with the reason: no report, no prediction, or one that states nothing."""
        reason = self._why_none(reference, prediction)
        if reason or not reference or not prediction:
            return dict.fromkeys(METRICS), dict.fromkeys(METRICS, reason)
        truth, guess = self.present(reference), self.present(prediction)
        misses = [self.penalty(finding, guess) for finding in truth]
        false = [self.penalty(finding, truth) for finding in guess]
        recall = 1 - sum(misses) / len(misses) if misses else (1.0 if not guess else 0.0)
        precision = 1 - sum(false) / len(false) if false else (1.0 if not truth else 0.0)
        errors = sum(p * self.weight(finding) for p, finding in zip(misses, truth, strict=True))
        # A finding with a wrong detail is counted as missed in part; a false one is one without a counterpart.
        errors += sum(self.weight(finding) for p, finding in zip(false, guess, strict=True) if p == 1)
        weighted = weighted_errors(truth, guess, self.lexicon)
        return dict(zip(METRICS, (precision, recall, f1(precision, recall), errors, weighted), strict=True)), {}

    def _why_none(self, reference: str | None, prediction: str | None) -> str:
        """Why the two cannot be compared; "" if they can."""
        reason = why_silent(reference) or ""
        if reason:
            return reason
        if not prediction or not prediction.strip():
            reason = "no prediction"
        elif not self.reader.read(prediction):
            reason = "no finding in the prediction"
        return reason

    def present(self, text: str) -> list[Finding]:
        """The distinct present findings; of a finding and a broader one on the same side only the narrower counts."""
        by_name_and_side: dict[tuple[str, str | None], Finding] = {}
        for finding in self.reader.read(text):
            entry = self.lexicon.entries[finding.name]
            if finding.status != "absent" and not entry.only_absent:
                by_name_and_side.setdefault((finding.name, finding.side), finding)
        findings = list(by_name_and_side.values())
        return [f for f in findings if not any(self.implied(f, g) for g in findings if g is not f)]

    def implied(self, finding: Finding, by: Finding) -> bool:
        """Is `finding` only a broader or a less exact name of `by`?"""
        same = finding.name == by.name and finding.side is None and by.side is not None
        broader = finding.name != by.name and finding.name in self.lexicon.broader(by.name)
        return (same or broader) and (finding.side in (None, by.side) or by.side == "bilateral")

    def weight(self, finding: Finding) -> float:
        return self.lexicon.entries[finding.name].weight

    def penalty(self, finding: Finding, others: Sequence[Finding]) -> float:
        """How far the best counterpart among `others` is from `finding`: 0 (it agrees) to 1 (there is none)."""
        return min((distance(finding, other, self.lexicon) for other in others), default=1.0)


def distance(a: Finding, b: Finding, lexicon: Lexicon) -> float:
    """0 if the two present findings are the same, 1 if they have nothing to do with each other."""
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
