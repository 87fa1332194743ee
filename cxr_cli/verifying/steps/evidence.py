"""A report as evidence."""

from collections.abc import Sequence

from cxr_cli.findings import Reader
from cxr_cli.findings.sections import has_findings
from cxr_cli.findings.verdict import Judgement, ReferenceFindings
from cxr_cli.records import Span, Unmentioned
from cxr_cli.verifying.steps import step_words


class Evidence:
    """A report: its findings, its measurements, and the sentence behind each finding."""

    def __init__(self, report: str, reader: Reader, unmentioned: Unmentioned) -> None:
        statements = reader.statements(report)
        self.silent = not has_findings(report)
        """Has the report no text that could state findings? Nothing can be held against it then."""
        self.reference = ReferenceFindings([f for s in statements for f in s.findings], reader.lexicon, unmentioned)
        self.sizes = step_words.measurements(report)
        self.mentions_prior = step_words.mentions_prior(report)
        self._sentence = {f.start: (s.start, s.end) for s in statements for f in s.findings}

    def spans(self, judgements: Sequence[Judgement]) -> list[Span]:
        """The sentences of the report that decided, each once, in order."""
        places = {self._sentence[j.by.start] for j in judgements if j.by is not None}
        return [{"start": start, "end": end} for start, end in sorted(places)] if places else []
