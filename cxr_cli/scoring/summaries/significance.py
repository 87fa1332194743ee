"""Whether two means differ: paired tests that flip signs, resampled by patient, and their correction for many tests."""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cxr_cli.errors import CxrError
from cxr_cli.scoring.summaries.intervals import (
    CHUNK,
    Floats,
    as_floats,
    group_totals,
    percentiles,
    resampled_means,
    scored_values,
    with_count,
)

_ENOUGH = 100


class Difference(NamedTuple):
    """a minus b over the `n` items that both score.

    low, high: the bootstrap interval; None below two patients. p: two-sided, of the sign-flip permutation test.
    nulls: items that at least one side scores null.
    """

    n: int
    mean: float | None
    low: float | None
    high: float | None
    p: float | None
    nulls: int


def paired(
    a: Sequence[float | None] | Floats,
    b: Sequence[float | None] | Floats,
    groups: Sequence[Hashable] | NDArray[np.int64] | None = None,
    n: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    flips: int = 10_000,
) -> Difference:
    """Compares the scores of two models on the same items, in the same order. groups: the patient of each item.

    n: draws of the interval. flips: draws of the test. CxrError: the models have different numbers of scores.
    """
    if len(a) != len(b):
        raise CxrError(f"{len(a)} values cannot be paired with {len(b)}")
    differences, codes = scored_values(as_floats(a) - as_floats(b), groups)
    count = len(differences)
    if not count:
        return Difference(0, None, None, None, None, len(a))
    rng = np.random.default_rng(seed)
    totals = group_totals(with_count(differences), codes, rng)
    mean = float(differences.mean())
    if len(totals) < 2:
        return Difference(count, mean, None, None, None, len(a) - count)
    low, high = percentiles(resampled_means(totals, n, rng), level)
    return Difference(count, mean, low, high, _permuted(totals[:, 0], flips, rng), len(a) - count)


def holm(values: Sequence[float | None]) -> list[float | None]:
    """p values, corrected for the number of tests; a None is no test.

    Holm 1979, doi 10.2307/4615733: the smallest of k times k, the next times k - 1, .. and none below the one before.
    """
    adjusted: list[float | None] = [None] * len(values)
    tests = sorted((p, i) for i, p in enumerate(values) if p is not None)
    least = 0.0
    for rank, (p, i) in enumerate(tests):
        least = max(least, min(1.0, p * (len(tests) - rank)))
        adjusted[i] = least
    return adjusted


def _permuted(sums: Floats, n: int, rng: np.random.Generator) -> float:
    """How often random signs give a difference as large: (k + 1) / (n + 1), which is never 0.

    It stops early when a hundred are as large, which is precise enough (Besag and Clifford 1991, doi
    10.1093/biomet/78.2.301).
    """
    nonzero = sums[sums != 0]
    if not len(nonzero):
        return 1.0
    total = nonzero.sum()
    least = abs(total) * (1 - 1e-12)
    step = min(1000, max(1, CHUNK // len(nonzero)))
    as_large = draws = 0
    while draws < n and as_large < _ENOUGH:
        count = min(step, n - draws)
        bits = np.frombuffer(rng.bytes(count * len(nonzero) // 8 + 1), np.uint8)
        flips = np.unpackbits(bits, count=count * len(nonzero)).reshape(count, -1).astype(np.float64)
        as_large += int((np.abs(total - 2 * (flips @ nonzero)) >= least).sum())
        draws += count
    return (as_large + 1) / (draws + 1)
