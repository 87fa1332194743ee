"""A training that stopped goes on from its last whole checkpoint, bit for bit."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.training.models import FAMILIES
from tests.training.small_trainings import (
    FAST,
    rl,
    same,
    sft,
    weights,
)

LORA = {"r": 4, "alpha": 8, "dropout": 0.0, "target_modules": ["q_proj"]}

EVERY = [(stage, family, None) for stage in (sft, rl) for family in FAMILIES]

EVERY += [(sft, "qwen3_vl", LORA), (rl, "qwen2_vl", LORA)]

QUICK = [(sft, "qwen2_vl", None), (rl, "qwen2_5_vl", None), (sft, "qwen3_vl", LORA), (rl, "qwen2_vl", LORA)]


@pytest.mark.parametrize(
    ("stage", "family", "lora"),
    [case if case in QUICK else pytest.param(*case, marks=pytest.mark.slow) for case in EVERY],
)
def test_a_resumed_training_equals_an_uninterrupted_one(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, stage: Any, family: str, lora: Any
) -> None:
    settings = {"max_steps": 4, "save_strategy": "steps", "save_steps": 2, "lora": lora}
    whole = stage(drawn, tiny_models[family], tmp_path / "whole", **settings)
    (tmp_path / "stopped").mkdir()
    shutil.copytree(tmp_path / "whole" / "checkpoint-2", tmp_path / "stopped" / "checkpoint-2")
    (tmp_path / "stopped" / "checkpoint-3").mkdir()  # one that was being written
    shutil.copy(tmp_path / "whole" / "history.jsonl", tmp_path / "stopped")
    resumed = stage(drawn, tiny_models[family], tmp_path / "stopped", **settings, resume=True)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "stopped"))
    assert not same(weights(tmp_path / "whole"), weights(tmp_path / "whole" / "checkpoint-2"))
    assert [log["step"] for log in resumed] == [log["step"] for log in whole]
    name = "loss" if stage is sft else "reward"
    assert [log.get(name) for log in resumed] == [log.get(name) for log in whole]


def test_a_full_disk_leaves_the_last_checkpoint(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    sets = {**FAST, "max_steps": 4, "save_strategy": "steps", "save_steps": 2}
    words = [sys.executable, "-m", "cxr_cli", "sft", drawn / "steps.jsonl", "-m", tiny_models["qwen2_vl"]]
    words += ["-o", "out", "--images", drawn, *(w for n, v in sets.items() for w in ("--set", f"{n}={v}"))]
    line = shlex.join(map(str, words))
    full = subprocess.run(["bash", "-c", f"ulimit -f 1000; {line}"], cwd=tmp_path, capture_output=True, text=True)
    assert full.returncode == 1
    assert full.stderr.splitlines()[-1].endswith("no checkpoint was whole yet")
    assert "Traceback" not in full.stderr
    done = subprocess.run(["bash", "-c", f"{line} --resume"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "checkpoint-2 is not whole (trainer_state.json is missing); it is set aside" in full.stderr + done.stderr


def test_a_checkpoint_of_another_model_is_refused(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    sft(drawn, tiny_models["qwen2_5_vl"], tmp_path / "out", max_steps=1, save_strategy="steps", save_steps=1)
    (tmp_path / "out" / "run.json").unlink()
    with pytest.raises(CxrError, match="checkpoint-1 is of another model than the one that is trained"):
        sft(drawn, tiny_models["qwen2_vl"], tmp_path / "out", max_steps=2, resume=True)
