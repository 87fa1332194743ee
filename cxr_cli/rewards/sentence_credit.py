"""Credit per step: each sentence of a reasoning gets credit for what it states, whatever the sentences around it state.

GRPO gives all tokens of a completion one advantage: a true statement is blamed for the false one after it. Here a
sentence is compared with what the other completions of its prompt state about the same findings, so that it pays to be
right where others are wrong, and not to say more, less or the same twice.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from cxr_cli.findings import Finding
from cxr_cli.rewards.functions import read_completions
from cxr_cli.scoring.metrics.completion import Completion


class StatementCredit(NamedTuple):
    """The credit of one statement about a finding.

    right: 0 if the status is wrong; else the weight of its kind, by which the present and the absent findings of the
    reference count the same. place: 1 if side, zone, severity and change agree with the report too, else 0; None unless
    the finding is rightly called present.
    """

    name: str
    right: float
    place: float | None


class SentenceCredit(NamedTuple):
    """`text[start:end]` of a completion, and the credit of its statements."""

    start: int
    end: int
    statements: list[StatementCredit]


def sentence_credits(completions: Sequence[Any], **columns: Any) -> list[list[SentenceCredit]]:
    """For each completion its sentences that state a finding; [] without a report. columns: as rewards have them.

    The last sentence is left out: it concludes, and the rewards of the answer check whether that follows.
    """
    return [_sentence_credits(completion) for completion in read_completions(completions, columns)]


def _sentence_credits(completion: Completion) -> list[SentenceCredit]:
    think = completion.parts.think or ""
    offset = completion.text.find(think)
    if completion.reference.report is None or offset < 0:
        return []
    weights = _weights(completion.reference.findings)
    sentences = []
    for sentence in completion.reader.statements(think)[:-1]:
        credits = [_credit(finding, completion.correctness(finding), weights) for finding in sentence.findings]
        if credits:
            sentences.append(SentenceCredit(offset + sentence.start, offset + sentence.end, credits))
    return sentences


def _credit(finding: Finding, correctness: float, weights: Mapping[bool, float]) -> StatementCredit:
    present = finding.status != "absent"
    place = float(correctness == 1) if present and correctness else None
    return StatementCredit(finding.name, weights[present] if correctness else 0.0, place)


def _weights(reference: Sequence[Finding]) -> Mapping[bool, float]:
    """The weight of a true statement about a finding that is present (True) and about one that is absent (False)."""
    absent = sum(finding.status == "absent" for finding in reference)
    counts = {True: len(reference) - absent, False: absent}
    if not all(counts.values()):
        return {True: 1.0, False: 1.0}
    return {present: sum(counts.values()) / 2 / count for present, count in counts.items()}


def advantages(group: Sequence[Sequence[SentenceCredit]]) -> list[list[float]]:
    """For each sentence of the completions of one prompt, how much better it is than what the group states about the
    same findings: whether they are there, and, among the statements that rightly call them present, where.

    The place counts only among those: otherwise "absent", which has no place to get wrong, would be the safer word.
    """
    rights: dict[str, list[float]] = defaultdict(list)
    places: dict[str, list[float]] = defaultdict(list)
    for one in (one for completion in group for sentence in completion for one in sentence.statements):
        rights[one.name].append(one.right)
        if one.place is not None:
            places[one.name].append(one.place)

    right = {name: fmean(values) for name, values in rights.items()}
    place = {name: fmean(values) for name, values in places.items()}

    def advantage(one: StatementCredit) -> float:
        of_place = 0.0 if one.place is None else one.place - place[one.name]
        return one.right - right[one.name] + of_place / 2

    return [[fmean(map(advantage, sentence.statements)) for sentence in completion] for completion in group]


def token_spans(
    ids: Sequence[int], sentences: Sequence[SentenceCredit], decode: Callable[[Sequence[int]], str]
) -> list[tuple[int, int]]:
    """For each sentence the tokens `ids[start:end]` that write it. decode: gives the text that the sentences are of."""
    return [(_token_at(ids, sentence.start, decode), _token_at(ids, sentence.end, decode)) for sentence in sentences]


def _token_at(ids: Sequence[int], place: int, decode: Callable[[Sequence[int]], str]) -> int:
    """The index of the token that holds the character at `place`."""
    return max(0, bisect_left(range(len(ids) + 1), place + 1, key=lambda count: len(decode(ids[:count]))) - 1)
