"""`cxr score --findings`: reports against reference reports, finding by finding, with sides and severities.

A finding of a prediction is paired with the same finding of the reference, on the same side if there is one. Of the
pairs that state a side in both reports, `side` is the share that states the same; so is `severity`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cxr_cli.answers.replies.reply_parts import compared_text
from cxr_cli.findings import Finding, Reader
from cxr_cli.findings.sections import why_silent
from cxr_cli.scoring.metrics.f1 import f1
from cxr_cli.scoring.report import ReportComparer, is_report
from cxr_cli.scoring.scorer import reply_texts
from cxr_cli.scoring.tables.table import Document, Table

ALL_FINDINGS = "all"
FINDING_COLUMNS = ("finding", "reference", "predicted", "both", "precision", "recall", "f1", "side", "severity")


@dataclass
class FindingCount:
    """reference, predicted, both: findings in the reference reports, in the predictions, in both. sides, severities:
    pairs that state one in both reports, by whether it is the same."""

    reference: int
    predicted: int
    both: int
    sides: Counter[bool]
    severities: Counter[bool]

    def record(self, finding: str) -> dict[str, Any]:
        """By FINDING_COLUMNS; None where there is nothing to count."""
        precision, recall = _share_of(self.both, self.predicted), _share_of(self.both, self.reference)
        overall = None if precision is None or recall is None else f1(precision, recall)
        shares = [_share_of(counts[True], counts.total()) for counts in (self.sides, self.severities)]
        counts = (self.reference, self.predicted, self.both)
        return dict(zip(FINDING_COLUMNS, (finding, *counts, precision, recall, overall, *shares), strict=True))


class ReportFindings:
    """Counts the findings of reports. n: predictions compared; left_out: those that could not be, by the reason."""

    def __init__(self, reader: Reader) -> None:
        self._comparer = ReportComparer(reader)
        self._counts: dict[str, FindingCount] = {}
        self.n, self.left_out = 0, Counter[str]()

    def add(self, row: Mapping[str, Any]) -> None:
        """The predictions of a row that is a report; others are left out."""
        reference = row.get("report")
        for text in map(compared_text, reply_texts(row)):
            reason = why_silent(reference) or ("" if text else "no prediction")
            reason = reason if is_report(row) else "a question, not a report"
            if reason or not reference:
                self.left_out[reason] += 1
                continue
            self.n += 1
            self._add_pairs(self._comparer.present(reference), self._comparer.present(text))

    def document(self, signature: str) -> Document:
        """A line a finding, the most frequent first, and one for all."""
        names = sorted(self._counts, key=lambda name: (name != ALL_FINDINGS, -self._counts[name].reference, name))
        records = [self._counts[name].record(name) for name in names]
        left_out = [f"left out: {n} ({reason})" for reason, n in self.left_out.most_common()]
        table = Table(
            head=FINDING_COLUMNS,
            body=[[_finding_cell(value) for value in record.values()] for record in records],
            names=1,
            foot=[[f"{self.n} predicted reports", *left_out]],
            signatures=[f"scored_by: {signature}"],
            empty="no reports to compare",
        )
        return Document(table, FINDING_COLUMNS, records, {"findings": records, "n": self.n, "scored_by": signature})

    def _add_pairs(self, truth: Sequence[Finding], guess: Sequence[Finding]) -> None:
        partners = _partners(truth, guess)
        for number, finding in enumerate(truth):
            pair = partners.get(number)
            for count in (self._count(finding.name), self._count(ALL_FINDINGS)):
                count.reference += 1
                if pair is not None:
                    count.both += 1
                    count.sides.update([finding.side == pair.side] if finding.side and pair.side else [])
                    severities = (finding.severity, pair.severity)
                    count.severities.update([severities[0] == severities[1]] if all(severities) else [])
        for finding in guess:
            for count in (self._count(finding.name), self._count(ALL_FINDINGS)):
                count.predicted += 1

    def _count(self, name: str) -> FindingCount:
        return self._counts.setdefault(name, FindingCount(0, 0, 0, Counter(), Counter()))


def _partners(truth: Sequence[Finding], guess: Sequence[Finding]) -> dict[int, Finding]:
    """Number of a finding of the reference -> that of the prediction; those on the same side are paired first."""
    partners: dict[int, Finding] = {}
    free = [*guess]
    for same_side in (True, False):
        for number, finding in enumerate(truth):
            others = (other for other in free if other.name == finding.name)
            pair = next((other for other in others if not same_side or other.side == finding.side), None)
            if number not in partners and pair is not None:
                partners[number] = pair
                free.remove(pair)
    return partners


def _share_of(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _finding_cell(value: Any) -> str:
    return "-" if value is None else f"{value:.3f}" if isinstance(value, float) else str(value)
