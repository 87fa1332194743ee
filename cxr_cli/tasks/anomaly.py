"""Is this chest X-ray normal or abnormal?"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cxr_cli.findings import Finding, Reader
from cxr_cli.findings.study import StudyFindings
from cxr_cli.records import Step
from cxr_cli.rows.rng import Rng
from cxr_cli.tasks.candidates import Candidates, Question
from cxr_cli.tasks.task import Task
from cxr_cli.tasks.wording import StepWording

MOST_REASONS = 4  # an abnormal film is called so after at most so many findings
_ANOMALY_QUESTION, _ANOMALY_OPTIONS = "Is this chest X-ray normal or abnormal?", ("Normal", "Abnormal")
_NORMAL_CONCLUSIONS = (
    "No abnormality is seen, so the answer is Normal.",
    "There is no abnormality, so the answer is Normal.",
)


class Anomaly(Task):
    """Normal or Abnormal; not asked when all that is present is harmless, or uncertain."""

    name = "anomaly"

    def questions(self, candidates: Candidates) -> Iterator[Question]:
        study, harmless = candidates.study, candidates.writer.harmless
        status = study.status("abnormality")
        present = [name for name in candidates.all_present if name not in harmless]
        if status == "present" and present:
            yield Question(self.name, self.name, _ANOMALY_QUESTION, [*_ANOMALY_OPTIONS], "Abnormal", present)
        elif status == "absent" and study.names and all(study.status(name) == "absent" for name in study.names):
            yield Question(self.name, self.name, _ANOMALY_QUESTION, [*_ANOMALY_OPTIONS], "Normal", [])

    def observations(self, question: Question, study: StudyFindings, wording: StepWording, rng: Rng) -> list[Step]:
        first = question._replace(findings=question.findings[:MOST_REASONS])
        return super().observations(first, study, wording, rng)

    def conclusion(self, question: Question, study: StudyFindings, wording: StepWording, rng: Rng) -> str:
        if not question.findings:
            return rng.choice(_NORMAL_CONCLUSIONS)
        return wording.conclude_present(question.findings[:MOST_REASONS], str(question.answer), rng)

    def follows(
        self, case: Mapping[str, Any], answer: list[str], statements: Sequence[Finding], reader: Reader
    ) -> bool | None:
        """Abnormal follows from a finding that is present, Normal from findings of which none is."""
        present = any(finding.status == "present" for finding in statements)
        return bool(statements) and present == ([text.lower() for text in answer] == ["abnormal"])
