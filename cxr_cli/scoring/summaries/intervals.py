"""How sure a mean is: bootstrap intervals, resampled by patient.

Rows of one patient are not independent, so whole patients are drawn (the cluster bootstrap). Draws are seeded and made
in chunks. More than 4,000 patients are first put together at random into 4,000 bundles of equal size: this keeps the
expected width, adds some 1 % of noise to it, and bounds time and memory for any number of rows.
"""

from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from cxr_cli.errors import CxrError

Floats = NDArray[np.float64]
CHUNK = 1_000_000
"""Random numbers that are drawn at once."""
_BUNDLES = 4_000


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
    numbers, codes = scored_values(values, groups)
    rng = np.random.default_rng(seed)
    totals = group_totals(with_count(numbers), codes, rng)
    return percentiles(resampled_means(totals, n, rng), level) if len(totals) > 1 else None


def as_floats(values: Sequence[float | None] | Floats) -> Floats:
    """[0.5, None] -> array([0.5, nan])"""
    return values if isinstance(values, np.ndarray) else np.array([_or_nan(value) for value in values], np.float64)


def _or_nan(value: float | None) -> float:
    return float("nan") if value is None else float(value)


def scored_values(
    values: Sequence[float | None] | Floats, groups: Sequence[Hashable] | NDArray[np.int64] | None
) -> tuple[Floats, NDArray[np.int64] | None]:
    """The values without None and NaN, and a number for the group of each. CxrError: the lengths differ."""
    numbers = as_floats(values)
    if groups is None:
        return numbers[~np.isnan(numbers)], None
    if len(groups) != len(numbers):
        raise CxrError(f"{len(numbers)} values but {len(groups)} groups")
    present = ~np.isnan(numbers)
    return numbers[present], (groups if isinstance(groups, np.ndarray) else group_numbers(groups))[present]


def group_numbers(groups: Sequence[Hashable]) -> NDArray[np.int64]:
    """["p7", "p9", "p7"] -> array([0, 1, 0])"""
    codes: dict[Hashable, int] = {}
    return np.array([codes.setdefault(group, len(codes)) for group in groups], dtype=np.int64)


def with_count(numbers: Floats) -> Floats:
    """n numbers as n rows: the number, 1."""
    return np.stack([numbers, np.ones_like(numbers)], axis=1)


def group_totals(rows: Floats, codes: NDArray[np.int64] | None, rng: np.random.Generator) -> Floats:
    """The sums of the columns over each group, or each random bundle of groups; without codes every row is a group."""
    if codes is not None:
        rows = _grouped(rows, np.unique(codes, return_inverse=True)[1])
    if len(rows) > _BUNDLES:
        rows = _grouped(rows, rng.permutation(len(rows)) % _BUNDLES)
    return rows


def _grouped(rows: Floats, codes: NDArray[np.int64]) -> Floats:
    return np.stack([np.bincount(codes, column) for column in rows.T], axis=1).astype(np.float64)


def resampled_totals(totals: Floats, n: int, rng: np.random.Generator) -> Floats:
    """The sums of the columns over each of `n` resamples of the groups: n rows."""
    groups = len(totals)
    resampled = np.empty((n, totals.shape[1]))
    step = max(1, CHUNK // groups)
    for start in range(0, n, step):
        draws = rng.integers(0, groups, size=(min(step, n - start), groups))
        draws += groups * np.arange(len(draws))[:, None]
        times = np.bincount(draws.ravel(), minlength=draws.size).reshape(draws.shape)
        resampled[start : start + step] = times @ totals
    return resampled


def resampled_means(totals: Floats, n: int, rng: np.random.Generator) -> Floats:
    """The mean of each of `n` resamples of the groups. totals: of each group, the sum and the count."""
    sums, counts = resampled_totals(totals, n, rng).T
    means: Floats = sums / counts
    return means


def percentiles(means: Floats, level: float) -> tuple[float, float]:
    """The interval in the middle that holds this share of the means."""
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
