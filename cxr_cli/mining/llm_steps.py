"""Steps by a model, in three passes: a plan for the question, evidence for the plan, a chain that looks at the image.

The question, its options and its answer are those of the rules; the plan is made without the report. Each step names
the sentences that it rests on, which are exact spans of the report.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

from cxr_cli.answers.grading import grade
from cxr_cli.answers.steps import normal_form, split_text
from cxr_cli.answers.wording.cues import NAMES_ANSWER
from cxr_cli.engines.conversations import Conversation, run_conversations
from cxr_cli.engines.prompts.json_schema import (
    Schema,
    array_of,
    numbered_object,
    object_of,
    subset_of,
    text_within,
)
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
    name: packaged_prompt(Path(__file__).parent, name) for name in ("plan", "evidence", "refine", "normal", "unknown")
}
MOST_ITEMS = 5  # of a plan: one for each option, or for each organ
_PLAN = object_of(plan=array_of(object_of(place=text_within(80), signs=text_within(80)), 1, MOST_ITEMS))
_MOST_SENTENCES = 3  # that bear on one item, or that one observation rests on
_STEP_LENGTH = 160  # of a step
_TEXT = text_within(_STEP_LENGTH)
_LAST_WORD = 12  # characters: a text that ends within them of its limit, and without a full stop, was cut off


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
            _plan_sentences,
            question=question,
        )
        if isinstance(plan, Failure):
            return Failure(f"plan: {plan.reason}")
        evidence = yield from self.model.ask(
            f"{id}#evidence",
            PROMPTS["evidence"],
            numbered_object(len(plan), subset_of(report.numbers, most=_MOST_SENTENCES)),
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
            lambda reply: _chain_steps(reply, plan, case, report),
            lambda reply: _chain_fault(reply, plan, case),
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
    """Observations that each rest on some of these sentences, and the reason for the answer."""
    observation = object_of(sentences=subset_of(numbers, 1, _MOST_SENTENCES), text=_TEXT)
    most = min(MOST_ITEMS, len(numbers) + 1) if numbers else 0
    return object_of(observations=array_of(observation, min(1, most), most), reason=_TEXT)


def _plan_sentences(reply: Any) -> list[str]:
    """["I look at the pleura for fluid.", ..]"""
    items = ((item["place"].strip(" ."), item["signs"].strip(" .")) for item in reply["plan"])
    return _distinct([f"I look at {place} for {signs}." for place, signs in items], str)


def _chain_steps(reply: Any, plan: list[str], case: Mapping[str, Any], report: NumberedReport) -> list[Step]:
    def step(text: str, kind: StepKind, sentences: Iterable[int] = ()) -> Step:
        return {"text": text, "kind": kind, "evidence": report.spans(sentences)}

    return [
        step(" ".join(plan), "plan"),
        *(step(text, "observe", sentences) for text, sentences in _whole_observations(reply, plan)),
        step(_conclusion(reply["reason"], case), "conclude"),
    ]


def _whole_observations(reply: Any, plan: list[str]) -> list[tuple[str, list[int]]]:
    """The text of each and its sentences, without those that were cut off, come again or only repeat the plan."""
    texts = ((_whole_sentences(part["text"]), part["sentences"]) for part in reply["observations"])
    planned: list[tuple[str, list[int]]] = [(sentence, []) for sentence in plan]
    return _distinct(planned + [(text, sentences) for text, sentences in texts if text], itemgetter(0))[len(plan) :]


def _whole_sentences(text: str) -> str:
    """The sentences of a step, each once, without the last one if it goes on: as one does that was cut off."""
    parts, end = split_text(text), text.rstrip()[-1:]
    if end in ",;:" or (len(text) > _STEP_LENGTH - _LAST_WORD and end not in ".!?"):
        parts = parts[:-1]
    return " ".join(_distinct(parts, str))


def _conclusion(reason: str, case: Mapping[str, Any]) -> str:
    """The reason and the answer in one sentence, unless the reason names an answer itself."""
    reason = _whole_sentences(reason)
    if any(NAMES_ANSWER.finditer(reason.lower())):
        return reason
    return f"{reason.rstrip('.,; ')}, so the answer is {answer_text(case)}."


def _distinct(parts: Iterable[T], text_of_part: Callable[[T], str]) -> list[T]:
    """Those whose words no part before has."""
    distinct: dict[str, T] = {}
    for part in parts:
        distinct.setdefault(normal_form(text_of_part(part)), part)
    return list(distinct.values())


def _chain_fault(reply: Any, plan: list[str], case: Mapping[str, Any]) -> str | None:
    """Each part must hold a whole sentence, and the reason must not be one for another answer than that of the case."""
    whole = {
        "observations": _whole_observations(reply, plan) or not reply["observations"],
        "reason": _whole_sentences(reply["reason"]),
    }
    if empty := next((name for name, part in whole.items() if not part), None):
        return f"`{empty}`: no sentence of its own that ends within {_STEP_LENGTH} characters"
    of_reason, of_conclusion = (
        grade(case, text)[0]["accuracy"] for text in (reply["reason"], _conclusion(reply["reason"], case))
    )
    if of_conclusion != 1 or (of_reason == 0 and not isinstance(case["answer"], list)):
        return f"`reason`: it is not for the answer {answer_text(case)}"
    return None


def _plan_with_evidence(plan: list[str], evidence: Mapping[int, list[int]], report: NumberedReport) -> str:
    """Each item of the plan, below it the sentences that bear on it."""
    return "\n\n".join(f"{item}\n{report.lines(evidence[n]) or '(nothing)'}" for n, item in enumerate(plan, 1))
