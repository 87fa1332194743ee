"""Do two lists of numbers rise together?"""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def spearman(a: ArrayLike, b: ArrayLike) -> float | None:
    """Spearman's rank correlation, ties at their mean rank; None if one of the two never varies."""
    one, other = _ranks(np.asarray(a, np.float64)), _ranks(np.asarray(b, np.float64))
    if len(one) < 2:
        return None
    return float(np.corrcoef(one, other)[0, 1]) if np.ptp(one) and np.ptp(other) else None


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: NDArray[np.float64] = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return ranks
