"""How sure a mean is, and whether two means differ: bootstrap intervals and paired tests, resampled by patient.

Rows of one patient are not independent, so whole patients are drawn (the cluster bootstrap). Draws are seeded and made
in chunks. More than 4,000 patients are first put together at random into 4,000 bundles of equal size: this keeps the
expected width, adds some 1 % of noise to it, and bounds time and memory for any number of rows.
"""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cxr_cli.errors import CxrError

Floats = NDArray[np.float64]
_CHUNK = 1_000_000
_BUNDLES = 4_000
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


def interval(
    values: Sequence[float | None] | Floats,
    groups: Sequence[Hashable] | NDArray[np.int64] | None = None,
    n: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float] | None:
    """The percentile bootstrap interval of the mean of `values`; None and NaN are left out.

    groups: the patient of each value; whole patients are drawn. None with fewer than two patients (or values): a single
    one does not show how they vary. n: draws. CxrError: no draws, or no level.
    """
    if not 0 < level < 1 or n < 1:
        raise CxrError(f"an interval needs a level between 0 and 1 and at least one draw, not {level} and {n}")
    numbers, codes = _numbers(values, groups)
    rng = np.random.default_rng(seed)
    sums, counts = _totals(numbers, codes, rng)
    return _percentiles(_means(sums, counts, n, rng), level) if len(sums) > 1 else None


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
    differences, codes = _numbers(_floats(a) - _floats(b), groups)
    scored = len(differences)
    if not scored:
        return Difference(0, None, None, None, None, len(a))
    rng = np.random.default_rng(seed)
    sums, counts = _totals(differences, codes, rng)
    mean = float(differences.mean())
    if len(sums) < 2:
        return Difference(scored, mean, None, None, None, len(a) - scored)
    low, high = _percentiles(_means(sums, counts, n, rng), level)
    return Difference(scored, mean, low, high, _permuted(sums, flips, rng), len(a) - scored)


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


def _floats(values: Sequence[float | None] | Floats) -> Floats:
    return values if isinstance(values, np.ndarray) else np.array([_number(value) for value in values], np.float64)


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def _numbers(
    values: Sequence[float | None] | Floats, groups: Sequence[Hashable] | NDArray[np.int64] | None
) -> tuple[Floats, NDArray[np.int64] | None]:
    numbers = _floats(values)
    if groups is None:
        return numbers[~np.isnan(numbers)], None
    if len(groups) != len(numbers):
        raise CxrError(f"{len(numbers)} values but {len(groups)} groups")
    present = ~np.isnan(numbers)
    return numbers[present], (groups if isinstance(groups, np.ndarray) else _codes(groups))[present]


def _codes(groups: Sequence[Hashable]) -> NDArray[np.int64]:
    codes: dict[Hashable, int] = {}
    return np.array([codes.setdefault(group, len(codes)) for group in groups], dtype=np.int64)


def _totals(numbers: Floats, codes: NDArray[np.int64] | None, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Sum and count of each group, or of each random bundle of groups; without codes every value is a group."""
    counts = np.ones_like(numbers)
    if codes is not None:
        numbers, counts = _grouped(numbers, counts, np.unique(codes, return_inverse=True)[1])
    if len(numbers) > _BUNDLES:
        numbers, counts = _grouped(numbers, counts, rng.permutation(len(numbers)) % _BUNDLES)
    return numbers, counts


def _grouped(sums: Floats, counts: Floats, codes: NDArray[np.int64]) -> tuple[Floats, Floats]:
    return np.bincount(codes, sums).astype(np.float64), np.bincount(codes, counts).astype(np.float64)


def _means(sums: Floats, counts: Floats, n: int, rng: np.random.Generator) -> Floats:
    """The mean of each of `n` resamples of the groups."""
    means = np.empty(n)
    step = max(1, _CHUNK // len(sums))
    for start in range(0, n, step):
        draws = rng.integers(0, len(sums), size=(min(step, n - start), len(sums)))
        means[start : start + step] = sums[draws].sum(axis=1) / counts[draws].sum(axis=1)
    return means


def _percentiles(means: Floats, level: float) -> tuple[float, float]:
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _permuted(sums: Floats, n: int, rng: np.random.Generator) -> float:
    """How often random signs give a difference as large: (k + 1) / (n + 1), which is never 0.

    It stops early when a hundred are as large, which is precise enough (Besag and Clifford 1991, doi
    10.1093/biomet/78.2.301).
    """
    nonzero = sums[sums != 0]
    if not len(nonzero):
        return 1.0
    total = nonzero.sum()
    observed = abs(total) * (1 - 1e-12)
    step = min(1000, max(1, _CHUNK // len(nonzero)))
    as_large = draws = 0
    while draws < n and as_large < _ENOUGH:
        count = min(step, n - draws)
        bits = np.frombuffer(rng.bytes(count * len(nonzero) // 8 + 1), np.uint8)
        flips = np.unpackbits(bits, count=count * len(nonzero)).reshape(count, -1).astype(np.float64)
        as_large += int((np.abs(total - 2 * (flips @ nonzero)) >= observed).sum())
        draws += count
    return (as_large + 1) / (draws + 1)
