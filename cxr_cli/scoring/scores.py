"""The groups of metrics that `cxr score` computes, by name, in the order in which a row shows them.

A score of your own: a class like those named here in a file of its own, and a line in this table.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from cxr_cli.registry import Registry

if TYPE_CHECKING:
    from cxr_cli.engines.conversations import Conversation
    from cxr_cli.engines.prompts.structured import Model
    from cxr_cli.findings import Reader
    from cxr_cli.records import Unmentioned
    from cxr_cli.scoring.judges.judge_table import Empty, Judge
    from cxr_cli.scoring.metrics.radrscore import Scores
    from cxr_cli.scoring.text_metrics.text_metric_table import TextMetric

SCORES = Registry(
    {
        "answer": "cxr_cli.scoring.answers:AnswerScores",
        "reasoning": "cxr_cli.scoring.reasoning:ReasoningScores",
        "statements": "cxr_cli.scoring.statements:StatementScores",
        "report": "cxr_cli.scoring.report:ReportScores",
        "text": "cxr_cli.scoring.text_scores:TextScores",
        "grounding": "cxr_cli.scoring.grounding:GroundingScores",
        "vote": "cxr_cli.scoring.answers:VoteScores",
    }
)


class ScoreSettings(NamedTuple):
    """What a score may need. judges: of reasoning, by name. empty, statements, grounding: the flags of
    `cxr score`. model: of the
    judge "llm", None without it."""

    reader: "Reader"
    judges: "Mapping[str, Judge]"
    unmentioned: "Unmentioned" = "normal"
    empty: "Empty" = "null"
    statements: bool = False
    grounding: bool = False
    model: "Model | None" = None
    text_metrics: "Mapping[str, TextMetric]" = MappingProxyType({})


class Score(Protocol):
    """One group of metrics. metrics: their names, as rows, summaries and the README have them."""

    metrics: Sequence[str]

    def __init__(self, settings: ScoreSettings) -> None: ...

    def applies(self, row: Mapping[str, Any]) -> bool:
        """Does the row hold what these metrics are about?"""
        ...

    def measure(self, row: Mapping[str, Any], texts: Sequence[str]) -> "Conversation[list[Scores]]":
        """The metrics of each reply, {"length": 31.0}, with the reason of each null; a row gets their means."""
        ...
