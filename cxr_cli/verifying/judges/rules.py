"""The judge `rules`: the findings of a step against those of the report, offline and deterministic."""

from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.engines.conversations import Conversation, without_requests
from cxr_cli.engines.prompts.structured import Model
from cxr_cli.findings import Finding
from cxr_cli.findings.verdict import Judgement
from cxr_cli.verifying.steps.evidence import Evidence
from cxr_cli.verifying.steps.opinion import Opinion
from cxr_cli.verifying.steps.verifier import Verifier

WORST = ("contradicted", "unmentioned", "supported")


class RulesStepJudge:
    """Judges with the verifier's lexicon and its policy on what the report does not mention."""

    asks_model = False

    def __init__(self, verifier: Verifier, model: Model | None = None) -> None:
        self.verifier, self.signature = verifier, verifier.signature

    def judge(
        self, id: str, steps: Sequence[Mapping[str, Any]], case: Mapping[str, Any]
    ) -> Conversation[list[Opinion]]:
        evidence = self.verifier.evidence(case)
        return without_requests([step_opinion(reading.claims, evidence) for reading in self.verifier.readings(steps)])


def step_opinion(claims: Sequence[Finding], evidence: Evidence) -> Opinion:
    """On a step with these claims: the worst of the verdicts on each."""
    judgements = [evidence.reference.judge(claim) for claim in claims]
    verdict, reason = worst(judgements)
    doubtful: Sequence[Finding] = ()
    if claims and verdict != "supported":
        doubtful = [claim for claim, j in zip(claims, judgements, strict=True) if j.verdict != "supported"]
    return Opinion(verdict, reason, evidence.spans(judgements), doubtful)


def worst(judgements: Sequence[Judgement]) -> tuple[str, str]:
    """The verdict on a step with these claims, and why: the worst of the verdicts on each."""
    if not judgements:
        return "not_checkable", "states no finding"
    judgement = judgements[0] if len(judgements) == 1 else min(judgements, key=lambda j: WORST.index(j.verdict))
    return judgement.verdict, judgement.reason
