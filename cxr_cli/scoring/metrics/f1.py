"""F1: the harmonic mean of precision and recall."""


def f1(precision: float, recall: float) -> float:
    """0 if both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0
