"""What rewards pull at: `python -m recipes.mini.pull ANSWERS --arm "process=process:2 consistency:1" --arm ..`.

ANSWERS: rows with several replies each (`cxr infer --samples 8 --temperature 1`). GRPO makes a reply likelier by its
advantage over the other replies to its question. For each arm, besides format and accuracy, this prints the covariance,
within a question, of the advantage with what is measured of a reply: how fast the measure grows when training begins,
at home, and away if the rewards were paid there. `like` is the correlation of the arm's advantages with those of the
first arm. It takes no training, and so says nothing of what transfers.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cxr_cli.rewards.functions import read_completions
from cxr_cli.rewards.reward_mix import RewardMix, select
from cxr_cli.rows import Row
from cxr_cli.scoring.metrics.completion import Completion
from cxr_cli.scoring.tables.markdown import pipe_table

Floats = NDArray[np.float64]
PROMPTS = 8  # that are paid together, as in a step of the training


def _factuality(one: Completion) -> float | None:
    return one.verdicts.count("supported") / len(one.verdicts) if one.verdicts else None


MEASURES = {
    "accuracy": Completion.accuracy,
    "factuality": _factuality,
    "sensitivity": lambda one: one.sensitivity_specificity()[0],
    "specificity": lambda one: one.sensitivity_specificity()[1],
    "consistency": Completion.consistency,
}


def centred(values: Floats) -> Floats:
    """Each value less the mean of its question, of shape (questions, replies); 0 for what is NaN."""
    known = ~np.isnan(values)
    means = np.where(known, values, 0).sum(1, keepdims=True) / np.maximum(1, known.sum(1, keepdims=True))
    return np.where(known, values - means, 0.0)


def advantages(mix: RewardMix, texts: Sequence[Sequence[str]], cases: Sequence[str]) -> Floats:
    """Of shape (questions, replies), as TRL's `normalize_then_sum` makes them."""
    parts = []
    for start in range(0, len(cases), PROMPTS):
        chosen = slice(start, start + PROMPTS)
        paid = mix.pay(
            [text for group in texts[chosen] for text in group],
            {"case": [case for case, group in zip(cases[chosen], texts[chosen], strict=True) for _ in group]},
        )
        summed = np.zeros((len(cases[chosen]), len(texts[0])))
        for weight, values in zip(mix.weights, paid.values(), strict=True):
            grouped = centred(values.reshape(summed.shape))
            summed += weight * grouped / (grouped.std(1, ddof=1, keepdims=True) + 1e-4)
        parts.append(summed / (summed.std(ddof=1) + 1e-4))
    return np.concatenate(parts)


def pulls(rows: Sequence[Row], arms: Mapping[str, RewardMix]) -> list[list[str]]:
    """A line for each arm: how like the first it is, and its covariance with each measure, with the standard error over
    the questions."""
    texts = [[prediction["text"] for prediction in row["predictions"]] for row in rows]
    cases = [json.dumps(row) for row in rows]
    read = [read_completions(group, {"case": [case] * len(group)}) for case, group in zip(cases, texts, strict=True)]
    measured = {
        name: np.array([[_number(of(one)) for one in group] for group in read]) for name, of in MEASURES.items()
    }
    all_advantages = {name: advantages(mix, texts, cases) for name, mix in arms.items()}
    first = next(iter(all_advantages.values()))
    lines = []
    for name, advantage in all_advantages.items():
        like = np.corrcoef(advantage.ravel(), first.ravel())[0, 1]
        pulled = [(advantage * centred(values)).mean(1) for values in measured.values()]
        lines.append(
            [name, f"{like:.2f}", *(f"{one.mean():.3f} ± {one.std() / len(one) ** 0.5:.3f}" for one in pulled)]
        )
    return lines


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("answers", type=Path)
    parser.add_argument("--arm", action="append", required=True, metavar="NAME=REWARD REWARD ..")
    parser.add_argument("--away", default="phantom-ward")
    given = parser.parse_args()
    named: dict[str, Any] = dict(text.split("=", 1) for text in given.arm)
    arms = {name: select(["format:1", "accuracy:1", *rewards.split()]) for name, rewards in named.items()}
    places: dict[str, list[Row]] = defaultdict(list)
    for text in given.answers.read_text().splitlines():
        row = json.loads(text)
        places["away" if row["source"] == given.away else "home"].append(row)
    body = [[place, *line] for place, rows in places.items() for line in pulls(rows, arms)]
    print("\n".join(pipe_table(["", "", "like", *MEASURES], ["---"] * (3 + len(MEASURES)), body)))


if __name__ == "__main__":
    main()
