"""Each step of a case against the report.

A judge in `verifying/judges/` gives the verdict on what a step says of findings. What else can be wrong with a step (it
gives away the report, invents a prior film, repeats another, does not give the answer, gives it without any
observation) is its `fault`. The rules find it, whoever judges the findings.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from cxr_cli.errors import RowError
from cxr_cli.findings import Finding, Reader
from cxr_cli.findings.sections.text_cache import cached_by_text
from cxr_cli.records import Unmentioned
from cxr_cli.rows.signatures import signature
from cxr_cli.verifying.steps.evidence import Evidence
from cxr_cli.verifying.steps.faults import Chain, StepCheck, StepReading
from cxr_cli.verifying.steps.opinion import Opinion
from cxr_cli.verifying.steps.step_words import step_words


class Verifier:
    """Checks steps with one lexicon and one policy on what the report does not mention."""

    def __init__(self, reader: Reader, unmentioned: Unmentioned = "normal") -> None:
        self.reader, self.unmentioned = reader, unmentioned
        self.signature = signature("rules", reader.lexicon.digest, unmentioned=unmentioned)
        self._evidence = cached_by_text(64)(partial(Evidence, reader=reader, unmentioned=unmentioned))
        self._last: tuple[object, list[StepReading]] = (None, [])  # the steps that were read last, and what they say
        self._reading = cached_by_text(8192)(self._read)  # since steps repeat themselves

    def evidence(self, case: Mapping[str, Any]) -> Evidence:
        """The report of the case. RowError: there is none."""
        report = case.get("report")
        if not report or report.isspace():
            raise RowError("", "field `report`: missing or empty, so there is nothing to verify against")
        return self._evidence(report)

    def steps(
        self,
        steps: Sequence[Mapping[str, Any]],
        case: Mapping[str, Any],
        evidence: Evidence,
        opinions: Sequence[Opinion],
    ) -> list[dict[str, Any]]:
        """Each step with its verdict, reason, evidence and, where there is one, its fault. opinions: a judge's, one a
        step."""
        chain = Chain(case, evidence, len(steps))
        results = []
        for number, (step, reading, opinion) in enumerate(zip(steps, self.readings(steps), opinions, strict=True), 1):
            check = StepCheck(number, step, reading, opinion)
            check.check_words(chain)
            check.check_repetition(chain)
            check.check_conclusion(chain)
            chain.add(check)
            results.append(check.result())
        return results

    def readings(self, steps: Sequence[Mapping[str, Any]]) -> list[StepReading]:
        """What each step says. Its words may depend on what the step before asks about."""
        last_steps, readings = self._last  # at once: another thread may put its own there
        if steps is last_steps:  # the judge has read them already
            return readings
        readings = []
        for step in steps:
            readings.append(self._reading(step["text"], readings[-1].topic if readings else ()))
        self._last = steps, readings
        return readings

    def _read(self, text: str, topic: tuple[Finding, ...]) -> StepReading:
        """topic: what the step before asks about."""
        statements = self.reader.statements(text, topic)
        topic_of_last = next((s.topic for s in reversed(statements) if s.topic), ())
        return StepReading([f for s in statements for f in s.findings], topic_of_last, step_words(text))


def support(steps: Sequence[Mapping[str, Any]]) -> float | None:
    """The share of the checkable steps that are supported; None when none is checkable, or none was judged."""
    verdicts = [s["verdict"] for s in steps if s["verdict"] not in ("not_checkable", None)]
    return verdicts.count("supported") / len(verdicts) if verdicts else None
