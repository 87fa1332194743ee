"""The verdicts of the judge `rules` on steps that were judged by hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.verifying.chains import case, verified

CHAINS = [
    json.loads(line) for line in (Path(__file__).parents[2] / "golden" / "reasoning.jsonl").read_text().splitlines()
]


STEPS = [(chain, number) for chain in CHAINS for number in range(len(chain["steps"]))]


MISSED = {("reasoning-055", 3)}  # bullae and hyperinflation "mean" emphysema: no lexicon says so


FAULTS = {
    "mentions the report": "speaks of the report, not of the image",
    "speaks of a prior film, there is none": "speaks of a prior film, and there is none",
    "conclusion does not give the answer": "does not give the answer",
}


@pytest.mark.parametrize(("chain", "number"), STEPS, ids=[f"{c['id']}-{n}" for c, n in STEPS])
def test_golden_step(chain: dict[str, Any], number: int) -> None:
    wanted, got = chain["steps"][number], verified(chain)["steps"][number]
    right = got["verdict"] == wanted["verdict"]
    assert right != ((chain["id"], number) in MISSED), got
    if wanted["why"] in FAULTS:
        assert got["fault"] == FAULTS[wanted["why"]]


def test_two_sides_are_no_contradiction() -> None:
    chain = case(["There is a left pleural effusion.", "There is a right pleural effusion."], "Bilateral effusions.")
    assert [step["verdict"] for step in verified(chain)["steps"]] == ["supported", "supported"]
