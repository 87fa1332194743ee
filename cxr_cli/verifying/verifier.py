"""Each step of a case against the report.

A step's findings are each judged by `findings.agreement`; the worst verdict is the step's. What else can be wrong with
a step (it gives away the report, invents a prior film, repeats another, does not give the answer, gives it without
any observation) is its `fault`. The rules find it, whoever judges the findings.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from cxr_cli.errors import RowError
from cxr_cli.findings import Finding, Reader
from cxr_cli.findings.sections import NO_FINDINGS
from cxr_cli.records import Unmentioned
from cxr_cli.rows.signatures import signature
from cxr_cli.verifying import faults
from cxr_cli.verifying.evidence import Evidence, Opinion
from cxr_cli.verifying.step_check import Chain, StepCheck, StepReading


class Verifier:
    """Checks steps with one lexicon and one policy on what the report does not mention."""

    def __init__(self, reader: Reader, unmentioned: Unmentioned = "normal") -> None:
        self.reader, self.unmentioned = reader, unmentioned
        self.signature = signature("rules", reader.lexicon.digest, unmentioned=unmentioned)
        self._evidence = lru_cache(maxsize=64)(partial(Evidence, reader=reader, unmentioned=unmentioned))
        self._reading = lru_cache(maxsize=8192)(self._read)  # since steps repeat themselves

    def evidence(self, case: Mapping[str, Any]) -> Evidence:
        """The report of the case. RowError: there is none."""
        report = case.get("report")
        if not report or not report.strip():
            raise RowError("", "field `report`: there is none to verify against")
        return self._evidence(report)

    def steps(
        self,
        steps: Sequence[Mapping[str, Any]],
        case: Mapping[str, Any],
        evidence: Evidence,
        opinions: Sequence[Opinion] | None = None,
    ) -> list[dict[str, Any]]:
        """Each step with its verdict, reason, evidence and, where there is one, its fault.

        opinions: those of another judge, one a step, in place of the verdicts that the rules give. Against a report
        without a findings section no step can be checked.
        """
        if evidence.silent:
            return [{**step, "evidence": [], "verdict": "not_checkable", "reason": NO_FINDINGS} for step in steps]
        chain = Chain(case, evidence, len(steps))
        results = []
        for number, step in enumerate(steps, 1):
            check = StepCheck(number, step, self._reading(step["text"], chain.topic))
            check.judge_findings(evidence, None if opinions is None else opinions[number - 1])
            check.check_words(chain)
            check.check_repetition(chain)
            check.check_conclusion(chain)
            chain.add(check)
            results.append(check.result())
        return results

    def _read(self, text: str, topic: tuple[Finding, ...]) -> StepReading:
        """topic: what the step before asks about."""
        statements = self.reader.statements(text, topic)
        topic_of_last = next((s.topic for s in reversed(statements) if s.topic), ())
        return StepReading([f for s in statements for f in s.findings], topic_of_last, faults.step_words(text))


def support(steps: Sequence[Mapping[str, Any]]) -> float | None:
    """The share of the checkable steps that are supported; None when none is checkable, or none was judged."""
    verdicts = [s["verdict"] for s in steps if s["verdict"] not in ("not_checkable", None)]
    return verdicts.count("supported") / len(verdicts) if verdicts else None
