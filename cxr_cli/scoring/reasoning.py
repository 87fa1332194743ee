"""Scores of reasoning: RadRScore by one judge or by two."""

from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.answers.replies.reply_parts import reasoning_text
from cxr_cli.engines.conversations import Conversation
from cxr_cli.findings.sections import NO_FINDINGS, NO_REPORT
from cxr_cli.records import ENGINE
from cxr_cli.scoring.metrics.radrscore import METRICS, PARTS, Scores
from cxr_cli.scoring.scores import ScoreSettings
from cxr_cli.tasks.task_table import task_of


class ReasoningScores:
    """The parts of RadRScore of each reply to a question; those of a second judge are `llm_factuality` and so on."""

    metrics = METRICS

    def __init__(self, settings: ScoreSettings) -> None:
        self.empty = settings.empty
        first, *_ = settings.judges
        self.judges = [("" if name == first else f"{name}_", judge) for name, judge in settings.judges.items()]

    def applies(self, row: Mapping[str, Any]) -> bool:
        return bool(row.get("question")) and not task_of(row).writes_report

    def measure(self, row: Mapping[str, Any], texts: Sequence[str]) -> Conversation[list[Scores]]:
        reasonings = [reasoning_text(text) for text in texts]
        scores_of_replies: list[Scores] = [({}, {}) for _ in texts]
        for prefix, judge in self.judges:
            results = yield from judge.judge(row, reasonings)
            for (scores, why), result in zip(scores_of_replies, results, strict=True):
                parts, nulls = zero_empty_parts(*result) if self.empty == "zero" else result
                scores |= {f"{prefix}{part}": score for part, score in parts.items()}
                why |= {f"{prefix}{part}": reason for part, reason in nulls.items()}
        return scores_of_replies


def zero_empty_parts(scores: dict[str, float | None], why: dict[str, str]) -> Scores:
    """The published aggregation: a part with nothing to count is 0. What is missing, or failed, stays null."""
    unknown = (NO_REPORT, NO_FINDINGS, "no reference", "no stored", "judge", ENGINE)
    unknowns = {metric: reason for metric, reason in why.items() if reason.startswith(unknown)}
    if len(unknowns) == len(PARTS):
        return scores, why
    numbers = {part: (scores[part] if part in unknowns else scores[part] or 0.0) for part in PARTS}
    values = [value for value in numbers.values() if value is not None]
    if len(values) < len(PARTS):
        return {**numbers, "radrscore": None}, {**unknowns, "radrscore": why["radrscore"]}
    return {**numbers, "radrscore": sum(values) / len(PARTS)}, unknowns
