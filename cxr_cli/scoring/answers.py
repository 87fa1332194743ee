"""Scores of answers: each reply's own answer, and the answer that most samples give."""

from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.answers.answer_key import answer_key, row_answer
from cxr_cli.answers.grading import grade, grade_reply
from cxr_cli.answers.replies.reply_format import bare_answer
from cxr_cli.engines.conversations import Conversation, without_requests
from cxr_cli.engines.prompts.structured import together
from cxr_cli.scoring.metrics.radrscore import Scores
from cxr_cli.scoring.scores import ScoreSettings
from cxr_cli.tasks.task_table import task_of


class AnswerScores:
    """accuracy, answer_f1 and answer_jaccard (where several may be right) and format of each reply.

    It applies to a question, and to a row that gives the right answer alone, as tables of predictions do. With the
    judge "llm" the model says whether an open answer is right that the rules cannot compare.
    """

    metrics = ("accuracy", "answer_f1", "answer_jaccard", "format")

    def __init__(self, settings: ScoreSettings) -> None:
        self.model = settings.model

    def applies(self, row: Mapping[str, Any]) -> bool:
        if row.get("question"):
            return not task_of(row).writes_report
        return row_answer(row) is not None and not row.get("report")

    def measure(self, row: Mapping[str, Any], texts: Sequence[str]) -> Conversation[list[Scores]]:
        replies = row.get("predictions") or [{}] * len(texts)
        key = answer_key(row)
        grades_of_replies = [
            grade_reply(key, text, reply.get("finish")) for text, reply in zip(texts, replies, strict=True)
        ]
        if self.model is None:
            return without_requests(grades_of_replies)
        from cxr_cli.scoring.judges.llm_answer import judged_answer  # its prompts are read when it is loaded

        return together(
            [
                judged_answer(self.model, row, number, text, grades)
                for number, (text, grades) in enumerate(zip(texts, grades_of_replies, strict=True))
            ]
        )


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
