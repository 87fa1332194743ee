"""The judges of reasoning, by name. A judge of your own: a class in a file of its own, and a line in this table."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol

from cxr_cli.registry import Registry

if TYPE_CHECKING:
    from cxr_cli.engines.conversations import Conversation
    from cxr_cli.engines.prompts.structured import Model
    from cxr_cli.findings import Reader
    from cxr_cli.records import Unmentioned
    from cxr_cli.scoring.metrics.radrscore import Scores

Empty = Literal["null", "zero"]

JUDGES = Registry(
    {
        "rules": "cxr_cli.scoring.judges.rules:RulesJudge",
        "llm": "cxr_cli.scoring.judges.llm:LlmReasoningJudge",
        "stored": "cxr_cli.scoring.judges.precomputed:PrecomputedJudge",
    }
)


class JudgeSettings(NamedTuple):
    """What a judge may need. empty: of a part with nothing to count. model: that of -m, None without one."""

    reader: "Reader"
    unmentioned: "Unmentioned" = "normal"
    empty: Empty = "null"
    model: "Model | None" = None


class Judge(Protocol):
    """Gives factuality, completeness, effectiveness and radrscore to some reasonings about one case.

    asks_model: does it need the model of -m?
    """

    asks_model: ClassVar[bool]

    def __init__(self, settings: JudgeSettings) -> None: ...

    def signature(self, **settings: object) -> str:
        """What the scores depend on. settings: more that belongs in it."""
        ...

    def judge(self, case: Mapping[str, Any], reasonings: Sequence[str]) -> "Conversation[list[Scores]]":
        """The scores of each reasoning, made with `radrscore.scores_of`."""
        ...
