"""The tables of the miniature: `python -m recipes.mini.table seed-*/training-ablation.json ..` prints Markdown.

Reads comparisons printed by `cxr score --compare --format json`, of any number of ablations and seeds, and gives for
each model the mean over its seeds, with the standard deviation if there are several. Where damaged, verified and clean
chains were taught, `won back` is the share of the loss by damage that verification recovers. `--against MODEL` adds
tables of what each model has more than this one, seed by seed.
"""

import argparse
import json
import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from cxr_cli.scoring.tables.markdown import pipe_table

Line = tuple[str, str, str, str]
"""A model, a centre, a task, a metric."""
Means = dict[Line, list[float]]
"""The mean of each seed."""

COLUMNS = {
    **{f"accuracy, {task}": (task, "accuracy") for task in ("binary", "single", "anomaly")},
    **{part: ("all", part) for part in ("factuality", "completeness", "effectiveness")},
    **{metric: ("all", metric) for metric in ("sensitivity", "specificity", "consistency")},
}

GAINS = {
    "accuracy": ("all", "accuracy"),
    **{part: ("all", part) for part in ("factuality", "completeness", "sensitivity", "specificity", "consistency")},
}

DAMAGE = ("damaged", "verified", "sft")
MIN_LOSS = 0.01  # of a smaller loss no share is given


def tables(paths: Sequence[Path], against: str | None = None) -> Iterator[str]:
    """The lines of a table for each ablation and centre (in-domain, other); with `against`, of its gains too."""
    ablations: dict[str, list[Path]] = defaultdict(list)
    for path in paths:
        ablations[path.stem].append(path)
    for name, files in ablations.items():
        means, models = _means(files)
        for centre in dict.fromkeys(centre for _, centre, _, _ in means):
            yield f"{name.replace('-', ' ').capitalize()}, {centre}; {len(files)} seed{'s' * (len(files) > 1)}"
            yield ""
            body = [
                [model, *(_cell(means.get((model, centre, *key), ())) for key in COLUMNS.values())] for model in models
            ]
            if set(DAMAGE) <= set(models):
                chains = ([means.get((model, centre, *key), ()) for model in DAMAGE] for key in COLUMNS.values())
                body.append(["won back", *(_won_back(*of_each) for of_each in chains)])
            yield from pipe_table(["", *COLUMNS], ["---"] * (1 + len(COLUMNS)), body)
            yield ""
            if against is None:
                continue
            yield f"More than {against}, seed by seed"
            yield ""
            gains = [
                [model, *(_gain(means, (model, centre, *key), (against, centre, *key)) for key in GAINS.values())]
                for model in models
                if model != against
            ]
            yield from pipe_table(["", *GAINS], ["---"] * (1 + len(GAINS)), gains)
            yield ""


def _means(files: Sequence[Path]) -> tuple[Means, list[str]]:
    """(model, centre, task, metric) -> the mean of each seed; and the models in their order."""
    found: Means = defaultdict(list)
    models: list[str] = []
    for file in files:
        comparison = json.loads(file.read_text())
        models = [*dict.fromkeys([*models, *comparison["models"]])]
        for line in comparison["lines"]:
            if line["mean"] is not None:
                found[line["model"], line["centre"], line["task"], line["metric"]].append(line["mean"])
    return found, models


def _gain(means: Means, model: Line, against: Line) -> str:
    mine, theirs = means.get(model, []), means.get(against, [])
    if not mine or len(mine) != len(theirs):
        return "-"
    more = [a - b for a, b in zip(mine, theirs, strict=True)]
    spread = f" ± {statistics.stdev(more):.3f}" if len(more) > 1 else ""
    return f"{statistics.mean(more):+.3f}{spread}"


def _cell(means: Sequence[float]) -> str:
    if not means:
        return "-"
    spread = f" ± {statistics.stdev(means):.3f}" if len(means) > 1 else ""
    return f"{statistics.mean(means):.3f}{spread}"


def _won_back(damaged: Sequence[float], verified: Sequence[float], clean: Sequence[float]) -> str:
    if not (damaged and verified and clean):
        return "-"
    low, middle, high = (statistics.mean(means) for means in (damaged, verified, clean))
    return f"{(middle - low) / (high - low):.0%}" if high - low > MIN_LOSS else "-"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("comparisons", nargs="+", type=Path)
    parser.add_argument("--against", metavar="MODEL")
    given = parser.parse_args()
    print("\n".join(tables(given.comparisons, given.against)).strip())
