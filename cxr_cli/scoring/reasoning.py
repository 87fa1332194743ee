"""Scores of reasoning: RadRScore by one judge or by two."""

from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.answers.reply_format import reasoning_text
from cxr_cli.engines.conversations import Conversation
from cxr_cli.findings.sections import NO_FINDINGS, NO_REPORT
from cxr_cli.records import ENGINE
from cxr_cli.scoring.metrics.radrscore import METRICS, PARTS, Scores
from cxr_cli.scoring.scores import ScoreSettings


class ReasoningScores:
    """The parts of RadRScore of each reply to a question; those of a second judge are `llm_factuality` and so on."""

    metrics = METRICS

    def __init__(self, settings: ScoreSettings) -> None:
        self.empty = settings.empty
        first, *_ = settings.judges
        self.judges = [("" if name == first else f"{name}_", judge) for name, judge in settings.judges.items()]

    def applies(self, row: Mapping[str, Any]) -> bool:
        return bool(row.get("question"))

    def measure(self, row: Mapping[str, Any], texts: Sequence[str]) -> Conversation[list[Scores]]:
        reasonings = [reasoning_text(text) for text in texts]
        measured: list[Scores] = [({}, {}) for _ in texts]
        for prefix, judge in self.judges:
            judged = yield from judge.judge(row, reasonings)
            for (scores, why), found in zip(measured, judged, strict=True):
                parts, nulls = zero_empty_parts(*found) if self.empty == "zero" else found
                scores |= {f"{prefix}{part}": score for part, score in parts.items()}
                why |= {f"{prefix}{part}": reason for part, reason in nulls.items()}
        return measured


def zero_empty_parts(scores: dict[str, float | None], why: dict[str, str]) -> Scores:
    """The published aggregation: a part with nothing to count is 0. What is missing, or failed, stays null."""
    unknown = (NO_REPORT, NO_FINDINGS, "no reference", "no stored", "judge", ENGINE)
    kept = {metric: reason for metric, reason in why.items() if reason.startswith(unknown)}
    if len(kept) == len(PARTS):
        return scores, why
    filled = {part: (scores[part] if part in kept else scores[part] or 0.0) for part in PARTS}
    values = [value for value in filled.values() if value is not None]
    if len(values) < len(PARTS):
        return {**filled, "radrscore": None}, {**kept, "radrscore": why["radrscore"]}
    return {**filled, "radrscore": sum(values) / len(PARTS)}, kept
