"""RadRScore by a model, as in the paper: key findings are extracted from the reasoning and from the reference, then

    factuality     correct / stated       key findings of the reasoning that are correct by the report
    completeness   recalled / reference   key findings of the reference that the reasoning states too
    effectiveness  effective / all        steps of the reasoning that help to answer the question

Each verdict is on one finding or step by its number, so that no count exceeds what it is a share of.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cxr_cli.answers.steps import as_steps
from cxr_cli.engines.conversations import Conversation
from cxr_cli.engines.prompts.json_schema import BOOLEAN, array_of, enum_of, numbered_object, object_of, text_within
from cxr_cli.engines.prompts.prompt import answer_text, packaged_prompt, prompts_digest, question_text
from cxr_cli.engines.prompts.structured import Failure, together
from cxr_cli.findings.numbered_report import numbered_list, numbered_report
from cxr_cli.findings.sections import why_silent
from cxr_cli.rows.signatures import signature
from cxr_cli.scoring.judges.judge_table import JudgeSettings
from cxr_cli.scoring.judges.llm_answer import SAME
from cxr_cli.scoring.metrics.radrscore import (
    NO_REASONING,
    NO_REFERENCE_STEPS,
    NOTHING_IN_REFERENCE,
    NOTHING_SAID,
    PARTS,
    Scores,
    scores_of,
)

PROMPT_NAMES = ("findings", "correct", "recalled", "effective", "normal", "unknown")
PROMPTS = {**{name: packaged_prompt(Path(__file__).parent, name) for name in PROMPT_NAMES}, "same": SAME}
_MOST_FINDINGS, _MOST_OF_A_STEP = 40, 4
_FINDING = object_of(finding=text_within(80), status=enum_of("present", "absent", "uncertain"))
Part = float | str  # a share, or why there is none


class _CaseText(NamedTuple):
    """The texts of a case in the prompts. silent: why the report states nothing. steps: of the reference."""

    id: str
    question: str
    answer: str
    report: str
    silent: str | None
    steps: list[str]


class LlmReasoningJudge:
    """Judges with one model and one policy on what the report does not mention."""

    asks_model = True

    def __init__(self, settings: JudgeSettings) -> None:
        assert settings.model is not None
        self.model, self.lexicon, self.unmentioned = settings.model, settings.reader.lexicon, settings.unmentioned
        self.unmentioned_rule = PROMPTS[settings.unmentioned].user

    def signature(self, **settings: object) -> str:
        by = {"prompts": prompts_digest(PROMPTS), "unmentioned": self.unmentioned}
        return signature(self.model.engine.signature, self.lexicon.digest, **by, **settings)

    def judge(self, case: Mapping[str, Any], reasonings: Sequence[str]) -> Conversation[list[Scores]]:
        """The parts and the score of each reasoning. The model gets no request about an empty one."""
        report, steps = case.get("report") or "", _texts(case.get("steps"))
        lines, silent = str(numbered_report(report)), why_silent(report)
        texts = _CaseText(case["id"], question_text(case), answer_text(case), lines, silent, steps)
        chains = [_texts(reasoning) for reasoning in reasonings]
        chains_by_name = [(f"judge{n}", chain) for n, chain in enumerate(chains)]
        extra = [("reference", steps)] if steps and any(chains) else []
        lists = yield from together([self._findings(texts, name, chain) for name, chain in [*chains_by_name, *extra]])
        observations, reference = lists[: len(chains)], lists[-1] if extra else []
        parts = yield from together(
            [
                self._parts(texts, name, chain, findings, reference)
                for (name, chain), findings in zip(chains_by_name, observations, strict=True)
            ]
        )
        return [scores_of(part) for part in parts]

    def _findings(self, case: _CaseText, name: str, steps: list[str]) -> Conversation[list[str] | Failure]:
        """The key findings of some steps, as "left effusion: present", each once."""
        if not steps:
            return []
        return (
            yield from self.model.ask(
                f"{case.id}#{name}/findings",
                PROMPTS["findings"],
                object_of(findings=array_of(_FINDING, 0, min(_MOST_FINDINGS, _MOST_OF_A_STEP * len(steps)))),
                _finding_texts,
                question=case.question,
                steps=numbered_list(steps),
            )
        )

    def _parts(
        self,
        case: _CaseText,
        name: str,
        steps: list[str],
        findings: list[str] | Failure,
        reference: list[str] | Failure,
    ) -> Conversation[dict[str, Part]]:
        """The three parts of one reasoning. findings, reference: its key findings, and those of the reference."""
        if isinstance(findings, Failure):
            return dict.fromkeys(PARTS, findings.why)
        shares = yield from together(
            [
                self._correct(case, name, findings),
                self._recall(case, name, steps, findings, reference),
                self._effective(case, name, steps, findings),
            ]
        )
        return dict(zip(PARTS, shares, strict=True))

    def _correct(self, case: _CaseText, name: str, findings: list[str]) -> Conversation[Part]:
        if case.silent:
            return case.silent
        if not findings:
            return NOTHING_SAID
        values = {"report": case.report, "findings": numbered_list(findings), "silence": self.unmentioned_rule}
        return (yield from self._share(case, name, "correct", len(findings), values))

    def _recall(
        self, case: _CaseText, name: str, steps: list[str], findings: list[str], reference: list[str] | Failure
    ) -> Conversation[Part]:
        if not case.steps:
            return NO_REFERENCE_STEPS
        if not steps:
            return NO_REASONING
        if isinstance(reference, Failure):
            return reference.why
        if not reference:
            return NOTHING_IN_REFERENCE
        if not findings:
            return 0.0
        values = {"question": case.question, "findings": numbered_list(reference), "steps": numbered_list(steps)}
        return (yield from self._share(case, name, "recalled", len(reference), values))

    def _effective(self, case: _CaseText, name: str, steps: list[str], findings: list[str]) -> Conversation[Part]:
        if not case.steps:
            return NO_REFERENCE_STEPS
        if not findings:
            return NOTHING_SAID
        values = {
            "question": case.question,
            "answer": case.answer,
            "reference": numbered_list(case.steps),
            "steps": numbered_list(steps),
        }
        return (yield from self._share(case, name, "effective", len(steps), values))

    def _share(
        self, case: _CaseText, name: str, what: str, count: int, values: Mapping[str, str]
    ) -> Conversation[Part]:
        """The share of `count` findings or steps that the model calls true."""
        true = yield from self.model.ask(
            f"{case.id}#{name}/{what}",
            PROMPTS[what],
            numbered_object(count, BOOLEAN),
            lambda reply: sum(reply.values()),
            **values,
        )
        return true.why if isinstance(true, Failure) else true / count


def _finding_texts(reply: Any) -> list[str]:
    return list(dict.fromkeys(f"{f['finding'].strip()}: {f['status']}" for f in reply["findings"]))


def _texts(steps: Any) -> list[str]:
    return [step["text"] for step in as_steps(steps)]
