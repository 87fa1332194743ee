"""The judge `llm`: a model compares the steps with the report, all steps of a chain in one request."""

from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.engines.conversations import Talk
from cxr_cli.engines.prompts.prompt import digest, packaged, question_text
from cxr_cli.engines.prompts.schemas import TEXT, chosen, each, keyed, one_of
from cxr_cli.engines.prompts.structured import Failure, Model
from cxr_cli.findings.numbered import listed, numbered
from cxr_cli.rows.signatures import signature
from cxr_cli.verifying.evidence import Opinion
from cxr_cli.verifying.verifier import Verifier

PROMPTS = {name: packaged("cxr_cli.verifying", name) for name in ("steps", "normal", "unknown")}
VERDICTS = ("supported", "contradicted", "unmentioned", "not_checkable")


class LlmStepJudge:
    """Judges with one model and the verifier's policy on what the report does not mention."""

    def __init__(self, verifier: Verifier, model: Model | None) -> None:
        assert model is not None
        self.model, self.unmentioned_rule = model, PROMPTS[verifier.unmentioned].user
        self.signature = signature(
            model.engine.signature,
            verifier.reader.lexicon.digest,
            prompts=digest(PROMPTS),
            unmentioned=verifier.unmentioned,
        )

    def judge(
        self, id: str, steps: Sequence[Mapping[str, Any]], case: Mapping[str, Any]
    ) -> Talk[list[Opinion] | Failure]:
        """One opinion for each step. id: of the request."""
        report = numbered(case["report"])

        def opinions(reply: Any) -> list[Opinion]:
            given = (reply[str(number)] for number in range(1, len(steps) + 1))
            return [Opinion(o["verdict"], o["reason"].strip(), report.spans(o["sentences"])) for o in given]

        opinion = keyed(reason=TEXT, verdict=one_of(*VERDICTS), sentences=chosen(report.numbers))
        return (
            yield from self.model.ask(
                id,
                PROMPTS["steps"],
                each(len(steps), opinion),
                opinions,
                question=question_text(case),
                report=str(report),
                steps=listed(step["text"] for step in steps),
                silence=self.unmentioned_rule,
            )
        )
