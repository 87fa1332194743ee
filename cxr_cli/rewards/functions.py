"""The rewards themselves. A formula stands in each docstring."""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from cxr_cli.findings import Lexicon, Reader, reader
from cxr_cli.findings.agreement import Unmentioned
from cxr_cli.scoring.completion import Judged, Truth, truth
from cxr_cli.scoring.radrscore import covered

Rewards = list[float | None]
COLUMNS = ("question", "options", "answer", "task", "findings", "report", "steps")
SHORT, LONG = 15, 300  # words of a reasoning between which `length` is 1

_how: dict[str, Any] = {"unmentioned": "normal", "reader": None}


def using(lexicon: Lexicon | None = None, unmentioned: Unmentioned = "normal") -> None:
    """From now on rewards read with this lexicon and take silence so. Not needed for the packaged lexicon."""
    _how.update(unmentioned=unmentioned, reader=reader(lexicon))
    _truth.cache_clear()
    _judged.cache_clear()


def format(completions: Sequence[Any], **columns: Any) -> Rewards:
    """1 for `<think>` .. `</think><answer>` .. `</answer>`, once each, and nothing else; else 0."""
    return [float(j.said.well_formed) for j in judged(completions, columns)]


def accuracy(completions: Sequence[Any], **columns: Any) -> Rewards:
    """1 for the right option, partial credit where several are right, F1 of the findings for open answers."""
    return [j.accuracy() for j in judged(completions, columns)]


def process(completions: Sequence[Any], **columns: Any) -> Rewards:
    """Are the statements of the reasoning true, and do they tell what the reference tells, of both kinds evenly?

    For the present (and possible) and for the absent findings of the reference: stated / (in the reference + false
    statements of the other kind); the mean of the two. A kind of which the reference has none counts as a factor,
    1 / (1 + false statements of the other kind), instead. Times the share of sentences that are not repeats.

    Plain factuality pays for calling everything absent; here a missed finding costs as much as an invented one, one
    that is told at a wrong place is half stated and not false, what is true but beside the point earns nothing, and
    silence is 0. None: there is no report.
    """
    return [_process(j) for j in judged(completions, columns)]


def _process(judged: Judged) -> float | None:
    if judged.truth.known is None:
        return None
    kinds = [judged.hits(absent=False), judged.hits(absent=True)]
    parts, factor = [], judged.novelty
    for (hits, wanted, _), (_, _, false) in zip(kinds, reversed(kinds), strict=True):
        if wanted:
            parts.append(hits / (wanted + false))
        else:
            factor /= 1 + false
    return factor * sum(parts) / len(parts) if parts else None


def factuality(completions: Sequence[Any], **columns: Any) -> Rewards:
    """The share of the statements that the report supports, the paper's process reward; 0 for none. It can be won by
    calling all in doubt absent: see `process`. None: there is no report."""
    return [
        None if j.truth.known is None else j.verdicts.count("supported") / max(1, len(j.verdicts))
        for j in judged(completions, columns)
    ]


def completeness(completions: Sequence[Any], **columns: Any) -> Rewards:
    """The share of the reference's observations that the reasoning makes. None: there are no reference steps."""
    return [_against_steps(j, reverse=False) for j in judged(completions, columns)]


def effectiveness(completions: Sequence[Any], **columns: Any) -> Rewards:
    """The share of the statements that the reference makes; 0 for none. None: there are no reference steps."""
    return [_against_steps(j, reverse=True) for j in judged(completions, columns)]


def _against_steps(judged: Judged, *, reverse: bool) -> float | None:
    reference, stated = judged.truth.reference, judged.statements
    if not judged.truth.from_steps or not reference:
        return None
    these, by = (stated, reference) if reverse else (reference, stated)
    return covered(these, by, judged.reader.lexicon) or 0.0


def consistency(completions: Sequence[Any], **columns: Any) -> Rewards:
    """1 if the answer follows from the statements, 0 if not or if there is none. None: the answer is no finding."""
    return [j.consistency() for j in judged(completions, columns)]


def length(completions: Sequence[Any], **columns: Any) -> Rewards:
    """1 for a reasoning of SHORT to LONG words; less in proportion to how far it is shorter or longer."""
    counts = [len((j.said.think or "").split()) for j in judged(completions, columns)]
    return [min(1.0, n / SHORT, LONG / max(1, n)) for n in counts]


def statement_metrics(completions: Sequence[Any], **columns: Any) -> dict[str, float]:
    """Sensitivity and specificity of the statements by the report, and how many there are: means over completions."""
    read = judged(completions, columns)
    rates = [j.rates() for j in read if j.truth.known is not None]
    named = {
        "sensitivity": [rate for rate, _ in rates if rate is not None],
        "specificity": [rate for _, rate in rates if rate is not None],
        "statements": [float(len(j.statements)) for j in read],
    }
    return {name: sum(values) / len(values) for name, values in named.items() if values}


def judged(completions: Sequence[Any], columns: Mapping[str, Any]) -> list[Judged]:
    """Each completion, read with its case."""
    cases = columns.get("case")
    if cases is None:
        there = [name for name in COLUMNS if columns.get(name) is not None]
        cases = [{name: columns[name][i] for name in there} for i in range(len(completions))]
    keys = [case if isinstance(case, str) else json.dumps(case, sort_keys=True) for case in cases]
    return [_judged(key, text_of(completion)) for key, completion in zip(keys, completions, strict=True)]


def text_of(completion: Any) -> str:
    """The text of a completion: a string, or the messages of a conversation."""
    if isinstance(completion, str):
        return completion
    content = completion[-1]["content"]
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


@lru_cache(maxsize=4096)
def _judged(case: str, text: str) -> Judged:
    """Remembered, since every reward asks for the same."""
    parsed: dict[str, Any] = json.loads(case)
    return Judged(parsed, text, _truth(case), _reader())


@lru_cache(maxsize=1024)
def _truth(case: str) -> Truth:
    return truth(json.loads(case), _reader(), _how["unmentioned"])


def _reader() -> Reader:
    if _how["reader"] is None:
        _how["reader"] = reader()
    found: Reader = _how["reader"]
    return found
