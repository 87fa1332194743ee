"""The judge `rules`: RadRScore by the language of findings, offline and deterministic."""

from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.engines.conversations import Conversation, without_requests
from cxr_cli.findings import observations
from cxr_cli.findings.sections import why_silent
from cxr_cli.rows.signatures import signature
from cxr_cli.scoring.judges.judge_table import JudgeSettings
from cxr_cli.scoring.metrics.completion import CaseReference
from cxr_cli.scoring.metrics.radrscore import (
    NO_REASONING,
    NO_REFERENCE_STEPS,
    NOTHING_IN_REFERENCE,
    NOTHING_SAID,
    Scores,
    effective_share,
    recalled_share,
    scores_of,
)


class RulesJudge:
    """Judges with one lexicon and one policy on what the report does not mention."""

    asks_model = False

    def __init__(self, settings: JudgeSettings) -> None:
        self.reader, self.unmentioned = settings.reader, settings.unmentioned

    def signature(self, **settings: object) -> str:
        return signature("rules", self.reader.lexicon.digest, unmentioned=self.unmentioned, **settings)

    def judge(self, case: Mapping[str, Any], reasonings: Sequence[str]) -> Conversation[list[Scores]]:
        """The parts and the score of each reasoning; None with a reason where there is nothing to count."""
        reference = CaseReference(case, self.reader, self.unmentioned)
        silent = why_silent(case.get("report")) if reference.report is None else None
        return without_requests([scores_of(self.parts(reference, silent, reasoning)) for reasoning in reasonings])

    def parts(self, reference: CaseReference, silent: str | None, reasoning: str) -> dict[str, float | str]:
        """silent: why the report states nothing, None if it does."""
        comparable = reference.report is not None or (reference.from_steps and reference.findings)
        claims = observations([reasoning], self.reader) if comparable else []
        factuality: float | str = silent or NOTHING_SAID
        if claims and reference.report is not None:
            true = sum(reference.report.judge(p).verdict == "supported" for p in claims)
            factuality = true / len(claims)
        if not reference.from_steps or not reference.findings:
            reason = NOTHING_IN_REFERENCE if reference.from_steps else NO_REFERENCE_STEPS
            return {"factuality": factuality, "completeness": reason, "effectiveness": reason}
        lexicon = self.reader.lexicon
        recall = recalled_share(claims, reference.findings, lexicon) if reasoning.strip() else None
        effective = effective_share(claims, reference.findings, lexicon)
        return {
            "factuality": factuality,
            "completeness": NO_REASONING if recall is None else recall,
            "effectiveness": NOTHING_SAID if effective is None else effective,
        }
