"""The judge `stored`: the counts of another judge, which came with the rows as `judged`.

{"judged": {"stated": 5, "correct": 4, "reference": 8, "recalled": 3, "effective": 2, "ineffective": 1}}

    factuality     correct / stated
    completeness   recalled / reference
    effectiveness  effective / (effective + ineffective)
"""

from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.engines.conversations import Conversation, without_requests
from cxr_cli.rows.signatures import sign
from cxr_cli.scoring.judges.judge_table import JudgeSettings
from cxr_cli.scoring.metrics.radrscore import NO_REASONING, NOTHING_IN_REFERENCE, NOTHING_SAID, PARTS, Scores, scores_of

NOT_STORED, UNREADABLE, IMPOSSIBLE = "no stored judgement", "judge: unparsable", "judge: impossible counts"
NOTHING = {
    "factuality": NOTHING_SAID,
    "completeness": NOTHING_IN_REFERENCE,
    "effectiveness": "no step judged",
}
"""Why a part has no denominator."""


def counted_shares(judged: Mapping[str, Any] | None) -> dict[str, float | str]:
    """Each part by the counts in the row, whatever they are, or the reason why there is none."""
    if not judged or "reference" not in judged:
        return dict.fromkeys(PARTS, NOT_STORED)
    shares: dict[str, float | str] = {}
    for part, (count, total) in _counts_of_parts(judged).items():
        if count is None or total is None:
            shares[part] = UNREADABLE
        else:
            shares[part] = count / total if total else NOTHING[part]
    return shares


def possible_shares(judged: Mapping[str, Any] | None, reasoning: str) -> dict[str, float | str]:
    """The same, but for what is impossible: a judgement of no reasoning, or a share above 1."""
    shares = counted_shares(judged)
    if not reasoning.strip():
        return {part: share if share == NOT_STORED else NO_REASONING for part, share in shares.items()}
    return {part: IMPOSSIBLE if not isinstance(share, str) and share > 1 else share for part, share in shares.items()}


def _counts_of_parts(judged: Mapping[str, Any]) -> dict[str, tuple[int | None, int | None]]:
    effective, ineffective = judged.get("effective"), judged.get("ineffective")
    steps = None if effective is None or ineffective is None else effective + ineffective
    return {
        "factuality": (judged.get("correct"), judged.get("stated")),
        "completeness": (judged.get("recalled"), judged.get("reference")),
        "effectiveness": (effective, steps),
    }


class PrecomputedJudge:
    """The judge `stored`. With `--empty zero` it takes the counts as they are, else as `possible_shares` does."""

    asks_model = False

    def __init__(self, settings: JudgeSettings) -> None:
        self.as_published = settings.empty == "zero"

    def signature(self, **settings: object) -> str:
        return sign(engine="stored", **settings)

    def judge(self, case: Mapping[str, Any], reasonings: Sequence[str]) -> Conversation[list[Scores]]:
        """The same scores for each reasoning, since a row has one judgement."""
        judged = case.get("judged")
        parts = [counted_shares(judged) if self.as_published else possible_shares(judged, text) for text in reasonings]
        return without_requests([*map(scores_of, parts)])
