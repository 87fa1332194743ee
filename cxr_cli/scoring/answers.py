"""Scores of answers: each reply's own answer, and the answer that most samples give."""

from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.answers.grading import grade
from cxr_cli.answers.reply_format import bare_answer
from cxr_cli.engines.conversations import Conversation, without_requests
from cxr_cli.scoring.radrscore import Scores
from cxr_cli.scoring.scores import ScoreSettings


class AnswerScores:
    """accuracy, answer_f1 (where several options may be right) and format of each reply to a question."""

    metrics = ("accuracy", "answer_f1", "format")

    def __init__(self, settings: ScoreSettings) -> None:
        pass

    def applies(self, row: Mapping[str, Any]) -> bool:
        return bool(row.get("question"))

    def measure(self, row: Mapping[str, Any], texts: Sequence[str]) -> Conversation[list[Scores]]:
        return without_requests([grade(row, text) for text in texts])


class VoteScores:
    """vote_accuracy: that of `vote`, the answer that most samples give."""

    metrics = ("vote_accuracy",)

    def __init__(self, settings: ScoreSettings) -> None:
        pass

    def applies(self, row: Mapping[str, Any]) -> bool:
        return bool(row.get("vote"))

    def measure(self, row: Mapping[str, Any], texts: Sequence[str]) -> Conversation[list[Scores]]:
        scores, why = grade(row, bare_answer(row, row["vote"]["answer"]))
        reasons = {"vote_accuracy": why["accuracy"]} if "accuracy" in why else {}
        return without_requests([({"vote_accuracy": scores["accuracy"]}, reasons)])
