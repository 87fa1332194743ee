"""RadRScore: is the reasoning true to the report, does it cover the reference, is it to the point?

P, G and R are the observations of the prediction, the reference steps and the report (Fan et al. 2026):

    factuality     share of P that agrees with R
    completeness   share of G that P makes too
    effectiveness  share of P that G makes too
    radrscore      the mean of the three

An observation is a finding with its status and place, each counted once. Two observations match if name and status
agree and neither side nor change conflicts; a side or a zone that is not the same costs a quarter each.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from cxr_cli.answers.steps import as_steps
from cxr_cli.engines.conversations import Conversation
from cxr_cli.findings import Finding, Lexicon, Reader, observations
from cxr_cli.findings.agreement import COURSE, ReferenceFindings, Unmentioned
from cxr_cli.rows.signatures import signature

PARTS = ("factuality", "completeness", "effectiveness")
NO_REPORT, NO_REFERENCE, NO_REASONING = "no report", "no reference steps", "no reasoning"
NOTHING_SAID, NOTHING_IN_REFERENCE = "no observation predicted", "no observation in the reference"
Scores = tuple[dict[str, float | None], dict[str, str]]
"""metric -> number or None, and metric -> why it is None."""


def match(a: Finding, b: Finding, lexicon: Lexicon) -> float:
    """How far `b` makes the observation `a`: 0 to 1. A narrower finding, or one that looks the same, counts half."""
    if (a.status == "absent") != (b.status == "absent"):
        return 0.0
    if a.name == b.name:
        score = 1.0
    elif a.status != "absent" and (b.name in lexicon.narrower(a.name) or lexicon.near(a.name, b.name)):
        score = 0.5
    else:
        return 0.0
    if a.side and b.side and {a.side, b.side} == {"left", "right"}:
        return 0.0
    if a.change and b.change and COURSE[a.change] != COURSE[b.change]:
        return 0.0
    return score - 0.25 * (a.side != b.side) - 0.25 * (a.zone != b.zone) * score


def covered(these: Sequence[Finding], by: Sequence[Finding], lexicon: Lexicon) -> float | None:
    """The mean over `these` of how well the best of `by` matches; None if there are none."""
    if not these:
        return None
    named: dict[str, list[Finding]] = {}
    for b in by:
        named.setdefault(b.name, []).append(b)
    total = 0.0
    for a in these:
        best = max([match(a, b, lexicon) for b in named.get(a.name, ())], default=0.0)
        if best < 0.5 and a.status != "absent":  # what has another name counts half at most
            best = max([best, *(match(a, b, lexicon) for b in by if b.name != a.name)])
        total += best
    return total / len(these)


def scored(parts: Mapping[str, float | str]) -> Scores:
    """Scores of what each part is: a share, or the reason why there is none."""
    scores = {part: None if isinstance(parts[part], str) else float(parts[part]) for part in PARTS}
    why = {part: reason for part in PARTS if isinstance(reason := parts[part], str)}
    if why:
        return {**scores, "radrscore": None}, {**why, "radrscore": f"no {next(iter(why))}"}
    return {**scores, "radrscore": sum(filter(None, scores.values())) / len(PARTS)}, {}


class RulesJudge:
    """The judge `rules`: offline, deterministic, one lexicon."""

    def __init__(self, reader: Reader, unmentioned: Unmentioned = "normal") -> None:
        self.reader, self.unmentioned = reader, unmentioned

    def signature(self, **settings: object) -> str:
        return signature("rules", self.reader.lexicon.digest, unmentioned=self.unmentioned, **settings)

    def score(self, case: Mapping[str, Any], reasonings: Sequence[str]) -> Conversation[list[Scores]]:
        """The parts and the score of each reasoning; None with a reason where there is nothing to count."""
        return [scored(self.parts(case, reasoning)) for reasoning in reasonings]
        yield []  # a conversation that asks for nothing

    def parts(self, case: Mapping[str, Any], reasoning: str) -> dict[str, float | str]:
        reader, lexicon = self.reader, self.reader.lexicon
        report = case.get("report") or ""
        steps = as_steps(case.get("steps"))
        reference = observations((step["text"] for step in steps), reader)
        predicted = observations([reasoning], reader) if reference or report.strip() else []
        parts: dict[str, float | str] = {}
        if not report.strip():
            parts["factuality"] = NO_REPORT
        elif not predicted:
            parts["factuality"] = NOTHING_SAID
        else:
            known = ReferenceFindings(reader.read(report), lexicon, self.unmentioned)
            agreed = sum(known.judge(p).verdict == "supported" for p in predicted)
            parts["factuality"] = agreed / len(predicted)
        if not reference:
            reason = NO_REFERENCE if not steps else NOTHING_IN_REFERENCE
            return parts | {"completeness": reason, "effectiveness": reason}
        recalled = covered(reference, predicted, lexicon) if reasoning.strip() else None
        effective = covered(predicted, reference, lexicon)
        parts["completeness"] = NO_REASONING if recalled is None else recalled
        parts["effectiveness"] = NOTHING_SAID if effective is None else effective
        return parts
