"""`cxr score --statements`: what is told right of what is there and of what is not, and whether the answer follows.

    sensitivity  of the findings spoken of that the report has, the share that is stated present
    specificity  of the findings spoken of that it has not, the share that is stated absent
    consistency  1 if the answer follows from the statements, else 0

The same functions as those that are logged, and paid, in `cxr rl`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.answers.answer import answer_of
from cxr_cli.findings import Reader
from cxr_cli.findings.agreement import Unmentioned
from cxr_cli.scoring.completion import Judged, truth
from cxr_cli.scoring.radrscore import NO_REPORT, Scores

METRICS = ("sensitivity", "specificity", "consistency")


class Statements:
    """Scores some replies to one case."""

    def __init__(self, reader: Reader, unmentioned: Unmentioned) -> None:
        self.reader, self.unmentioned = reader, unmentioned

    def score(self, case: Mapping[str, Any], texts: Sequence[str]) -> list[Scores]:
        """None with a reason where nothing of the kind is spoken of."""
        true = truth(case, self.reader, self.unmentioned)
        return [self._score(case, text, Judged(case, text, true, self.reader)) for text in texts]

    def _score(self, case: Mapping[str, Any], text: str, judged: Judged) -> Scores:
        sensitivity, specificity = judged.rates()
        silent = answer_of(case, text).texts is None
        consistency = None if silent else judged.consistency()
        why = {
            "sensitivity": NO_REPORT if judged.truth.known is None else "speaks of no finding that is there",
            "specificity": NO_REPORT if judged.truth.known is None else "speaks of no finding that is not there",
            "consistency": "no answer" if silent else "the answer claims no finding",
        }
        scores = dict(zip(METRICS, (sensitivity, specificity, consistency), strict=True))
        return scores, {name: why[name] for name, score in scores.items() if score is None}
