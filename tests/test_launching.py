"""Trainings of several processes: ZeRO-2 and ZeRO-3, started by cxr, torchrun and deepspeed; stopped and continued."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.test_training import ROLL, history, same, weights

pytestmark = pytest.mark.slow

ENVIRONMENT = {**os.environ, "DS_ACCELERATOR": "cpu", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
CXR = [sys.executable, "-m", "cxr_cli"]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "cxr_cli"]
DEEPSPEED = [
    str(Path(sys.executable).with_name("deepspeed")),
    "--no_local_rank",
    "--num_gpus",
    "2",
    "--module",
    "cxr_cli",
]


SHARE = """
def share(completions, **_):
    texts = [completion[-1]["content"] for completion in completions]
    return [sum(c.isascii() and c.isalpha() for c in text) / max(1, len(text)) for text in texts]
"""


def command(stage: str, rows: Path, model: Path, out: Path, **settings: Any) -> list[str]:
    how = {**ROLL, "max_steps": 4, "save_strategy": "steps", "save_steps": 2, **settings}
    if stage == "sft":
        how = {k: v for k, v in how.items() if k not in ("num_generations", "max_completion_length", "beta")}
    sets = [word for name, value in how.items() for word in ("--set", f"{name}={value}")]
    return [stage, str(rows / "steps.jsonl"), "-m", str(model), "-o", str(out), "--images", str(rows), *sets]


def run(words: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(words, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stderr[-3000:]
    return done


@pytest.mark.parametrize(
    ("stage", "launcher", "more", "zero"),
    [
        ("sft", DEEPSPEED, [], "zero2"),
        ("rl", TORCHRUN, ["--reward", "letters:share"], "zero3"),
    ],
)
def test_two_processes_train_and_resume(
    drawn: Path,
    tiny_models: dict[str, Path],
    tmp_path: Path,
    stage: str,
    launcher: list[str],
    more: list[str],
    zero: str,
) -> None:
    def words(out: str, *flags: str) -> list[str]:
        return [
            *launcher,
            *command(stage, drawn, tiny_models["qwen2_vl"], tmp_path / out, deepspeed=zero),
            *more,
            *flags,
        ]

    (tmp_path / "letters.py").write_text(SHARE)
    done = run(words("whole"), tmp_path)
    assert done.stderr.count("cxr: step 4/4") == 1  # one rank alone speaks
    (tmp_path / "stopped").mkdir()
    shutil.copytree(tmp_path / "whole" / "checkpoint-2", tmp_path / "stopped" / "checkpoint-2")
    run(words("stopped", "--resume"), tmp_path)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "stopped"))
    assert not same(weights(tmp_path / "whole"), weights(tiny_models["qwen2_vl"]))


def test_sigterm_saves_and_the_same_command_goes_on(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    more = ["--gpus", "2"]
    how = {"max_steps": 24, "save_steps": 100}
    words = [*CXR, *command("sft", drawn, tiny_models["qwen2_vl"], tmp_path / "out", **how), *more, "--resume"]
    first = subprocess.Popen(words, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while not (tmp_path / "out" / "history.jsonl").exists() and first.poll() is None:
        time.sleep(0.05)
    first.send_signal(signal.SIGTERM)
    _, errors = first.communicate(timeout=120)
    assert first.returncode != 0
    assert "the same command with --resume goes on" in errors
    [checkpoint] = (tmp_path / "out").glob("checkpoint-*")
    stopped = int(checkpoint.name.removeprefix("checkpoint-"))
    assert 1 <= stopped < 24
    run(words, tmp_path)
    run([*CXR, *command("sft", drawn, tiny_models["qwen2_vl"], tmp_path / "whole", **how), *more], tmp_path)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "out"))
    assert [log["step"] for log in history(tmp_path / "out")] == [log["step"] for log in history(tmp_path / "whole")]
