"""The errors of a predicted report, weighted by what they mean for the patient: `finding_errors_weighted`.

    sum over the findings of the reference: its weight times 1 if it is missed, else times the shares of what is wrong
        with the nearest predicted finding
      + sum over the predicted findings that are nearest to none: its weight times `false` times the share of what is
        wrong with it, 1 if it has nothing to do with the reference

A finding's weight is that of its significance (urgent 4, actionable 2, not actionable 1, benign 0.25) times factors for
how it is described: minimal 0.5, mild 0.75, severe 1.5; new or worse 1.25, stable 0.6; uncertain 0.6.

Shares by kind of error: missed 1, false 0.8, wrong side 0.5, one side of two 0.3, wrong height in the lung 0.25,
a step of severity 0.15, twice or half the size 0.25, a step of change 0.2, a broader or a narrower finding 0.4, another
kind of the same finding 0.6, a side, severity or change left out 0.05; of one finding 0.9 at most. Of a finding and its
nearest the larger weight counts, that of the predicted one times `false`.

All numbers stand in the table `errors` of the lexicon. To weigh errors by urgency is the idea of CRIMSON (Baharoon et
al., arXiv 2603.06183); the kinds of error follow ReXVal (Yu et al., Patterns 2023). The numbers are ours.
"""

import math
from collections.abc import Sequence
from typing import Literal

from cxr_cli.findings import Finding
from cxr_cli.findings.agreement import COURSE, HEIGHT, SEVERITY
from cxr_cli.findings.finding import same_side
from cxr_cli.findings.lexicon import Lexicon
from cxr_cli.findings.lexicon.error_weights import ErrorKind

COURSE_STEPS = {"better": -1, "stable": 0, "worse": 1}


def weighted_errors(reference: Sequence[Finding], prediction: Sequence[Finding], lexicon: Lexicon) -> float:
    """The sum for the present findings of a reference and of a predicted report; 0 is best."""
    return ReportErrors(reference, prediction, lexicon).total()


class ReportErrors:
    """The errors of one predicted report."""

    def __init__(self, reference: Sequence[Finding], prediction: Sequence[Finding], lexicon: Lexicon) -> None:
        self.reference, self.prediction, self.lexicon = reference, prediction, lexicon
        self.weights = lexicon.errors
        # Left and right, named one by one, are what another report calls bilateral.
        self.both_sides = both_sides(reference) & both_sides(prediction)
        self.names_in_both = {finding.name for finding in reference} & {finding.name for finding in prediction}

    def total(self) -> float:
        """The sum over missed findings, wrong details and false findings."""
        kind = self.weights.kind
        errors, nearest = 0.0, set()
        shares_of_all = [[self.share(finding, other) for other in self.prediction] for finding in self.reference]
        for finding, shares in zip(self.reference, shares_of_all, strict=True):
            share = min(shares, default=1.0)
            if share == 1:
                errors += self.weight(finding) * kind["missed"]
            else:
                number = shares.index(share)
                nearest.add(number)
                # To make something grave of a trifle is an error about something grave.
                errors += share * max(self.weight(finding), self.weight(self.prediction[number]) * kind["false"])
        for number, finding in enumerate(self.prediction):
            if number not in nearest:
                share = min((shares[number] for shares in shares_of_all), default=1.0)
                errors += self.weight(finding) * kind["false"] * share
        return errors

    def weight(self, finding: Finding) -> float:
        """What it counts to miss the finding."""
        weights = self.weights
        return (
            weights.significance[self.lexicon.entries[finding.name].significance]
            * weights.severity.get(finding.severity or "", 1.0)
            * weights.change.get(finding.change or "", 1.0)
            * weights.status.get(finding.status, 1.0)
        )

    def share(self, reference: Finding, prediction: Finding) -> float:
        """How much of `reference` is wrong in `predicted`: 0 nothing, 1 they have nothing to do with each other."""
        kind = self.weights.kind
        name = self.other_name(reference, prediction)
        if name is None:
            return 1.0
        wrong = kind[name] if name else 0.0
        if (
            reference.side != prediction.side
            and reference.side
            and prediction.side
            and reference.name not in self.both_sides
        ):
            wrong += kind["half" if "bilateral" in (reference.side, prediction.side) else "side"]
        heights = HEIGHT.get(reference.zone or ""), HEIGHT.get(prediction.zone or "")
        if all(heights) and heights[0] != heights[1]:
            wrong += kind["place"]
        if reference.severity and prediction.severity:
            wrong += kind["severity"] * abs(SEVERITY[reference.severity] - SEVERITY[prediction.severity])
        if reference.size and prediction.size:
            wrong += kind["size"] * min(1.0, abs(math.log2(reference.size / prediction.size)))
        if reference.change and prediction.change:
            steps = COURSE_STEPS[COURSE[reference.change]] - COURSE_STEPS[COURSE[prediction.change]]
            wrong += kind["change"] * abs(steps)
        details = (
            (reference.side, prediction.side),
            (reference.severity, prediction.severity),
            (reference.change, prediction.change),
        )
        wrong += kind["omission"] * sum(bool(detail) and not other for detail, other in details)
        return min(wrong, self.weights.most)

    def other_name(self, reference: Finding, prediction: Finding) -> ErrorKind | Literal[""] | None:
        """The kind of error that lies in the names: "" none, None where they name different things."""
        a, b, lexicon = reference.name, prediction.name, self.lexicon
        if a == b or lexicon.near(a, b):
            return ""
        if a in lexicon.broader(b) or b in lexicon.broader(a):
            narrower = b if a in lexicon.broader(b) else a
            # "Opacities, in keeping with edema" says no more than "edema".
            return "" if narrower in self.names_in_both else "name"
        shared = lexicon.broader(a) & lexicon.broader(b)
        alike = same_side(reference, prediction) and any(self.is_specific(name) for name in shared)
        return "diagnosis" if alike else None

    def is_specific(self, name: str) -> bool:
        """Is the finding so narrow that two kinds of it are two readings of one thing on the film?"""
        entry = self.lexicon.entries[name]
        return entry.answer and entry.significance in ("urgent", "actionable")


def both_sides(findings: Sequence[Finding]) -> set[str]:
    """The names of the findings that lie on both sides."""
    sides: dict[str, set[str | None]] = {}
    for finding in findings:
        sides.setdefault(finding.name, set()).add(finding.side)
    return {name for name, of_name in sides.items() if "bilateral" in of_name or {"left", "right"} <= of_name}
