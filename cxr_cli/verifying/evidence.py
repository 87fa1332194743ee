"""A report as evidence, and a judge's opinion of one step."""

from collections.abc import Sequence
from typing import NamedTuple

from cxr_cli.findings import Reader
from cxr_cli.findings.agreement import Judgement, ReferenceFindings
from cxr_cli.findings.sections import has_findings
from cxr_cli.records import Span, Unmentioned
from cxr_cli.verifying import faults

WORST = ("contradicted", "unmentioned", "supported")


class Evidence:
    """A report: its findings, its measurements, and the sentence behind each finding."""

    def __init__(self, report: str, reader: Reader, unmentioned: Unmentioned) -> None:
        statements = reader.statements(report)
        self.silent = not has_findings(report)
        """Has the report no text that could state findings? Nothing can be held against it then."""
        self.reference = ReferenceFindings([f for s in statements for f in s.findings], reader.lexicon, unmentioned)
        self.sizes = faults.measurements(report)
        self.mentions_prior = faults.mentions_prior(report)
        self._sentence = {f.start: (s.start, s.end) for s in statements for f in s.findings}

    def spans(self, judgements: Sequence[Judgement]) -> list[Span]:
        """The sentences of the report that decided, each once, in order."""
        found = {self._sentence[j.by.start] for j in judgements if j.by is not None}
        return [{"start": start, "end": end} for start, end in sorted(found)]


class Opinion(NamedTuple):
    """A judge's verdict on one step. evidence: the sentences of the report that decide."""

    verdict: str
    reason: str
    evidence: list[Span]


def worst(judgements: Sequence[Judgement]) -> tuple[str, str]:
    """The verdict on a step with these claims, and why: the worst of the verdicts on each."""
    if not judgements:
        return "not_checkable", "states no finding"
    judgement = judgements[0] if len(judgements) == 1 else min(judgements, key=lambda j: WORST.index(j.verdict))
    return judgement.verdict, judgement.reason
