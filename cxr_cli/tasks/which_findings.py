"""Which findings are in this chest X-ray? What the tasks share whose answers are names of findings."""

from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.findings import Finding, Reader, observations
from cxr_cli.findings.study import StudyFindings
from cxr_cli.rows.rng import Rng
from cxr_cli.tasks.candidates import Question
from cxr_cli.tasks.task import Task, texts_of
from cxr_cli.tasks.wording import StepWording

WHICH_ONE, WHICH_ALL = "Which finding is in this chest X-ray?", "Which findings are in this chest X-ray?"


class WhichFindings(Task):
    """A task whose answers name findings: some of its options or, without options, all that are present."""

    def plan(self, question: Question, wording: StepWording, rng: Rng) -> str:
        return wording.tour(question.findings, rng)

    def conclusion(self, question: Question, study: StudyFindings, wording: StepWording, rng: Rng) -> str:
        answer = texts_of(question.answer)
        right = [name for name in question.findings if wording.phrasing.option(name) in answer]
        return wording.conclude_present(right, ", ".join(answer), rng)

    def claims_of_texts(self, texts: Sequence[str], reader: Reader) -> list[Finding]:
        return [finding for text in texts for finding in reader.read(text)]

    def rivals(self, case: Mapping[str, Any], answer: Sequence[str], reader: Reader) -> list[Finding]:
        """What the options name that are not chosen."""
        others = [option for option in case.get("options") or () if option not in answer]
        return [finding for finding in observations(others, reader) if finding.status == "present"]
