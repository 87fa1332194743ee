"""How far two judges agree."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def spearman(a: Sequence[float] | Floats, b: Sequence[float] | Floats) -> float | None:
    """Rank correlation, ties at their mean rank; None if one of the two never varies."""
    if len(a) < 2:
        return None
    one, other = _ranks(np.asarray(a, np.float64)), _ranks(np.asarray(b, np.float64))
    return float(np.corrcoef(one, other)[0, 1]) if np.ptp(one) and np.ptp(other) else None


def kappa(pairs: Mapping[tuple[str, str], int]) -> float | None:
    """Cohen's kappa. pairs: (verdict of one, verdict of the other) -> how often. None if both say but one thing."""
    n = sum(pairs.values())
    first: Counter[str] = Counter()
    second: Counter[str] = Counter()
    for (a, b), count in pairs.items():
        first[a] += count
        second[b] += count
    chance = sum(first[verdict] * second[verdict] for verdict in first) / n**2 if n else 1.0
    if chance == 1:
        return None
    same = sum(count for (a, b), count in pairs.items() if a == b) / n
    return (same - chance) / (1 - chance)


def told(judges: Sequence[str], pairs: Mapping[tuple[str, str], int]) -> str:
    """How far two judges agree, for a person: "rules and llm agree on 3 of 4 steps (0.750), Cohen's kappa 0.500"."""
    n, value = sum(pairs.values()), kappa(pairs)
    same = sum(count for (a, b), count in pairs.items() if a == b)
    share, shown = f"{same / n:.3f}" if n else "-", "-" if value is None else f"{value:.3f}"
    return f"{' and '.join(judges)} agree on {same} of {n} steps ({share}), Cohen's kappa {shown}"


def _ranks(values: Floats) -> Floats:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return ranks
