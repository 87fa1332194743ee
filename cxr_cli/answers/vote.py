"""The answer that most samples give."""

from collections import Counter
from collections.abc import Sequence
from typing import Any


def majority(answers: Sequence[str | list[str] | None]) -> dict[str, Any]:
    """The answer given most often, of two given equally often the earlier one, and the share of samples that give it.

    None only if no sample answers. The order of a list does not matter.
    """
    votes = Counter(frozenset([a] if isinstance(a, str) else a) for a in answers if a is not None)
    if not votes:
        return {"answer": None, "share": 0.0}
    most, count = votes.most_common(1)[0]
    answer = next(a for a in answers if a is not None and frozenset([a] if isinstance(a, str) else a) == most)
    return {"answer": answer, "share": count / len(answers)}
