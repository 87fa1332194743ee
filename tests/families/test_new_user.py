"""A model in the shape of MedGemma goes the way of the README: films, cases, both trainings, answers, scores."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recipes import tiny_model
from tests.conftest import Tool, needs
from tests.training.small_trainings import same, weights

pytestmark = [needs("train"), pytest.mark.slow]
SHORT = {"size": 56, "learning_rate": 1e-3, "max_steps": 4, "save_strategy": "steps", "save_steps": 2}
SAMPLED = {**SHORT, "max_steps": 2, "max_completion_length": 16, "num_generations": 4, "per_device_train_batch_size": 8}


def sets(settings: dict[str, object]) -> list[str]:
    return [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]


def test_medgemma(tool: Tool, tmp_path: Path) -> None:
    def run(*arguments: object, stdin: str = "") -> str:
        done = tool(*arguments, stdin=stdin.encode())
        assert done.code == 0, done.err
        return done.out

    tiny_model.build(tmp_path / "model", "gemma3")
    run("phantom", "-n", 8, "-o", "films", "--size", 64, "--format", "png")
    (tmp_path / "steps.jsonl").write_text(run("verify", stdin=run("mine", "films/studies.jsonl", "--limit", 3)))
    rows = len((tmp_path / "steps.jsonl").read_text().splitlines())
    sft = ["sft", "steps.jsonl", "-m", "model", "--images", "films", *sets(SHORT)]
    assert "model (gemma3)" in run(*sft, "-o", "sft", "--dry-run")
    run(*sft, "-o", "sft")
    kill_at_the_first_checkpoint(tmp_path, [*sft, "-o", "killed"])
    run(*sft, "-o", "killed", "--resume")
    assert same(weights(tmp_path / "sft"), weights(tmp_path / "killed"))
    run("rl", "steps.jsonl", "-m", "sft", "--images", "films", "-o", "rl", *sets(SAMPLED))
    assert json.loads((tmp_path / "rl" / "training.json").read_text())["stage"] == "rl"
    asked = ["infer", "steps.jsonl", "-m", "rl", "--images", "films", "--engine", "transformers", "--max-tokens", 16]
    run(*asked, "-o", "answers.jsonl")
    answers = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert len(answers) == rows > 8
    assert all(len(row["predictions"]) == 1 for row in answers)
    assert "radrscore" in run("score", "answers.jsonl", "--summary")


def kill_at_the_first_checkpoint(folder: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "cxr_cli", *arguments]
    process = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE)
    state = folder / "killed" / "checkpoint-2" / "trainer_state.json"
    while not state.is_file():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
