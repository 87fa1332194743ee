"""The faults of one step, checked in this order, and what a chain of steps remembers for the next one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cxr_cli.answers.wording.cleaning import plain
from cxr_cli.findings import Finding
from cxr_cli.findings.verdict import ReferenceFindings
from cxr_cli.tasks.task_table import task_of
from cxr_cli.verifying.steps.evidence import Evidence
from cxr_cli.verifying.steps.opinion import Opinion
from cxr_cli.verifying.steps.step_words import StepWords


class StepReading(NamedTuple):
    """What a step says, whatever the report says. topic: the findings that it asks about without stating them."""

    claims: list[Finding]
    topic: tuple[Finding, ...]
    words: StepWords


@dataclass(slots=True)
class Chain:
    """A chain of `length` steps, as far as it is checked."""

    case: Mapping[str, Any]
    evidence: Evidence
    length: int
    first_use: dict[str, int] = field(default_factory=dict)
    """The words of a step -> the number of the first step with these words."""
    supported: list[Finding] = field(default_factory=list)
    """What supported steps have stated."""
    observed: bool = False
    """Has a step observed anything that may be so?"""

    def add(self, step: "StepCheck") -> None:
        """Remembers a checked step."""
        self.observed |= not step.plan and step.fault is None and step.verdict in ("supported", "not_checkable")
        if step.verdict == "supported":
            self.supported += step.reading.claims


class StepCheck:
    """One step under check: what it says, and the result so far, at first the judge's opinion of what it says of
    findings.

    plan: does it say where to look, and state nothing? doubtful: the claims that the report does not support.
    """

    __slots__ = ("doubtful", "evidence", "fault", "number", "plan", "reading", "reason", "step", "verdict")
    fault: str | None

    def __init__(self, number: int, step: Mapping[str, Any], reading: StepReading, opinion: Opinion) -> None:
        self.number, self.step, self.reading, self.fault = number, step, reading, None
        self.verdict, self.reason, self.evidence, doubtful = opinion
        claims, topic, _ = reading
        self.plan = not claims and (step.get("kind") == "plan" or bool(topic))
        if doubtful is None:
            doubtful = [] if opinion.verdict == "supported" else claims
        self.doubtful = doubtful

    def check_words(self, chain: Chain) -> None:
        """A step must not mention the report, nor a prior film or a measurement that does not exist."""
        words, sizes = self.reading.words, chain.evidence.sizes
        if words.mentions_report:
            self._find_fault("speaks of the report, not of the image")
        elif words.mentions_prior and not (chain.case.get("prior") or chain.evidence.mentions_prior):
            self._find_fault("speaks of a prior film, and there is none")
        elif self.verdict != "contradicted" and not self.plan and not words.measurements <= sizes:
            size, unit = min(words.measurements - sizes)
            self.verdict, self.reason = "unmentioned", f"the measurement {size:g} {unit} is not in the report"

    def _find_fault(self, fault: str) -> None:
        self.verdict, self.reason, self.fault = "not_checkable", fault, fault

    def check_repetition(self, chain: Chain) -> None:
        """A step must not repeat the words of one before it."""
        if self.fault is None:
            first = chain.first_use.setdefault(self.reading.words.normal, self.number)
            if first != self.number:
                self.fault = f"repeats step {first}"

    def check_conclusion(self, chain: Chain) -> None:
        """A conclusion must follow from the steps before it and rest on an observation; the last step must give the
        answer."""
        concludes, last = self.step.get("kind") == "conclude", self.number == chain.length
        if self.fault is not None or not (last or concludes):
            return
        text = self.step["text"]
        wrong = self._conflict(chain)
        if last and not wrong:
            wrong, self.fault = answer_problem(text, chain.case)
        if wrong:
            self.verdict, self.reason = "contradicted", wrong
        elif (concludes or "answer is" in text) and not (self.fault or chain.observed):
            self.fault = "rests on no observation"

    def _conflict(self, chain: Chain) -> str | None:
        """Why the doubtful claims do not follow from the steps before; None if these do not contradict them."""
        if not self.doubtful:
            return None
        before = ReferenceFindings(chain.supported, chain.evidence.reference.lexicon, "unknown")
        judgements = map(before.judge, self.doubtful)
        reasons = (judgement.reason for judgement in judgements if judgement.verdict == "contradicted")
        return next((f"does not follow from the steps before it: {reason}" for reason in reasons), None)

    def result(self) -> dict[str, Any]:
        """The step with its evidence, verdict, reason and, if it has one, its fault."""
        result = {**self.step, "evidence": self.evidence, "verdict": self.verdict, "reason": self.reason}
        if self.fault:
            result["fault"] = self.fault
        return result


def answer_problem(text: str, case: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Why the answer in a conclusion is wrong, and the fault of one that gives none; (None, None): it is right."""
    wrong = fault = None
    if not gives_answer(text, case):
        from cxr_cli.answers.grading import NO_REFERENCE_ANSWER, NOT_AN_OPTION, grade  # few conclusions need it

        scores, why = grade(case, text) if case.get("options") else ({}, {})
        accuracy = scores.get("accuracy")
        if accuracy is None and why.get("accuracy") not in (NO_REFERENCE_ANSWER, NOT_AN_OPTION):
            fault = "does not give the answer"
        elif accuracy == 0:
            from cxr_cli.verifying.steps.partial_answer import states_part

            if states_part(text, case):
                fault = "does not give the answer"
            else:
                wrong = "concludes another answer than the case's"
    return wrong, fault


def gives_answer(text: str, case: Mapping[str, Any]) -> bool:
    """Does the text end with the case's answer, or, if there are no options to choose from, name all its parts?"""
    answer = case.get("answer")
    if answer is None or task_of(case).writes_report:  # no step repeats a report
        return True
    parts = [str(part) for part in (answer if isinstance(answer, list) else [answer])]
    if text.endswith(f"answer is {', '.join(parts)}."):  # the usual end, found without reading the text
        return True
    texts = [plain(part) for part in parts]
    _, cue, end = plain(text).rpartition("answer is ")
    if cue and end == " ".join(texts):
        return True
    return not case.get("options") and all(part in plain(text) for part in texts)
