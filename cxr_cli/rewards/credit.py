"""Credit per step: each sentence of a reasoning is paid for what it states, not for what stands around it.

GRPO gives all tokens of a completion one advantage: a true statement is blamed for the false one after it. Here a
sentence is compared with what the other completions of its prompt state of the same findings, so that being right where
others are wrong pays, and saying more, less or the same twice does not.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cxr_cli.rewards.functions import judged
from cxr_cli.rewards.judged import Judged


class Sentence(NamedTuple):
    """`text[start:end]` of a completion, and by finding what it states of it is worth: how far it is right
    (`Judged.right`), evened out so that the present and the absent findings of the reference weigh the same."""

    start: int
    end: int
    worth: dict[str, float]


def sentences(completions: Sequence[Any], **columns: Any) -> list[list[Sentence]]:
    """Those of each completion that state a finding; none without a report. Columns: as rewards have them."""
    return [_sentences(one) for one in judged(completions, columns)]


def _sentences(judged: Judged) -> list[Sentence]:
    think = judged.said.think or ""
    offset = judged.text.find(think)
    if judged.truth.known is None or offset < 0:
        return []
    even = _evenly(judged)
    found = []
    for statement in judged.reader.statements(think):
        worth: dict[str, list[float]] = defaultdict(list)
        for finding in statement.findings:
            right = judged.right(finding)
            there = (finding.status != "absent") == (right > 0)
            worth[finding.name].append(right * even[there])
        if worth:
            means = {name: sum(values) / len(values) for name, values in worth.items()}
            found.append(Sentence(offset + statement.start, offset + statement.end, means))
    return found


def _evenly(judged: Judged) -> Mapping[bool, float]:
    """What a true statement weighs, of a finding that is there and of one that is not."""
    absent = sum(finding.status == "absent" for finding in judged.truth.reference)
    counts = {True: len(judged.truth.reference) - absent, False: absent}
    if not all(counts.values()):
        return {True: 1.0, False: 1.0}
    return {there: sum(counts.values()) / 2 / count for there, count in counts.items()}


def advantages(group: Sequence[Sequence[Sentence]]) -> list[list[float]]:
    """Of each sentence of the completions of one prompt: its worth less the mean worth of what the group states of the
    same findings."""
    named: dict[str, list[float]] = defaultdict(list)
    for completion in group:
        for sentence in completion:
            for name, worth in sentence.worth.items():
                named[name].append(worth)
    means = {name: sum(values) / len(values) for name, values in named.items()}
    return [
        [sum(worth - means[name] for name, worth in s.worth.items()) / len(s.worth) for s in completion]
        for completion in group
    ]
