"""Steps by a model, in three passes: a plan for the question, evidence for the plan, a chain that looks at the image.

The question, its options and its answer are those of the rules; the plan is made without the report. Each step names
the sentences that it rests on, which are exact spans of the report.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any, TypeVar

from cxr_cli.answers.grading import grade
from cxr_cli.answers.steps import normal_form
from cxr_cli.engines.conversations import Conversation, run_conversations
from cxr_cli.engines.prompts.json_schema import Schema, array_of, numbered_object, object_of, subset_of, text_within
from cxr_cli.engines.prompts.prompt import answer_text, packaged_prompt, prompts_digest, question_text
from cxr_cli.engines.prompts.structured import Failure, Model
from cxr_cli.errors import RowError
from cxr_cli.findings.numbered_report import NumberedReport, numbered_list, numbered_report
from cxr_cli.findings.sections import why_silent
from cxr_cli.mining.cases import Miner
from cxr_cli.records import Step, StepKind, Unmentioned, merge_reasons
from cxr_cli.rows import Row
from cxr_cli.rows.signatures import signature

T = TypeVar("T")
PROMPTS = {
    name: packaged_prompt("cxr_cli.mining", name) for name in ("plan", "evidence", "refine", "normal", "unknown")
}
MOST_ITEMS = 6  # of a plan
MOST_OBSERVATIONS = 6
_PLAN = object_of(plan=array_of(text_within(120), 1, MOST_ITEMS))
_TEXT = text_within(200)  # of a step


class StepWriter:
    """Writes the steps of cases with one model."""

    def __init__(self, model: Model, unmentioned: Unmentioned) -> None:
        self.model, self.unmentioned = model, PROMPTS[unmentioned].user

    def case(self, case: Row) -> Conversation[Row]:
        """The case with the model's steps; with None and the reason in `why` if there are none."""
        if silent := why_silent(case.get("report")):
            return _without_steps(case, f"{silent} to write them from")
        steps = yield from self.steps(case)
        if isinstance(steps, Failure):
            return _without_steps(case, steps.why)
        return case | {"steps": steps} | merge_reasons(case, ["steps"], {})

    def steps(self, case: Mapping[str, Any]) -> Conversation[list[Step] | Failure]:
        """The three passes."""
        report, id = numbered_report(case.get("report") or ""), case["id"]
        question = question_text(case)
        plan = yield from self.model.ask(
            f"{id}#plan",
            PROMPTS["plan"],
            _PLAN,
            lambda reply: _distinct(reply["plan"], str),
            question=question,
        )
        if isinstance(plan, Failure):
            return Failure(f"plan: {plan.reason}")
        evidence = yield from self.model.ask(
            f"{id}#evidence",
            PROMPTS["evidence"],
            numbered_object(len(plan), subset_of(report.numbers)),
            lambda reply: {int(item): numbers for item, numbers in reply.items()},
            question=question,
            plan=numbered_list(plan),
            report=str(report),
        )
        if isinstance(evidence, Failure):
            return Failure(f"evidence: {evidence.reason}")
        steps = yield from self.model.ask(
            f"{id}#refine",
            PROMPTS["refine"],
            _chain(sorted({number for numbers in evidence.values() for number in numbers})),
            lambda reply: _chain_steps(reply, report),
            lambda reply: _chain_fault(reply, case),
            question=question,
            answer=answer_text(case),
            notes=_plan_with_evidence(plan, evidence, report),
            silence=self.unmentioned,
        )
        return Failure(f"refine: {steps.reason}") if isinstance(steps, Failure) else steps


def made_by(model: Model, miner: Miner) -> str:
    """The signature of cases with this model's steps."""
    return signature(model.engine.signature, miner.lexicon.digest, prompts=prompts_digest(PROMPTS), **miner.settings)


def write_steps(cases: Iterable[Row], model: Model, unmentioned: Unmentioned, signed: str) -> Iterator[Row]:
    """Each case with the model's steps, as they are written, in any order. signed: its `made_by`."""
    writer = StepWriter(model, unmentioned)
    for _, case in run_conversations(model.engine, ((case, writer.case(case | {"made_by": signed})) for case in cases)):
        if isinstance(case, RowError):
            raise case
        yield case


def _without_steps(case: Row, reason: str) -> Row:
    return case | {"steps": None} | merge_reasons(case, ["steps"], {"steps": reason})


def _chain(numbers: list[int]) -> Schema:
    """A plan, observations that each rest on some of these sentences, a conclusion."""
    observation = object_of(sentences=subset_of(numbers, 1), text=_TEXT)
    return object_of(
        plan=_TEXT,
        observations=array_of(observation, min(1, len(numbers)), MOST_OBSERVATIONS if numbers else 0),
        conclusion=object_of(sentences=subset_of(numbers), text=_TEXT),
    )


def _chain_steps(reply: Any, report: NumberedReport) -> list[Step]:
    def step(part: Mapping[str, Any], kind: StepKind) -> Step:
        return {"text": part["text"].strip(), "kind": kind, "evidence": report.spans(part["sentences"])}

    plan: Step = {"text": reply["plan"].strip(), "kind": "plan", "evidence": []}
    observations = _distinct(reply["observations"], itemgetter("text"))
    return [plan, *(step(part, "observe") for part in observations), step(reply["conclusion"], "conclude")]


def _distinct(parts: Iterable[T], text_of_part: Callable[[T], str]) -> list[T]:
    """Those whose words no part before has."""
    distinct: dict[str, T] = {}
    for part in parts:
        distinct.setdefault(normal_form(text_of_part(part)), part)
    return list(distinct.values())


def _chain_fault(reply: Any, case: Mapping[str, Any]) -> str | None:
    conclusion = reply["conclusion"]["text"]
    if grade(case, conclusion)[0]["accuracy"] != 1:
        return f"the conclusion does not say that the answer is {answer_text(case)}"
    return None


def _plan_with_evidence(plan: list[str], evidence: Mapping[int, list[int]], report: NumberedReport) -> str:
    """Each item of the plan, below it the sentences that bear on it."""
    return "\n\n".join(f"{item}\n{report.lines(evidence[n]) or '(nothing)'}" for n, item in enumerate(plan, 1))
