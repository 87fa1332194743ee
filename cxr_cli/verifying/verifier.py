"""Each step of a case against the report.

A step's findings are each judged by `findings.agreement`; the worst verdict is the step's. What else can be wrong with
a step (it gives away the report, invents a prior film, repeats another, does not give the answer, gives it out of
nothing) is its `fault`; that is found by the rules, whoever judges the findings.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple

from cxr_cli.answers.cues import plain
from cxr_cli.answers.grading import NO_REFERENCE, NOT_AN_OPTION, grade
from cxr_cli.errors import RowError
from cxr_cli.findings import Finding, Reader
from cxr_cli.findings.agreement import Judgement, ReferenceFindings, Unmentioned
from cxr_cli.records import Span
from cxr_cli.rows.signatures import signature
from cxr_cli.verifying import faults

WORST = ("contradicted", "unmentioned", "supported")


class Evidence:
    """A report as evidence: what is known from it, and the sentence behind each finding."""

    def __init__(self, report: str, reader: Reader, unmentioned: Unmentioned) -> None:
        statements = reader.statements(report)
        self.known = ReferenceFindings([f for s in statements for f in s.findings], reader.lexicon, unmentioned)
        self.sizes = faults.measurements(report)
        self.tells_of_prior = faults.speaks_of_prior(report)
        self._sentence = {f.start: (s.start, s.end) for s in statements for f in s.findings}

    def spans(self, judgements: Sequence[Judgement]) -> list[Span]:
        """The sentences of the report that decided, each once, in order."""
        found = {self._sentence[j.by.start] for j in judgements if j.by is not None}
        return [{"start": start, "end": end} for start, end in sorted(found)]


class Opinion(NamedTuple):
    """What a judge says of one step. evidence: the sentences of the report that decide."""

    verdict: str
    reason: str
    evidence: list[Span]


class Said(NamedTuple):
    """What a step says, whatever the report says: its findings, and those that it merely asks about."""

    claims: list[Finding]
    asked: tuple[Finding, ...]
    words: faults.Wording


class Verifier:
    """Checks cases with one lexicon and one policy on what the report does not mention."""

    def __init__(self, reader: Reader, unmentioned: Unmentioned = "normal") -> None:
        self.reader, self.unmentioned = reader, unmentioned
        self.signature = signature("rules", reader.lexicon.digest, unmentioned=unmentioned)
        self._evidence = lru_cache(maxsize=64)(partial(Evidence, reader=reader, unmentioned=unmentioned))
        self._said = lru_cache(maxsize=8192)(self._said)  # type: ignore[method-assign]

    def evidence(self, case: Mapping[str, Any]) -> Evidence:
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

        opinions: those of another judge, one a step, in place of what the rules find.
        """
        checked: list[dict[str, Any]] = []
        first: dict[str, int] = {}  # what steps say -> the number of the step that says it first
        has_prior = bool(case.get("prior")) or evidence.tells_of_prior
        told: list[Finding] = []  # what the steps before have stated, as far as it is supported
        observed = False  # has a step before observed anything that may be so?
        topic: tuple[Finding, ...] = ()
        for number, step in enumerate(steps, 1):
            claims, topic, words = self._said(step["text"], topic)
            judgements = [evidence.known.judge(claim) for claim in claims]
            plan = not claims and (step.get("kind") == "plan" or bool(topic))
            doubtful = [c for c, j in zip(claims, judgements, strict=True) if j.verdict != "supported"]
            if opinions is None:
                opinion = Opinion(*worst(judgements), evidence.spans(judgements))
            else:
                opinion = opinions[number - 1]
                doubtful = [] if opinion.verdict == "supported" else claims
            verdict, reason, spans = opinion
            fault = None
            if words.speaks_of_report:
                verdict, reason = "not_checkable", "speaks of the report, not of the image"
                fault = reason
            elif words.speaks_of_prior and not has_prior:
                verdict, reason = "not_checkable", "speaks of a prior film, and there is none"
                fault = reason
            elif verdict != "contradicted" and not plan and not words.measurements <= evidence.sizes:
                size, unit = min(words.measurements - evidence.sizes)
                verdict, reason = "unmentioned", f"the measurement {size:g} {unit} is not in the report"
            if fault is None and first.setdefault(words.fingerprint, number) != number:
                fault = f"repeats step {first[words.fingerprint]}"
            last = number == len(steps)
            if fault is None and (last or step.get("kind") == "conclude"):
                wrong, fault = self.conclusion(step["text"], doubtful, case, told, last=last)
                if wrong:
                    verdict, reason = "contradicted", wrong
                concludes = step.get("kind") == "conclude" or "answer is" in step["text"]
                if concludes and not (wrong or fault or observed):
                    fault = "rests on no observation"
            observed |= not plan and fault is None and verdict in ("supported", "not_checkable")
            if verdict == "supported":
                told += claims
            result = {**step, "evidence": spans, "verdict": verdict, "reason": reason}
            if fault:
                result["fault"] = fault
            checked.append(result)
        return checked

    def _said(self, text: str, topic: tuple[Finding, ...]) -> Said:
        """Remembered, since steps repeat themselves. topic: what the step before asked about."""
        statements = self.reader.statements(text, topic)
        asked = next((s.topic for s in reversed(statements) if s.topic), ())
        return Said([f for s in statements for f in s.findings], asked, faults.wording(text))

    def conclusion(
        self, text: str, claims: Sequence[Finding], case: Mapping[str, Any], told: Sequence[Finding], *, last: bool
    ) -> tuple[str | None, str | None]:
        """Why a conclusion is wrong, or its fault: it must follow from the steps before it and give the answer.

        claims: those of its claims that the report does not support.
        """
        if claims:
            before = ReferenceFindings(told, self.reader.lexicon, "unknown")
            for judgement in map(before.judge, claims):
                if judgement.verdict == "contradicted":
                    return f"does not follow from the steps before it: {judgement.reason}", None
        if not last or gives_answer(text, case):
            return None, None
        if not case.get("options"):
            return None, "does not give the answer"
        scores, why = grade(case, text)
        if scores["accuracy"] is None and why["accuracy"] not in (NO_REFERENCE, NOT_AN_OPTION):
            return None, "does not give the answer"
        return ("concludes another answer than the case's", None) if scores["accuracy"] == 0 else (None, None)


def gives_answer(text: str, case: Mapping[str, Any]) -> bool:
    """Does the text end with the case's answer, or, where there are no options to choose from, name all its parts?"""
    answer = case.get("answer")
    if answer is None:
        return True
    given = [str(part) for part in (answer if isinstance(answer, list) else [answer])]
    if text.endswith(f"answer is {', '.join(given)}."):
        return True
    texts = [plain(part) for part in given]
    _, cue, said = plain(text).rpartition("answer is ")
    if cue and said == " ".join(texts):
        return True
    return not case.get("options") and all(part in plain(text) for part in texts)


def worst(judgements: Sequence[Judgement]) -> tuple[str, str]:
    """The verdict on a step with these claims, and why."""
    if not judgements:
        return "not_checkable", "states no finding"
    judgement = judgements[0] if len(judgements) == 1 else min(judgements, key=lambda j: WORST.index(j.verdict))
    return judgement.verdict, judgement.reason


def support(steps: Sequence[Mapping[str, Any]]) -> float | None:
    """The share of the checkable steps that are supported; None when none is checkable, or none was judged."""
    verdicts = [s["verdict"] for s in steps if s["verdict"] not in ("not_checkable", None)]
    return verdicts.count("supported") / len(verdicts) if verdicts else None
