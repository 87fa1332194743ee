"""A training's history as pictures."""

import json
from pathlib import Path
from typing import Any

_GROUPS = {
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


def draw(out: Path) -> list[Path]:
    """OUT/curves/NAME.png for what OUT/history.jsonl holds; the files."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    history = [json.loads(line) for line in (out / "history.jsonl").read_text().splitlines()]
    drawn = []
    for title, wanted in _GROUPS.items():
        series = {name: _points(history, name) for name in _names(history, wanted)}
        if not any(series.values()):
            continue
        figure = Figure(figsize=(6.4, 4), layout="constrained")
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
        drawn.append(path)
    return drawn


def _names(history: list[dict[str, Any]], wanted: tuple[str, ...]) -> list[str]:
    seen = dict.fromkeys(name for row in history for name in row)
    return [
        n
        for n in seen
        if n in wanted or any(w.endswith("/") and n.startswith(w) and n.endswith("/mean") for w in wanted)
    ]


def _points(history: list[dict[str, Any]], name: str) -> list[tuple[int, float]]:
    return [(row["step"], row[name]) for row in history if isinstance(row.get(name), int | float)]
