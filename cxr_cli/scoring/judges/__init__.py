"""The judges of reasoning, by name."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Protocol

from cxr_cli.engines.conversations import Conversation
from cxr_cli.findings import Reader
from cxr_cli.findings.agreement import Unmentioned
from cxr_cli.scoring.judges.precomputed import StoredJudge
from cxr_cli.scoring.radrscore import RulesJudge, Scores

if TYPE_CHECKING:
    from cxr_cli.engines.prompts.structured import Model

Empty = Literal["null", "zero"]


class Judge(Protocol):
    """Gives factuality, completeness, effectiveness and radrscore to some reasonings about one case."""

    def signature(self, **settings: object) -> str: ...
    def score(self, case: Mapping[str, Any], reasonings: Sequence[str]) -> Conversation[list[Scores]]: ...


def judge_of(
    name: str, reader: Reader, unmentioned: Unmentioned, empty: Empty = "null", model: "Model | None" = None
) -> Judge:
    """The judge called "rules", "stored" or "llm"; that one asks the model."""
    if name == "rules":
        return RulesJudge(reader, unmentioned)
    if name == "stored":
        return StoredJudge(as_published=empty == "zero")
    assert model is not None
    llm = import_module("cxr_cli.scoring.judges.llm")
    judge: Judge = llm.LlmJudge(model, reader.lexicon, unmentioned)
    return judge
