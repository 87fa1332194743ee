"""The judge `rules`: the language of findings, offline and deterministic."""

from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.engines.conversations import Conversation, without_requests
from cxr_cli.engines.prompts.structured import Model
from cxr_cli.verifying.verifier import Verifier


class RulesStepJudge:
    """Leaves the verdicts to the verifier, which reads each step anyway."""

    asks_model = False

    def __init__(self, verifier: Verifier, model: Model | None = None) -> None:
        self.signature = verifier.signature

    def judge(self, id: str, steps: Sequence[Mapping[str, Any]], case: Mapping[str, Any]) -> Conversation[None]:
        return without_requests(None)
