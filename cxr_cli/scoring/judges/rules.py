"""The judge `rules`: RadRScore by the language of findings, offline and deterministic."""

from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.answers.steps import as_steps
from cxr_cli.engines.conversations import Conversation, without_requests
from cxr_cli.findings import observations
from cxr_cli.findings.agreement import ReferenceFindings
from cxr_cli.findings.sections import why_silent
from cxr_cli.rows.signatures import signature
from cxr_cli.scoring.judges import JudgeSettings
from cxr_cli.scoring.radrscore import (
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
        return without_requests([scores_of(self.parts(case, reasoning)) for reasoning in reasonings])

    def parts(self, case: Mapping[str, Any], reasoning: str) -> dict[str, float | str]:
        reader, lexicon = self.reader, self.reader.lexicon
        report = case.get("report") or ""
        steps = as_steps(case.get("steps"))
        reference = observations((step["text"] for step in steps), reader)
        predicted = observations([reasoning], reader) if reference or report.strip() else []
        parts: dict[str, float | str] = {}
        if silent := why_silent(report):
            parts["factuality"] = silent
        elif not predicted:
            parts["factuality"] = NOTHING_SAID
        else:
            truth = ReferenceFindings(reader.read(report), lexicon, self.unmentioned)
            agreed = sum(truth.judge(p).verdict == "supported" for p in predicted)
            parts["factuality"] = agreed / len(predicted)
        if not reference:
            reason = NO_REFERENCE_STEPS if not steps else NOTHING_IN_REFERENCE
            return parts | {"completeness": reason, "effectiveness": reason}
        recalled = recalled_share(predicted, reference, lexicon) if reasoning.strip() else None
        effective = effective_share(predicted, reference, lexicon)
        parts["completeness"] = NO_REASONING if recalled is None else recalled
        parts["effectiveness"] = NOTHING_SAID if effective is None else effective
        return parts
