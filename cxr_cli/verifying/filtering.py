"""What `cxr verify` keeps of a checked case, and what it reports on stderr."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

from cxr_cli.rows import note

Keep = Literal["steps", "cases", "all"]
SYMBOLS = {"supported": "+", "contradicted": "x", "unmentioned": "?", "not_checkable": ".", None: "-"}


class CaseFilter:
    """Keeps or drops checked cases and steps, and counts what it drops.

    keep: "steps" drops bad steps, and a case if the report contradicts its answer or conclusion or no supported step is
    left; "cases" drops a case with anything bad; "all" drops nothing.
    min_support: the least share of checkable steps that must be supported, counted before any step is dropped.
    reasons: `explain` prints why a step has its verdict; False for a model, whose reasons may quote the report.

    A case that could not be judged at all is always kept, as it is.
    """

    def __init__(
        self, keep: Keep = "steps", min_support: float | None = None, explain: bool = False, reasons: bool = True
    ) -> None:
        self.keep, self.min_support, self.explain, self.reasons = keep, min_support, explain, reasons
        self.cases = self.unjudged = 0
        self.steps_dropped = 0
        self.drop_counts: Counter[str] = Counter()

    def filter_case(self, case: dict[str, Any]) -> list[dict[str, Any]]:
        """The case without what is dropped, as a list of one row; [] if the whole case is dropped."""
        self.cases += 1
        if self.explain:
            note(*explanation(case["id"], case, self.reasons))
        if is_unjudged(case):
            self.unjudged += 1
            rows = [case]
        elif reason := self.why_dropped(case):
            self.drop_counts[reason] += 1
            rows = []
        elif self.keep == "steps":
            steps = [step for step in case["steps"] if is_good(step)]
            self.steps_dropped += len(case["steps"]) - len(steps)
            rows = [{**case, "steps": steps}] if len(steps) < len(case["steps"]) else [case]
        else:
            rows = [case]
        return rows

    def filter_predictions(self, case: dict[str, Any]) -> list[dict[str, Any]]:
        """A prediction keeps all its steps, whatever their verdicts; one below `min_support` is dropped."""
        self.cases += 1
        if case["predictions"] is None:  # the model failed to answer
            return [case]
        if self.explain:
            for prediction in case["predictions"]:
                note(*explanation(f"{case['id']} sample {prediction.get('sample', 0)}", prediction, self.reasons))
        self.unjudged += any(map(is_unjudged, case["predictions"]))
        least = self.min_support
        if least is None:
            return [case]
        predictions = [p for p in case["predictions"] if is_unjudged(p) or (p["support"] or 0.0) >= least]
        if not predictions:
            self.drop_counts["too little support"] += 1
        return [{**case, "predictions": predictions}] if predictions else []

    def why_dropped(self, case: Mapping[str, Any]) -> str | None:
        """Why the whole case is dropped; None if it is kept."""
        steps, least, drops = case["steps"], self.min_support, self.keep != "all"
        reasons = {
            "too little support": least is not None and (case["support"] or 0.0) < least,
            "answer contradicted": drops and "fault" in case,
            "conclusion contradicted": drops and bool(steps) and steps[-1]["verdict"] == "contradicted",
            "a bad step": self.keep == "cases" and not all(map(is_good, steps)),
            "no supported step": drops and not any(is_good(step) and step["verdict"] == "supported" for step in steps),
        }
        return next((reason for reason, holds in reasons.items() if holds), None)

    def report(self) -> None:
        """Prints on stderr what was dropped and what could not be judged."""
        if self.unjudged:
            note(f"{self.unjudged} of {self.cases} cases could not be judged and stay: `why` gives the reason")
        if self.drop_counts or self.steps_dropped:
            why = ", ".join(f"{count} {reason}" for reason, count in self.drop_counts.most_common())
            losses = f"{self.drop_counts.total()} of {self.cases} cases" + (f" ({why})" if why else "")
            note(f"dropped {losses} and {self.steps_dropped} steps of the others")


def is_good(step: Mapping[str, Any]) -> bool:
    """Supported or not checkable (a plan), and without a fault."""
    return step["verdict"] in ("supported", "not_checkable") and "fault" not in step


def is_unjudged(chain: Mapping[str, Any]) -> bool:
    """Does it have no support because its steps could not be made or judged?"""
    return chain["support"] is None and "support" in (chain.get("why") or {})


def explanation(name: str, chain: Mapping[str, Any], reasons: bool = True) -> list[str]:
    """Lines for a person: each step (its own text, never that of the report), its verdict and the reason."""
    support = "-" if chain["support"] is None else f"{chain['support']:.2f}"
    lines = [f"{name}: support {support}" + (f"; {chain['fault']}" if "fault" in chain else "")]
    for number, step in enumerate(chain["steps"] or (), 1):
        why = [step["reason"]] if reasons or step["verdict"] is None else []
        why += [step["fault"]] if step.get("fault") not in (None, *why) else []
        lines.append(f"  {SYMBOLS[step['verdict']]} {number}. {step['text']}")
        lines.append(f"       {step['verdict'] or 'not judged'}" + (f": {'; '.join(why)}" if why else ""))
    return lines
