"""The bars on real reports and judgements, where they lie beside the checkout; `make bench` prints the figures."""

from collections import Counter

import pytest

from tests.bench.quality import findings, scoring, verifying
from tests.shared import held_back, judged, needs_shared

pytestmark = [needs_shared, pytest.mark.slow]


def test_findings_against_the_human_coding() -> None:
    held = findings.counts()["held back"]
    assert findings.f1(sum(held.values(), Counter())) >= 0.92
    assert sum(map(findings.f1, held.values())) / len(held) >= 0.85


def test_planted_errors() -> None:
    total, right = verifying.rates(held=True)
    planted = [kind for kind in total if kind not in verifying.TRUE]
    assert sum(right[k] for k in planted) / sum(total[k] for k in planted) >= 0.95
    assert sum(right[k] for k in verifying.TRUE) / sum(total[k] for k in verifying.TRUE) >= 0.97


def test_radfact() -> None:
    scores = verifying.radfact_f1()
    assert sum(scores.values()) / len(scores) >= 0.65


@pytest.mark.parametrize("metric", scoring.BARS)
def test_agreement_with_stored_verdicts(metric: str) -> None:
    rows = [row for row in judged() if held_back(row["uid"])]
    assert scoring.correlations(rows, scoring.as_judged)[metric] >= scoring.BARS[metric]


@pytest.mark.parametrize("metric", scoring.RANKED_BY)
def test_rankings(metric: str) -> None:
    assert sum(right for _, right in scoring.rankings(metric)) >= 27
