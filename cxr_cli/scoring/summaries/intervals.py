"""How sure a mean is, and whether two means differ: bootstrap intervals and paired tests, resampled by patient.

Rows of one patient are not independent, so whole patients are drawn (the cluster bootstrap). Draws are seeded and made
in chunks. More than 4,000 patients are first put together at random into 4,000 bundles of equal size, which keeps the
expected width, adds some 1 % of noise to it, and bounds time and memory however many rows there are.
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

    groups: the patient of each value; whole patients are drawn. None below two patients (or values): one says nothing
    about how they vary.
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
    """Compare the scores of two models on the same items, in the same order. groups: the patient of each item.

    n: draws of the interval. flips: draws of the test.
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
    """p values, each adjusted for all of them being looked at; a None is no test and counts for none.

    Holm 1979, doi 10.2307/4615733: the smallest of k times k, the next times k - 1, .. and never below one before it.
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
    kept = ~np.isnan(numbers)
    return numbers[kept], (groups if isinstance(groups, np.ndarray) else _codes(groups))[kept]


def _codes(groups: Sequence[Hashable]) -> NDArray[np.int64]:
    known: dict[Hashable, int] = {}
    return np.array([known.setdefault(group, len(known)) for group in groups], dtype=np.int64)


def _totals(numbers: Floats, codes: NDArray[np.int64] | None, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Sum and count of each group, or of each random bundle of groups; without codes every value is a group."""
    counts = np.ones_like(numbers)
    if codes is not None:
        numbers, counts = _added(numbers, counts, np.unique(codes, return_inverse=True)[1])
    if len(numbers) > _BUNDLES:
        numbers, counts = _added(numbers, counts, rng.permutation(len(numbers)) % _BUNDLES)
    return numbers, counts


def _added(sums: Floats, counts: Floats, into: NDArray[np.int64]) -> tuple[Floats, Floats]:
    return np.bincount(into, sums).astype(np.float64), np.bincount(into, counts).astype(np.float64)


def _means(sums: Floats, counts: Floats, n: int, rng: np.random.Generator) -> Floats:
    """The mean of each of `n` resamples of the groups."""
    means = np.empty(n)
    step = max(1, _CHUNK // len(sums))
    for start in range(0, n, step):
        drawn = rng.integers(0, len(sums), size=(min(step, n - start), len(sums)))
        means[start : start + step] = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    return means


def _percentiles(means: Floats, level: float) -> tuple[float, float]:
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _permuted(sums: Floats, n: int, rng: np.random.Generator) -> float:
    """How often random signs give a difference as large; (k + 1) / (n + 1), so never 0.

    It stops early at a hundred as large, which is sure enough (Besag and Clifford 1991, doi 10.1093/biomet/78.2.301).
    """
    moving = sums[sums != 0]
    if not len(moving):
        return 1.0
    total = moving.sum()
    seen = abs(total) * (1 - 1e-12)
    step = min(1000, max(1, _CHUNK // len(moving)))
    as_large = drawn = 0
    while drawn < n and as_large < _ENOUGH:
        count = min(step, n - drawn)
        bits = np.frombuffer(rng.bytes(count * len(moving) // 8 + 1), np.uint8)
        flipped = np.unpackbits(bits, count=count * len(moving)).reshape(count, -1).astype(np.float64)
        as_large += int((np.abs(total - 2 * (flipped @ moving)) >= seen).sum())
        drawn += count
    return (as_large + 1) / (drawn + 1)
