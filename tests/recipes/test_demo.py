"""`recipes/demo.mk`: the whole of it in small; and, where `make demo` has run, that its model has learned."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import mean

import pytest

from tests.conftest import needs
from tests.recipes.own_commands import with_own_commands

ROOT = Path(__file__).parents[2]
SMALL = ("FILMS=200", "TEST=2", "SEE=3", "TELL=3", "SFT=3", "RL=4", "BATCH=16", "OMP_NUM_THREADS=1")
Make = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """`make("-n")` runs the demo in small, with this tool on the path, into a temporary folder."""
    env = with_own_commands(tmp_path)

    def run_make(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["make", "-f", "recipes/demo.mk", f"OUT={tmp_path}/out", *SMALL, *arguments]
        return subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=1200)

    return run_make


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@needs("train")
@pytest.mark.slow
def test_the_demo_in_small_and_once_more(make: Make, tmp_path: Path) -> None:
    done = make()
    assert done.returncode == 0, done.stderr[-2000:]
    out = tmp_path / "out"
    named = re.findall(r"^  (\S+/\S+): ", done.stdout, re.MULTILINE)
    assert [Path(path).relative_to(out).as_posix() for path in named] == [
        "page.html",
        "rl/curves/reward.png",
        "plots/radrscore_parts.png",
    ]
    assert all(Path(path).stat().st_size > 10_000 for path in named[:2])  # the last needs a RadRScore
    assert not {row["patient"] for row in rows(out / "test.jsonl")} & {
        row["patient"] for row in rows(out / "steps.jsonl")
    }
    results = done.stdout[done.stdout.index("\nSome of") :]
    assert make().stdout == results  # nothing is done twice
    (out / "drawn-rl.jsonl").unlink()
    again = [line.split()[:2] for line in make("-n").stdout.splitlines() if line.startswith("cxr ")]
    assert again == [["cxr", "infer"], ["cxr", "score"], ["cxr", "view"]]


def test_the_model_of_the_demo_has_learned() -> None:
    """`make demo` comes first."""
    out = ROOT / "build" / "demo" / "seed-0"
    if not (out / "page.html").exists():
        pytest.skip("make demo has not run")
    command = [sys.executable, "-m", "cxr_cli", "score", str(out / "answers.jsonl"), "--summary", "--format", "json"]
    summary = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    scores = {line["metric"]: line for line in summary["lines"]}
    assert scores["format"]["mean"] >= 0.95
    assert scores["accuracy"]["low"] > 0.5
    assert scores["completeness"]["mean"] > 0.5
    rewards = [log["reward"] for log in rows(out / "rl" / "history.jsonl") if "reward" in log]
    third = len(rewards) // 3
    assert len(rewards) >= 20
    assert mean(rewards[-third:]) > mean(rewards[:third])
