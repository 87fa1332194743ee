"""A report as a numbered list of sentences, so that a model can say which of them it means."""

from collections.abc import Iterable

from cxr_cli.findings.sections import WITHOUT_FINDINGS, plain_text
from cxr_cli.findings.sections.text_cache import cached_by_text
from cxr_cli.findings.sentences import sentences
from cxr_cli.records import Span


class NumberedReport:
    """The sentences of a report that can state findings, numbered from 1: no history, technique or advice.

    str(NumberedReport("FINDINGS: Small effusion.\\nNo edema."))  ->  "1. Small effusion.\\n2. No edema."
    """

    def __init__(self, report: str) -> None:
        text = plain_text(report)
        spans = [(s.start, s.end) for s in sentences(text) if s.section not in WITHOUT_FINDINGS]
        self._spans = [Span(start=start, end=end) for start, end in spans]
        self._lines = [f"{n}. {' '.join(text[start:end].split())}" for n, (start, end) in enumerate(spans, 1)]

    @property
    def numbers(self) -> range:
        """1 .. the number of sentences."""
        return range(1, len(self._spans) + 1)

    def __str__(self) -> str:
        return self.lines(self.numbers) or "(none)"

    def lines(self, numbers: Iterable[int]) -> str:
        """These sentences, one a line, in the report's order."""
        return "\n".join([self._lines[n - 1] for n in sorted(set(numbers))])

    def spans(self, numbers: Iterable[int]) -> list[Span]:
        """Where these sentences stand in the report, each once, in its order."""
        return [self._spans[n - 1] for n in sorted(set(numbers))]


@cached_by_text(256)
def numbered_report(report: str) -> NumberedReport:
    """The same for a report that comes again, as it does with each of its questions."""
    return NumberedReport(report)


def numbered_list(texts: Iterable[str]) -> str:
    """Texts as a numbered list."""
    return "\n".join(f"{n}. {' '.join(text.split())}" for n, text in enumerate(texts, 1))
