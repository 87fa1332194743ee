"""Write the report of this chest X-ray. The answer is the study's report."""

from collections.abc import Iterator, Mapping
from typing import Any

from cxr_cli.findings.study import StudyFindings
from cxr_cli.rows.rng import Rng
from cxr_cli.tasks.candidates import Candidates, Question
from cxr_cli.tasks.task import Task
from cxr_cli.tasks.wording import StepWording

WRITE_REPORT = "Write the report of this chest X-ray: its findings and its impression."


class ReportWriting(Task):
    """One question of each study with a report in which findings can be read; `cxr mine` asks it only on demand.

    What a model writes is compared with the report by its findings, as the prediction of a row without a question.
    """

    name = "report"
    writes_report, on_demand = True, True

    def questions(self, candidates: Candidates) -> Iterator[Question]:
        study = candidates.study
        if study.report and not study.silent:
            yield Question(self.name, self.name, WRITE_REPORT, [], study.report, list(candidates.present))

    def conclusion(self, question: Question, study: StudyFindings, wording: StepWording, rng: Rng) -> str:
        return ""  # a report is its own conclusion


def asked_for_report(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as a case of this task. One that has a question of its own stays as it is."""
    return dict(row) if row.get("question") else {**row, "task": "report", "question": WRITE_REPORT, "options": []}
