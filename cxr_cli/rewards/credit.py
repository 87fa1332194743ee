"""Credit per step: each sentence of a reasoning is paid for what it states, not for what stands around it.

GRPO gives all tokens of a completion one advantage: a true statement is blamed for the false one after it. Here a
sentence is compared with what the other completions of its prompt state of the same findings, so that being right where
others are wrong pays, and saying more, less or the same twice does not.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from cxr_cli.findings import Finding
from cxr_cli.rewards.functions import judged
from cxr_cli.scoring.completion import Judged


class Told(NamedTuple):
    """One statement of a finding. right: is the finding there, or not, as it says? Weighed so that the present and the
    absent findings of the reference weigh the same. place: of one that is rightly called present, 1 if all the rest,
    such as its side, agrees with the report too, else 0."""

    name: str
    right: float
    place: float | None


class Sentence(NamedTuple):
    """`text[start:end]` of a completion, and what it tells."""

    start: int
    end: int
    told: list[Told]


def sentences(completions: Sequence[Any], **columns: Any) -> list[list[Sentence]]:
    """Those of each completion that state a finding, but for its last sentence, which concludes: whether that follows
    is for the answer's rewards to say. None without a report. Columns: as rewards have them."""
    return [_sentences(one) for one in judged(completions, columns)]


def _sentences(judged: Judged) -> list[Sentence]:
    think = judged.said.think or ""
    offset = judged.text.find(think)
    if judged.truth.known is None or offset < 0:
        return []
    even = _evenly(judged)
    found = []
    for statement in judged.reader.statements(think)[:-1]:
        if told := [_told(finding, judged.right(finding), even) for finding in statement.findings]:
            found.append(Sentence(offset + statement.start, offset + statement.end, told))
    return found


def _told(finding: Finding, right: float, even: Mapping[bool, float]) -> Told:
    present = finding.status != "absent"
    place = float(right == 1) if present and right else None
    return Told(finding.name, even[present] if right else 0.0, place)


def _evenly(judged: Judged) -> Mapping[bool, float]:
    """What a true statement weighs, of a finding that is there and of one that is not."""
    absent = sum(finding.status == "absent" for finding in judged.truth.reference)
    counts = {True: len(judged.truth.reference) - absent, False: absent}
    if not all(counts.values()):
        return {True: 1.0, False: 1.0}
    return {there: sum(counts.values()) / 2 / count for there, count in counts.items()}


def advantages(group: Sequence[Sequence[Sentence]]) -> list[list[float]]:
    """Of each sentence of the completions of one prompt, how much better it is than what the group tells of the same
    findings: whether they are there, and, among those who rightly call them present, where.

    Only among those: else "absent", which has no place to be wrong about, would be the safer word.
    """
    rights: dict[str, list[float]] = defaultdict(list)
    places: dict[str, list[float]] = defaultdict(list)
    for told in (told for completion in group for sentence in completion for told in sentence.told):
        rights[told.name].append(told.right)
        if told.place is not None:
            places[told.name].append(told.place)

    right = {name: fmean(values) for name, values in rights.items()}
    place = {name: fmean(values) for name, values in places.items()}

    def better(told: Told) -> float:
        placed = 0.0 if told.place is None else told.place - place[told.name]
        return told.right - right[told.name] + placed / 2

    return [[fmean(map(better, sentence.told)) for sentence in completion] for completion in group]
