"""`cxr score --metric`: a reply's text against a reference text, by metrics of other people's packages or one's own.

In a row with a question the answer of the reply is compared with the right answer, in one without the report with the
reference report. An answer that is an option is compared by its text, not by its letter.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.answers.answer_key import answer_key, answer_texts, row_answer
from cxr_cli.answers.replies.reply_parts import compared_text
from cxr_cli.answers.reply_reader import answer_of
from cxr_cli.engines.conversations import Conversation, without_requests
from cxr_cli.scoring.metrics.radrscore import Scores
from cxr_cli.scoring.scores import ScoreSettings
from cxr_cli.scoring.text_metrics.text_metric_table import TEXT_METRICS


class TextScores:
    """The metrics of each reply that `--metric` names; None with a reason where there is no text to compare."""

    metrics = (*TEXT_METRICS,)

    def __init__(self, settings: ScoreSettings) -> None:
        self._metrics = settings.text_metrics

    def applies(self, row: Mapping[str, Any]) -> bool:
        return bool(self._metrics)

    def measure(self, row: Mapping[str, Any], texts: Sequence[str]) -> Conversation[list[Scores]]:
        reference = reference_text(row)
        answers = [compared_answer(row, text) for text in texts]
        results: list[Scores] = [({}, {}) for _ in texts]
        for name, metric in self._metrics.items():
            reasons = ["" if metric.of_reply else _why_none(reference, answer) for answer in answers]
            numbers = [number for number, reason in enumerate(reasons) if not reason]
            these = [(texts if metric.of_reply else answers)[number] for number in numbers]
            comparisons = metric.compare([reference] * len(these), these, [row] * len(these))
            values = dict(zip(numbers, comparisons, strict=True))
            for number, (scores, why) in enumerate(results):
                scores[name] = values.get(number)
                if scores[name] is None:
                    why[name] = reasons[number] or "the metric gives no number"
        return without_requests(results)


def reference_text(row: Mapping[str, Any]) -> str:
    """What a reply is compared with: the right answer to a question, else the report; "" if there is none."""
    options = answer_key(row).reference if row.get("options") else None
    answer = ", ".join(options or answer_texts(row_answer(row)))
    return answer if row.get("question") else row.get("report") or answer


def compared_answer(row: Mapping[str, Any], reply: str) -> str:
    """What is compared of a reply: the texts of the options that it chooses, else its answer as it is."""
    options = answer_of(row, reply).texts if row.get("options") else None
    return ", ".join(options) if options else compared_text(reply)


def _why_none(reference: str, text: str) -> str:
    if not reference.strip():
        return "no text to compare with"
    return "" if text else "no text in the reply"
