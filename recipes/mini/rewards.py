"""Rewards that were tried in the miniature: `cxr rl .. --reward recipes.mini.rewards:disputed`.

Each gives a number from 0 to 1 for each completion. They look beyond one completion: at the group, which is the
completions of one case, or at all that are paid together, which are those of a step of the training.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import groupby
from statistics import fmean
from typing import Any, NamedTuple

from cxr_cli.findings import Finding
from cxr_cli.rewards import functions
from cxr_cli.rewards.functions import Rewards
from cxr_cli.scoring.metrics.completion import Completion

Kind = tuple[str, bool]
"""A finding's name, and whether it is there."""


class Read(NamedTuple):
    """A completion; for each finding that it states whether it says present, and how right it is, from 0 to 1; and the
    findings of its reference, each with whether it is there."""

    completion: Completion
    present: dict[str, bool]
    right: dict[str, float]
    reference: dict[str, bool]


def read(completion: Completion) -> Read:
    stated: dict[str, list[Finding]] = defaultdict(list)
    for finding in completion.statements:
        stated[finding.name].append(finding)
    return Read(
        completion,
        {name: any(f.status != "absent" for f in findings) for name, findings in stated.items()},
        {name: min(map(completion.correctness, findings)) for name, findings in stated.items()},
        {f.name: f.status != "absent" for f in completion.reference.findings},
    )


def groups(completions: Sequence[Any], columns: Mapping[str, Any]) -> list[list[Read]]:
    """The completions of each case, which follow one another."""
    together = zip(columns["case"], functions.read_completions(completions, columns), strict=True)
    return [[read(one) for _, one in group] for _, group in groupby(together, key=lambda pair: pair[0]["id"])]


def balanced(completions: Sequence[Any], **columns: Any) -> Rewards:
    """`process`, in which every finding of the step counts the same, and as much where it is there as where it is not.

    Stated of the reference / (the reference + false statements), each with a weight: 1 / how many cases of the step
    have this finding in their reference, present or absent as here.
    """
    together = groups(completions, columns)
    counts: Counter[Kind] = Counter(kind for group in together for kind in group[0].reference.items())

    def weight(name: str, there: bool) -> float:
        return 1 / max(1, counts[name, there])

    def pay(one: Read) -> float:
        hits = sum(one.right.get(name, 0) * weight(name, there) for name, there in one.reference.items())
        false = sum(weight(name, not one.present[name]) for name, right in one.right.items() if not right)
        whole = sum(weight(name, there) for name, there in one.reference.items())
        return one.completion.novelty * hits / (whole + false) if whole else 0.0

    return [pay(one) for group in together for one in group]


def disputed(completions: Sequence[Any], **columns: Any) -> Rewards:
    """The mean over the findings on which the group disagrees: how right the completion is, half for silence.

    What all state alike teaches nothing and costs nothing. Half if there is no dispute.
    """
    rewards: Rewards = []
    for group in groups(completions, columns):
        said = defaultdict(set)
        for one in group:
            for name, present in one.present.items():
                said[name].add(present)
        names = [name for name, ways in said.items() if len(ways) > 1]
        for one in group:
            pay = fmean(one.right.get(name, 0.5) for name in names) if names else 0.5
            rewards.append(one.completion.novelty * pay)
    return rewards


def reported(completions: Sequence[Any], **columns: Any) -> Rewards:
    """F1 of the share of the statements that are right and of the share of what the report calls present, among the
    findings that are asked for, that is stated; only the first if the report calls none of them present."""
    return [_reported(one) for group in groups(completions, columns) for one in group]


def _reported(one: Read) -> float:
    report, case = one.completion.reference.report, one.completion.case
    if not one.right or report is None:
        return 0.0
    asked = case["findings"] if case["task"] != "anomaly" else report.findings
    there = [name for name in asked if any(f.status == "present" for f in report.findings.get(name, ()))]
    precision = fmean(one.right.values())
    recall = fmean(one.right.get(name, 0) for name in there) if there else precision
    total = precision + recall
    return one.completion.novelty * 2 * precision * recall / total if total else 0.0


def calibrated(completions: Sequence[Any], **columns: Any) -> Rewards:
    """Stated rightly / (statements, or the findings of the reference if these are more), where a right "absent" pays
    only the share of the group's statements about this finding that say so: a guess pays less than what is sure."""
    rewards: Rewards = []
    for group in groups(completions, columns):
        said: dict[str, list[bool]] = defaultdict(list)
        for one in group:
            for name, present in one.present.items():
                said[name].append(not present)
        for one in group:
            paid = [right * (1.0 if one.present[name] else fmean(said[name])) for name, right in one.right.items()]
            rewards.append(one.completion.novelty * sum(paid) / max(1, len(paid), len(one.reference)))
    return rewards


def process_later(completions: Sequence[Any], *, trainer_state: Any = None, **columns: Any) -> Rewards:
    """`process` in the second half of the training; in the first 0, so that only the answer is paid.

    trainer_state: None outside of a training, where all is paid.
    """
    return _later(functions.process, completions, trainer_state, columns)


def consistency_later(completions: Sequence[Any], *, trainer_state: Any = None, **columns: Any) -> Rewards:
    """`consistency` in the second half of the training; in the first 0."""
    return _later(functions.consistency, completions, trainer_state, columns)


def _later(reward: Any, completions: Sequence[Any], state: Any, columns: Mapping[str, Any]) -> Rewards:
    if state and 2 * state.global_step < state.max_steps:
        return [0.0] * len(completions)
    paid: Rewards = reward(completions, **columns)
    return paid
