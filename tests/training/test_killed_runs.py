"""The recipe in small, killed in each of its stages and gone on with, makes the model that it makes undisturbed."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from tests.conftest import Cxr, needs
from tests.training.small_trainings import history

pytestmark = [needs("train"), pytest.mark.slow]

RECIPES = Path(__file__).parents[2] / "recipes" / "tiny-cpu"
SHORT = {  # settings over those of the recipe
    "sft": "max_steps=6 save_steps=3 learning_rate=3e-3 per_device_train_batch_size=8 gradient_accumulation_steps=2",
    "rl": "max_steps=3 save_steps=1 learning_rate=1e-3 per_device_train_batch_size=16 num_generations=8 "
    "num_iterations=2 max_completion_length=16 beta=0.01 warmup_steps=0",
}
BOTH = "size=56 logging_steps=1 freeze_vision=false"


def words(stage: str, drawn: Path, model: Path, out: Path) -> list[str]:
    """The command of a stage: 20 rows, of which the last batch of an epoch is not full."""
    sets = [word for text in f"{SHORT[stage]} {BOTH}".split() for word in ("--set", text)]
    where = ["-m", str(model), "-o", str(out), "--images", str(drawn), "--limit", "20"]
    return [stage, str(drawn / "steps.jsonl"), *where, "--config", str(RECIPES / f"{stage}.yaml"), *sets, "--resume"]


def killed_run(words: list[str], when: Callable[[], bool]) -> None:
    """Runs `cxr WORDS` until it is killed by SIGKILL."""
    process = subprocess.Popen([sys.executable, "-m", "cxr_cli", *words], stderr=subprocess.PIPE, text=True)
    while not when():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def digest(out: Path) -> str:
    return sha256((out / "model.safetensors").read_bytes()).hexdigest()


def test_a_recipe_that_is_killed_twice(cxr: Cxr, drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    """Once while a checkpoint is written, once between two of them."""

    def run(words: list[str]) -> None:
        done = cxr(*words)
        assert done.returncode == 0, done.stderr

    whole, killed = tmp_path / "whole", tmp_path / "killed"
    model = {whole: tiny_models["qwen2_vl"], killed: tiny_models["qwen2_vl"]}
    moments: dict[str, Callable[[], bool]] = {
        "sft": lambda: (killed / "sft" / "checkpoint-6").exists(),
        "rl": lambda: (killed / "rl" / "checkpoint-2").exists() and len(history(killed / "rl")) > 2,
    }
    for stage, moment in moments.items():
        run(words(stage, drawn, model[whole], whole / stage))
        killed_run(words(stage, drawn, model[killed], killed / stage), moment)
        assert not (killed / stage / "training.json").exists()
        run(words(stage, drawn, model[killed], killed / stage))
        assert digest(killed / stage) == digest(whole / stage) != digest(model[whole])
        name = "loss" if stage == "sft" else "reward"
        logs = [[(log["step"], log.get(name)) for log in history(out / stage)] for out in (killed, whole)]
        assert logs[0] == logs[1]
        model = {whole: whole / stage, killed: killed / stage}
