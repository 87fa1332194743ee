"""Whole cases checked by one judge or by two: the first decides, what the second says stands beside it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cxr_cli.answers.steps import as_steps, predictions_of, reasoning_steps
from cxr_cli.engines.conversations import Talk
from cxr_cli.engines.prompts.structured import Failure, together
from cxr_cli.errors import RowError
from cxr_cli.records import reasons
from cxr_cli.rows import Row
from cxr_cli.verifying.interrater import told
from cxr_cli.verifying.verifier import Evidence, Opinion, Verifier, answer_fault, support

if TYPE_CHECKING:
    from cxr_cli.verifying.llm import LlmJudge

Steps = list[dict[str, Any]]


class Checked(NamedTuple):
    """Checked steps, their support, and why there is none if a judge failed."""

    steps: Steps
    support: float | None
    why: dict[str, str]


class Checker:
    """judges: "rules", "llm" or both; llm: the one of that name. pairs: how often two gave which two verdicts."""

    def __init__(self, verifier: Verifier, judges: Sequence[str] = ("rules",), llm: "LlmJudge | None" = None) -> None:
        self.verifier, self.judges, self.llm = verifier, judges, llm
        signatures = {"rules": verifier.signature, "llm": llm.signature if llm else ""}
        self.signature = " & ".join(signatures[judge] for judge in judges)
        self.pairs: Counter[tuple[str, str]] = Counter()

    def case(self, case: Row) -> Talk[Row]:
        """The case with `verdict`, `reason` and `evidence` for each step, `support` and `checked_by`; a `fault` where
        there is one: of a step, or of the case if the report contradicts its answer.

        RowError: a case without a report or without the key `steps` cannot be checked. No steps: support is None. A
        case whose steps failed to be made, or that the judge failed to judge, says in `why` why its support is None.
        """
        if case.get("steps") is None and "steps" in (case.get("why") or {}):
            unmade = {"support": None, "checked_by": self.signature}
            return case | unmade | reasons(case, ["support"], {"support": "no steps"})
        evidence = self.verifier.evidence(case)
        if case.get("steps") is None:
            raise RowError("", "field `steps`: there are none to verify (other names: --map steps=COLUMN)")
        steps, share, why = yield from self.steps(f"{case['id']}#verify", as_steps(case["steps"]), case, evidence)
        fault = answer_fault(case, evidence.known, self.verifier.reader)
        grown: Row = {"steps": steps, "support": share, "checked_by": self.signature}
        return case | grown | reasons(case, ["steps", "support"], why) | ({"fault": fault} if fault else {})

    def predictions(self, case: Row) -> Talk[Row]:
        """The case with each prediction's thinking as checked `steps` of that prediction, with its `support`."""
        evidence = self.verifier.evidence(case)
        predictions = predictions_of(case)
        if not predictions:
            raise RowError("", "field `predictions`: nothing was predicted")
        checked = yield from together(
            [
                self.steps(f"{case['id']}#verify{n}", reasoning_steps(prediction), case, evidence)
                for n, prediction in enumerate(predictions)
            ]
        )
        grown = [
            prediction | {"steps": steps, "support": share} | reasons(prediction, ["support"], why)
            for prediction, (steps, share, why) in zip(predictions, checked, strict=True)
        ]
        return case | {"predictions": grown, "checked_by": self.signature}

    def steps(
        self, id: str, steps: Sequence[Mapping[str, Any]], case: Mapping[str, Any], evidence: Evidence
    ) -> Talk[Checked]:
        """Each step with the verdict of the first judge; that of a second as its `second`."""
        opinions = (yield from self.llm.steps(id, steps, case)) if self.llm and steps else None
        by = [self._by(judge, steps, case, evidence, opinions) for judge in self.judges]
        for one, other in zip(by[0], by[-1] if len(by) > 1 else (), strict=False):
            one["second"] = {"judge": self.judges[1], "verdict": other["verdict"], "reason": other["reason"]}
            if one["verdict"] and other["verdict"]:
                self.pairs[one["verdict"], other["verdict"]] += 1
        failed = isinstance(opinions, Failure) and self.judges[0] == "llm"
        return Checked(by[0], support(by[0]), {"support": by[0][0]["reason"]} if failed else {})

    def _by(
        self,
        judge: str,
        steps: Sequence[Mapping[str, Any]],
        case: Mapping[str, Any],
        evidence: Evidence,
        opinions: list[Opinion] | Failure | None,
    ) -> Steps:
        if judge == "rules":
            return self.verifier.steps(steps, case, evidence)
        if isinstance(opinions, Failure):
            return [{**step, "verdict": None, "reason": f"judge: {opinions.reason}"} for step in steps]
        return self.verifier.steps(steps, case, evidence, opinions)

    def agreement(self) -> str:
        """How far two judges agree, for a person."""
        return told(self.judges, self.pairs)
