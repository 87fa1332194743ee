"""A sentence about a finding reads back as the same finding."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

import pytest

from cxr_cli.findings import Finding, Lexicon, reader
from cxr_cli.findings.phrasing import phrasing_of
from cxr_cli.findings.phrasing.phrasing import ZONES
from cxr_cli.mining.cases import Miner
from cxr_cli.rows.rng import Rng

LEXICON = Lexicon.load()
READER = reader(LEXICON)
SIDES = (None, "left", "right", "bilateral")
SEVERITIES = (None, "minimal", "mild", "moderate", "severe")
CHANGES = (None, "new", "stable", "worse", "better", "resolved")
ONE_SIDED = {"middle lobe": ("right",), "lingula": ("left",)}


class Nth(Rng):
    """Draws the template with that number."""

    def __init__(self, number: int) -> None:
        self.number = number

    def below(self, count: int) -> int:
        return self.number % count


def findings(zones: Sequence[str | None], changes: Sequence[str | None]) -> Iterator[Finding]:
    for entry in LEXICON.entries.values():
        zoned = LEXICON.broader(entry.name) & {"lung abnormality", "pleural abnormality"}
        for status, side, severity, zone, change in product(
            ("present", "uncertain", "absent"), SIDES, SEVERITIES, zones, changes
        ):
            if status == "absent" and (severity or change not in (None, "resolved")):
                continue
            if (status != "absent" and change == "resolved") or (status == "uncertain" and change not in (None, "new")):
                continue
            if (entry.only_absent and status != "absent") or side not in ONE_SIDED.get(zone or "", SIDES):
                continue
            if entry.midline and side:
                continue
            if zone is None or zoned:
                yield Finding(entry.name, status, side, zone, severity, change)


def misread(finding: Finding, numbers: Sequence[int]) -> list[tuple[str, Any]]:
    phrasing = phrasing_of(LEXICON)
    texts = {phrasing.observe(finding, Nth(number), change=True) for number in numbers}
    read = {text: [f[:6] for f in READER.read(text)] for text in texts}
    return [(text, found) for text, found in read.items() if found != [finding[:6]]]


def test_every_finding_reads_back() -> None:
    wrong = [w for finding in findings([None], [None]) for w in misread(finding, range(5))]
    assert wrong == []


@pytest.mark.slow
def test_every_finding_reads_back_with_zone_and_change() -> None:
    wrong = [w for finding in findings([None, *ZONES], CHANGES) for w in misread(finding, range(5))]
    assert wrong == []


@pytest.mark.parametrize(
    ("finding", "text"),
    [
        (Finding("pleural effusion", "present", "left", None, "mild"), "There is a small left pleural effusion."),
        (Finding("pleural effusion", "present", "bilateral"), "There are bilateral pleural effusions."),
        (Finding("pneumothorax", "present", "right", "apical"), "There is a pneumothorax at the right lung apex."),
        (
            Finding("atelectasis", "present", "bilateral", "basal", "minimal"),
            "There is minimal atelectasis at the lung bases on both sides.",
        ),
        (Finding("elevated diaphragm", "present", "right"), "There is elevation of the hemidiaphragm on the right."),
        (Finding("low lung volumes", "present"), "There are low lung volumes."),
        (Finding("fracture", "present", "left", "upper"), "There is a fracture on the left."),
        (Finding("edema", "uncertain"), "There may be pulmonary edema."),
        (Finding("nodule", "present", "right", None, None, "new"), "There is a new right nodule."),
        (Finding("edema", "present", None, None, None, "better"), "The pulmonary edema has improved."),
        (Finding("chest tube", "absent", "left", None, None, "resolved"), "The left chest tube has been removed."),
        (Finding("pneumothorax", "absent", None, None, None, "resolved"), "The pneumothorax has resolved."),
        (Finding("gallstones", "absent"), "There are no gallstones."),
        (Finding("consolidation", "absent", "left"), "There is no consolidation on the left."),
    ],
)
def test_sentences(finding: Finding, text: str) -> None:
    assert phrasing_of(LEXICON).observe(finding, Nth(0), change=True) == text


def test_a_sentence_states_the_change_on_demand_only() -> None:
    finding = Finding("nodule", "present", None, None, None, "stable")
    assert phrasing_of(LEXICON).observe(finding, Nth(0)) == "There is a nodule."


@pytest.mark.parametrize("name", [name for name, entry in LEXICON.entries.items() if entry.answer])
def test_a_plan_states_nothing(name: str) -> None:
    """It says where to look and for what; `look` and `signs` come from the lexicon."""
    for number in range(20):
        miner = Miner(LEXICON, tasks=["binary"], findings=[name], seed=number)
        for case in miner({"id": "s", "report": "Normal chest."}):
            assert READER.read(case["steps"][0]["text"]) == [], case["steps"][0]["text"]


def test_draws_are_the_same_everywhere() -> None:
    rng = Rng("0/s1/single")
    assert [rng.below(10) for _ in range(8)] == [0, 6, 6, 4, 7, 1, 3, 5]
    assert Rng("a").sample("abcdef", 3) == ["a", "f", "b"]
    assert sorted(Rng("b").sample("abc", 9)) == ["a", "b", "c"]
    counts = [0] * 7
    for number in range(7000):
        counts[Rng(f"{number}/study").below(7)] += 1
    assert all(900 < count < 1100 for count in counts)
