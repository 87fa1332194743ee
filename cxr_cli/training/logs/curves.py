"""Plots of a training's history."""

import json
from pathlib import Path
from typing import Any

import jsonlines

_PLOTS = {
    "loss": ("loss", "eval_loss"),
    "reward": ("reward", "rewards/"),
    "statements": ("sensitivity", "specificity"),
    "kl": ("kl",),
    "length": ("completions/mean_length",),
    "entropy": ("entropy",),
    "evaluation": (
        "eval_answered",
        "eval_accuracy",
        "eval_format",
        "eval_factuality",
        "eval_completeness",
        "eval_effectiveness",
    ),
}


def draw_curves(out: Path) -> list[Path]:
    """Draws OUT/curves/NAME.png for each group of metrics in OUT/history.jsonl that was logged more than once; returns
    their paths."""
    from matplotlib.figure import Figure

    with jsonlines.open(out / "history.jsonl", loads=json.loads) as lines:  # of Python, which takes NaN
        history: list[dict[str, Any]] = [*lines]
    paths = []
    for title, metrics in _PLOTS.items():
        series = {name: _points(history, name) for name in _logged(history, metrics)}
        if not any(len(points) > 1 for points in series.values()):
            continue
        figure = Figure(figsize=(6.4, 4))  # a layout that is computed would take longer than the drawing
        axes = figure.subplots()
        for name, points in series.items():
            label = name.removeprefix("rewards/").removesuffix("/mean")
            axes.plot(*zip(*points, strict=True), marker="." if len(points) < 40 else None, label=label)
        axes.set(title=title, xlabel="step")
        axes.grid(alpha=0.3)
        if len(series) > 1:
            axes.legend()
        path = out / "curves" / f"{title}.png"
        path.parent.mkdir(exist_ok=True)
        figure.savefig(path, dpi=120)
        paths.append(path)
    return paths


def _logged(history: list[dict[str, Any]], metrics: tuple[str, ...]) -> list[str]:
    """The logged names of these metrics; `rewards/` stands for each `rewards/NAME/mean`."""
    groups = tuple(metric for metric in metrics if metric.endswith("/"))
    names = dict.fromkeys(name for log in history for name in log)
    return [name for name in names if name in metrics or (name.startswith(groups) and name.endswith("/mean"))]


def _points(history: list[dict[str, Any]], name: str) -> list[tuple[int, float]]:
    """(step, value) of each log that has a number of this name."""
    return [(log["step"], log[name]) for log in history if isinstance(log.get(name), int | float)]
