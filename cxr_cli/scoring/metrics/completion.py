"""One completion about one case, read once for all its scores and rewards."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from cxr_cli.answers.answer_key import AnswerKey, answer_key
from cxr_cli.answers.grading import grade_answer
from cxr_cli.answers.lists import list_items
from cxr_cli.answers.parsed_answer import ParsedAnswer
from cxr_cli.answers.replies.reply_parts import parse_reply
from cxr_cli.answers.reply_reader import choose
from cxr_cli.answers.steps import as_steps, normal_form
from cxr_cli.findings import Finding, Reader, observations
from cxr_cli.findings.sections import has_findings
from cxr_cli.findings.sections.text_cache import cached_by_text
from cxr_cli.findings.verdict import ReferenceFindings
from cxr_cli.records import Unmentioned
from cxr_cli.scoring.metrics.f1 import f1
from cxr_cli.scoring.metrics.radrscore import coverage
from cxr_cli.tasks.task_table import task_of


class CaseReference:
    """What the completions about one case are compared with; its `report` may be None.

    report: its findings as evidence, None without a findings section. findings: those that a reasoning should state: of
    the reference steps; without steps, of the report about what the case asks, or all of them.
    """

    def __init__(self, case: Mapping[str, Any], reader: Reader, unmentioned: Unmentioned) -> None:
        self._case, text, steps = case, case.get("report") or "", as_steps(case.get("steps"))
        self.report, self.from_steps = _report_reference(text, reader, unmentioned), bool(steps)
        self.findings = observations([step["text"] for step in steps] or [text], reader)
        topics = [name for name in case.get("findings") or () if name in reader.lexicon.entries]
        if topics and not steps:
            names = {narrower for name in topics for narrower in reader.lexicon.narrower(name)}
            self.findings = [finding for finding in self.findings if finding.name in names]

    @cached_property
    def key(self) -> AnswerKey:
        """The right answer."""
        return answer_key(self._case)


@cached_by_text(64)
def _report_reference(report: str, reader: Reader, unmentioned: Unmentioned) -> ReferenceFindings | None:
    """Kept in a cache, since a report comes again with each of its questions."""
    return ReferenceFindings(reader.read(report), reader.lexicon, unmentioned) if has_findings(report) else None


def name_and_status(finding: Finding) -> Finding:
    """The finding without side, zone, severity and change."""
    return Finding(finding.name, finding.status)


class Recall(NamedTuple):
    """Of the absent, or the other, findings of a reference: how many are stated (a share of one that is stated in
    part), and how many there are. errors: how many absent, or other, statements are wrong."""

    hits: float
    total: int
    errors: int


class Completion:
    """A completion, its statements, and how they compare with the reference of its case."""

    def __init__(self, case: Mapping[str, Any], text: str, reference: CaseReference, reader: Reader) -> None:
        self.case, self.text, self.reference, self.reader = case, text, reference, reader
        self.parts = parse_reply(text)

    @cached_property
    def answer(self) -> ParsedAnswer:
        return choose(self.parts, self.reference.key)

    @cached_property
    def statements(self) -> list[Finding]:
        """The distinct findings that the think tag states."""
        return observations([self.parts.think or ""], self.reader)

    @cached_property
    def verdicts(self) -> list[str]:
        """The verdict of the report on each statement; [] without a report."""
        report = self.reference.report
        return [report.judge(statement).verdict for statement in self.statements] if report else []

    def correctness(self, statement: Finding) -> float:
        """1 if the report supports it, half if it supports the finding and not its side, severity or change; 0 for a
        finding that is invented or missed. Without the half, "absent", which has no side, is the safer word."""
        report = self.reference.report
        if report is None:
            return 0.0
        if report.judge(statement).verdict == "supported":
            return 1.0
        return 0.5 * (report.judge(name_and_status(statement)).verdict == "supported")

    @cached_property
    def novelty(self) -> float:
        """1 if no sentence of the reasoning is repeated, else the share of sentences that are new."""
        think = self.parts.think or ""
        sentences = [normal_form(think[s.start : s.end]) for s in self.reader.statements(think)]
        sentences = [text for text in sentences if text]
        return len(set(sentences)) / len(sentences) if sentences else 1.0

    def recall(self, *, absent: bool) -> Recall:
        """absent: of the absent findings of the reference, else of the present and possible ones."""
        reference = [f for f in self.reference.findings if (f.status == "absent") == absent]
        statements = [f for f in self.statements if (f.status == "absent") == absent]
        hits = sum(self._recall_of(finding, statements) for finding in reference)
        return Recall(hits, len(reference), sum(not self.correctness(finding) for finding in statements))

    def _recall_of(self, finding: Finding, statements: Sequence[Finding]) -> float:
        """How much of a finding the statements contain; "possible", or another place, is half of it."""
        sure = [f for f in statements if f.status == finding.status]
        bare = [name_and_status(f) for f in statements]
        lexicon = self.reader.lexicon
        in_part = coverage([name_and_status(finding)], bare, lexicon) or 0.0
        return max(coverage([finding], sure, lexicon) or 0.0, 0.5 * in_part)

    def sensitivity_specificity(self) -> tuple[float | None, float | None]:
        """Of the findings mentioned that the report has, the share that is stated present; of those that it does not
        have, the share that is stated absent. None if none is mentioned."""
        pairs = list(zip(self.statements, self.verdicts, strict=True)) if self.verdicts else []
        there = [f.status != "absent" for f, v in pairs if (f.status != "absent") == (v == "supported")]
        absences = [f.status == "absent" for f, v in pairs if (f.status == "absent") == (v == "supported")]
        return (sum(there) / len(there) if there else None), (sum(absences) / len(absences) if absences else None)

    def accuracy(self) -> float | None:
        """The answer: 1 or 0 for one right option, partial credit for several, F1 of the findings for open answers.

        No answer is 0, so that silence does not pay. None: the case has no answer to compare with.
        """
        if self.reference.key.reference is None:
            return None
        scores, _ = grade_answer(self.reference.key, self.answer)
        score = scores.get("answer_f1", scores["accuracy"])
        if not self.case.get("options") and score is not None and score < 1:
            score = max(score, self._open_f1())
        return score or 0.0

    def _open_f1(self) -> float:
        """F1 of the present findings of an open answer."""
        answer = self.case.get("answer")
        reference = self._present(answer if isinstance(answer, list) else list_items(str(answer)))
        answers = self._present(self.answer.texts or [])
        recall = coverage(reference, answers, self.reader.lexicon) or 0.0
        precision = coverage(answers, reference, self.reader.lexicon) or 0.0
        return f1(precision, recall)

    def _present(self, texts: Sequence[str]) -> list[Finding]:
        return [f for f in observations(texts, self.reader) if f.status == "present"]

    def consistency(self) -> float | None:
        """Does the answer follow from the statements? 1, 0, or None where an answer claims no finding.

        What the answer claims must be stated, and no other option may be stated to be present.
        """
        if self.answer.texts is None:
            return 0.0
        follows = task_of(self.case).follows(self.case, self.answer.texts, self.statements, self.reader)
        return None if follows is None else float(follows)
