"""The judge `llm`: a model compares the steps with the report, all steps of a chain in one request."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cxr_cli.engines.conversations import Conversation
from cxr_cli.engines.prompts.json_schema import enum_of, numbered_object, object_of, subset_of, text_within
from cxr_cli.engines.prompts.prompt import packaged_prompt, prompts_digest, question_text
from cxr_cli.engines.prompts.structured import Failure, Model
from cxr_cli.findings.numbered_report import numbered_list, numbered_report
from cxr_cli.rows.signatures import signature
from cxr_cli.verifying.steps.opinion import Opinion
from cxr_cli.verifying.steps.verifier import Verifier

PROMPTS = {name: packaged_prompt(Path(__file__).parent, name) for name in ("steps", "normal", "unknown")}
_REASON = text_within(80)
_MOST_OF_REPORT = 3  # that decide one step
VERDICTS = ("supported", "contradicted", "unmentioned", "not_checkable")


class LlmStepJudge:
    """Judges with one model and the verifier's policy on what the report does not mention."""

    asks_model = True

    def __init__(self, verifier: Verifier, model: Model | None) -> None:
        assert model is not None
        self.model, self.unmentioned_rule = model, PROMPTS[verifier.unmentioned].user
        self.signature = signature(
            model.engine.signature,
            verifier.reader.lexicon.digest,
            prompts=prompts_digest(PROMPTS),
            unmentioned=verifier.unmentioned,
        )

    def judge(
        self, id: str, steps: Sequence[Mapping[str, Any]], case: Mapping[str, Any]
    ) -> Conversation[list[Opinion] | Failure]:
        """One opinion for each step. id: of the request."""
        report = numbered_report(case["report"])

        def opinions(reply: Any) -> list[Opinion]:
            judgements = (reply[str(number)] for number in range(1, len(steps) + 1))
            return [Opinion(o["verdict"], o["reason"].strip(), report.spans(o["sentences"])) for o in judgements]

        sentences = subset_of(report.numbers, most=_MOST_OF_REPORT)  # first, so that the model looks before it judges
        opinion = object_of(sentences=sentences, reason=_REASON, verdict=enum_of(*VERDICTS))
        return (
            yield from self.model.ask(
                id,
                PROMPTS["steps"],
                numbered_object(len(steps), opinion),
                opinions,
                _groundless_contradiction,
                question=question_text(case),
                report=str(report),
                steps=numbered_list(step["text"] for step in steps),
                silence=self.unmentioned_rule,
            )
        )


def _groundless_contradiction(reply: Mapping[str, Any]) -> str | None:
    for number, judgement in reply.items():
        if judgement["verdict"] == "contradicted" and not judgement["sentences"]:
            return f"`{number}`: contradicted, but by no sentence"
    return None
