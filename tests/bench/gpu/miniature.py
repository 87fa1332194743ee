"""Every stage in miniature, by recipes/demo.mk: from drawn films to a model that learns, and its scores."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.gpu.result import Result
from tests.bench.gpu.scale import Scale
from tests.recipes.own_commands import with_own_commands

ROOT = Path(__file__).parents[3]
READABLE, CHANCE = 0.95, 0.5  # share of replies in the form that is taught; accuracy of who guesses


def run(scale: Scale, folder: Path, seconds: float) -> Iterator[Result]:
    """The final model answers questions about new patients; with `scale.demo` it has learned nothing."""
    out = folder / "miniature"
    out.mkdir()
    answers = f"{out}/answers.jsonl"
    given = [f"{name}={value}" for name, value in {"OUT": out, **scale.demo}.items()]
    env = with_own_commands(out)
    make = ["make", "-f", "recipes/demo.mk", *given, answers]
    subprocess.run(make, cwd=ROOT, env=env, check=True, stdout=sys.stderr)
    score = [sys.executable, "-m", "cxr_cli", "score", answers, "--summary", "--format", "json"]
    lines = json.loads(subprocess.run(score, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)["lines"]
    binary = {line["metric"]: line for line in lines if line["task"] == "binary"}
    readable, right = binary["format"], binary["accuracy"]
    replies, small = readable["n"] + readable["nulls"], "of so few steps nothing is asked"
    share = (readable["mean"] or 0.0) * readable["n"] / replies
    passed = None if scale.demo else share >= READABLE
    measured = f"{share:.0%} of {replies}"
    yield Result("miniature", "readable replies", measured, small if scale.demo else f">= {READABLE:.0%}", passed)
    measured, passed = "no reply was read", None if scale.demo else False
    if right["low"] is not None:
        measured = f"{right['mean']:.2f} ({right['low']:.2f} to {right['high']:.2f}) of {right['n']}"
        passed = None if scale.demo else right["low"] > CHANCE
    bar = small if scale.demo else f"its interval wholly above {CHANCE}"
    yield Result("miniature", "accuracy, yes or no", measured, bar, passed)
