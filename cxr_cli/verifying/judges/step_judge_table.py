"""The judges of steps, by name. A judge of your own: a class in a file of its own, and a line in this table."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from cxr_cli.registry import Registry

if TYPE_CHECKING:
    from cxr_cli.engines.conversations import Conversation
    from cxr_cli.engines.prompts.structured import Failure, Model
    from cxr_cli.verifying.steps.opinion import Opinion
    from cxr_cli.verifying.steps.verifier import Verifier

STEP_JUDGES = Registry(
    {
        "rules": "cxr_cli.verifying.judges.rules:RulesStepJudge",
        "llm": "cxr_cli.verifying.judges.llm:LlmStepJudge",
    }
)


class StepJudge(Protocol):
    """Judges the findings of the steps of one chain.

    asks_model: does it need the model of -m? signature: what its verdicts depend on.
    """

    asks_model: ClassVar[bool]
    signature: str

    def __init__(self, verifier: "Verifier", model: "Model | None") -> None:
        """verifier: with the lexicon and the policy on what a report does not mention. model: the model named by -m."""

    def judge(
        self, id: str, steps: Sequence[Mapping[str, Any]], case: Mapping[str, Any]
    ) -> "Conversation[list[Opinion] | Failure]":
        """One opinion for each step, a Failure if the judge gives none. id: of the request to a model."""
        ...
