"""Whole cases checked by one judge or by two: the first decides, the verdict of the second stands beside it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from cxr_cli.answers.steps import as_steps, predictions_of, reasoning_steps
from cxr_cli.engines.conversations import Conversation
from cxr_cli.engines.prompts.structured import Failure, together
from cxr_cli.errors import RowError
from cxr_cli.findings.sections import NO_FINDINGS
from cxr_cli.records import merge_reasons, unanswered
from cxr_cli.rows import Row
from cxr_cli.tasks.task_table import task_of
from cxr_cli.verifying.interrater import agreement_text
from cxr_cli.verifying.judges.step_judge_table import STEP_JUDGES, StepJudge
from cxr_cli.verifying.steps.evidence import Evidence
from cxr_cli.verifying.steps.opinion import Opinion
from cxr_cli.verifying.steps.verifier import Verifier, support

if TYPE_CHECKING:
    from cxr_cli.engines.prompts.structured import Model

_OF_A_CHECK = frozenset({"fault", "second"})
"""Keys that a check adds to some of the steps."""


class ChainVerdict(NamedTuple):
    """Checked steps, their support, and why there is none, or no second verdict, if a judge failed."""

    steps: list[dict[str, Any]]
    support: float | None
    why: dict[str, str]


class CaseJudge:
    """judges: one or two names in STEP_JUDGES. model: the model for the judges that ask one. settings: what
    else changes the rows, for their signature. pairs: the verdicts of two judges on the same step, and how often each
    pair occurred."""

    def __init__(
        self,
        verifier: Verifier,
        judges: Sequence[str] = ("rules",),
        model: "Model | None" = None,
        settings: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        self.verifier, self.names = verifier, judges
        self.judges: list[StepJudge] = [STEP_JUDGES.load(name)(verifier, model) for name in judges]
        signatures = " & ".join(judge.signature for judge in self.judges)
        self.signature = "|".join([signatures, *(f"{name}:{value}" for name, value in settings.items())])
        self.pairs: Counter[tuple[str, str]] = Counter()

    def case(self, case: Row) -> Conversation[Row]:
        """The case with `verdict`, `reason` and `evidence` for each step, `support` and `checked_by`; a `fault` where
        there is one: of a step, or of the case if the report contradicts its answer.

        RowError: a case without a report or without the key `steps` cannot be checked. No steps: support is None. A
        case whose steps failed to be made, that the judge failed to judge, or whose report has no findings section says
        in `why` why its support is None.
        """
        if case.get("steps") is None and "steps" in (case.get("why") or {}):
            unmade: Row = {"support": None, "checked_by": self.signature}
            unmade |= merge_reasons(case, ["support", "second"], {"support": "no steps"})
            return _with_fault(case | unmade, None)
        evidence = self.verifier.evidence(case)
        if case.get("steps") is None:
            raise RowError(
                "", "field `steps`: missing, so there is nothing to verify (if it has another name: --map steps=COLUMN)"
            )
        steps, share, why = yield from self.chain(f"{case['id']}#verify", as_steps(case["steps"]), case, evidence)
        fault = task_of(case).fault(case, evidence.reference, self.verifier.reader)
        result: Row = {"steps": steps, "support": share, "checked_by": self.signature}
        result |= merge_reasons(case, ["steps", "support", "second"], why)
        return _with_fault(case | result, fault)

    def predictions(self, case: Row) -> Conversation[Row]:
        """The case with each prediction's reasoning as checked `steps` of that prediction, with its `support`."""
        if unanswered(case):
            return case | {"checked_by": self.signature}
        evidence = self.verifier.evidence(case)
        predictions = predictions_of(case)
        if not predictions:
            raise RowError("", "field `predictions`: nothing was predicted")
        verdicts = yield from together(
            [
                self.chain(f"{case['id']}#verify{n}", reasoning_steps(prediction), case, evidence)
                for n, prediction in enumerate(predictions)
            ]
        )
        results = [
            prediction | {"steps": steps, "support": share} | merge_reasons(prediction, ["support", "second"], why)
            for prediction, (steps, share, why) in zip(predictions, verdicts, strict=True)
        ]
        return case | {"predictions": results, "checked_by": self.signature}

    def chain(
        self, id: str, steps: Sequence[Mapping[str, Any]], case: Mapping[str, Any], evidence: Evidence
    ) -> Conversation[ChainVerdict]:
        """Each step with the verdict of the first judge; that of a second as its `second`. Against a report without a
        findings section no step can be checked."""
        steps = [step if _OF_A_CHECK.isdisjoint(step) else _unchecked(step) for step in steps]
        if evidence.silent:
            silence = {"evidence": [], "verdict": "not_checkable", "reason": NO_FINDINGS}
            return ChainVerdict([{**step, **silence} for step in steps], None, {"support": NO_FINDINGS})
        opinions: list[list[Opinion] | Failure] = []
        for judge in self.judges:
            opinions.append((yield from judge.judge(id, steps, case)) if steps else [])
        first, *others = [self._checked(steps, case, evidence, one) for one in opinions]
        for second in others:
            self._add_second(first, second)
        failures = zip(("support", "second"), opinions, strict=False)
        why = {key: opinion.why for key, opinion in failures if isinstance(opinion, Failure)}
        return ChainVerdict(first, support(first), why)

    def _checked(
        self,
        steps: Sequence[Mapping[str, Any]],
        case: Mapping[str, Any],
        evidence: Evidence,
        opinions: list[Opinion] | Failure,
    ) -> list[dict[str, Any]]:
        if isinstance(opinions, Failure):
            return [{**step, "verdict": None, "reason": opinions.why} for step in steps]
        return self.verifier.steps(steps, case, evidence, opinions)

    def _add_second(self, first: list[dict[str, Any]], second: list[dict[str, Any]]) -> None:
        for step, other in zip(first, second, strict=True):
            step["second"] = {"judge": self.names[1], "verdict": other["verdict"], "reason": other["reason"]}
            if step["verdict"] and other["verdict"]:
                self.pairs[step["verdict"], other["verdict"]] += 1

    def agreement(self) -> str:
        """How far the two judges agree, for a person."""
        return agreement_text(self.names, self.pairs)


def _with_fault(checked: Row, fault: str | None) -> Row:
    """The checked case with its fault; without one of an earlier check."""
    if fault:
        return checked | {"fault": fault}
    checked.pop("fault", None)
    return checked


def _unchecked(step: Mapping[str, Any]) -> dict[str, Any]:
    """The step without what an earlier check found, and this one may not."""
    return {key: value for key, value in step.items() if key not in _OF_A_CHECK}
