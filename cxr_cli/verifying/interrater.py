"""How far two judges agree."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_ENGINE_PART = re.compile(r"engine:([^|]+)")


def kappa(pairs: Mapping[tuple[str, str], int]) -> float | None:
    """Cohen's kappa. pairs: (verdict of one, verdict of the other) -> how often. None if both only ever give one."""
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


def agreement_text(judges: Sequence[str], pairs: Mapping[tuple[str, str], int]) -> str:
    """How far two judges agree, for a person: "rules and llm agree on 3 of 4 steps (0.750), Cohen's kappa 0.500"."""
    n, value = sum(pairs.values()), kappa(pairs)
    same = sum(count for (a, b), count in pairs.items() if a == b)
    share, kappa_text = f"{same / n:.3f}" if n else "-", "-" if value is None else f"{value:.3f}"
    return f"{' and '.join(judges)} agree on {same} of {n} steps ({share}), Cohen's kappa {kappa_text}"


def verdicts(row: Mapping[str, Any]) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """For each step of a verified row that two have judged: who they are, and their verdicts.

    {"checked_by": "engine:human|..", "steps": [{"verdict": "supported", "second": {"judge": "rules", "verdict":
    "contradicted"}}]}  ->  ("human", "rules"), ("supported", "contradicted")
    """
    first = _ENGINE_PART.match(row.get("checked_by") or "")
    for chain in (row, *(row.get("predictions") or ())):
        for step in chain.get("steps") or ():
            second = step.get("second") if isinstance(step, Mapping) else None
            if first and second and step.get("verdict") and second.get("verdict"):
                yield (first[1], second["judge"]), (step["verdict"], second["verdict"])
