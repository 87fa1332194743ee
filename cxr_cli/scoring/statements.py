"""`cxr score --statements`: are the stated findings right, and does the answer follow from them?

    sensitivity  of the findings mentioned that the report has, the share that is stated present
    specificity  of the findings mentioned that the report does not have, the share that is stated absent
    consistency  1 if the answer follows from the statements, else 0

`cxr rl` logs, and rewards, by the same functions.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.engines.conversations import Conversation, without_requests
from cxr_cli.findings.sections import why_silent
from cxr_cli.scoring.metrics.completion import CaseReference, Completion
from cxr_cli.scoring.metrics.radrscore import Scores
from cxr_cli.scoring.scores import ScoreSettings
from cxr_cli.tasks.task_table import task_of

METRICS = ("sensitivity", "specificity", "consistency")


class StatementScores:
    """The three metrics of each reply to a question; None with a reason if a reply mentions nothing of the kind."""

    metrics = METRICS

    def __init__(self, settings: ScoreSettings) -> None:
        self.reader, self.unmentioned, self.is_on = settings.reader, settings.unmentioned, settings.statements

    def applies(self, row: Mapping[str, Any]) -> bool:
        return self.is_on and bool(row.get("question")) and not task_of(row).writes_report

    def measure(self, row: Mapping[str, Any], texts: Sequence[str]) -> Conversation[list[Scores]]:
        reference = CaseReference(row, self.reader, self.unmentioned)
        return without_requests([statement_scores(Completion(row, text, reference, self.reader)) for text in texts])


def statement_scores(completion: Completion) -> Scores:
    """The metrics of one completion."""
    sensitivity, specificity = completion.sensitivity_specificity()
    no_answer = completion.answer.texts is None
    consistency = None if no_answer else completion.consistency()
    silent = why_silent(completion.case.get("report"))
    why = {
        "sensitivity": silent or "mentions no finding that is present",
        "specificity": silent or "mentions no finding that is absent",
        "consistency": "no answer" if no_answer else "the answer claims no finding",
    }
    scores = dict(zip(METRICS, (sensitivity, specificity, consistency), strict=True))
    return scores, {name: why[name] for name, score in scores.items() if score is None}
