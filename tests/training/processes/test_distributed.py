"""Trainings of several processes: ZeRO-2 and ZeRO-3; started by cxr on one node or two, by torchrun, deepspeed,
accelerate and as srun starts them; stopped and continued."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.training.small_trainings import ROLL, history, same, weights

pytestmark = pytest.mark.slow


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


FREE_PORT = "a free port"  # drawn when the command starts: one drawn earlier may be taken by then
ENVIRONMENT = {**os.environ, "DS_ACCELERATOR": "cpu", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
CXR = [sys.executable, "-m", "cxr_cli"]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", "-m", "cxr_cli"]
DEEPSPEED = [
    str(Path(sys.executable).with_name("deepspeed")),
    "--no_local_rank",
    *("--num_gpus", "2"),
    *("--master_port", FREE_PORT),  # DeepSpeed's default is the same for all
    "--module",
    "cxr_cli",
]
ACCELERATE = [
    *(
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        "--multi_gpu",
        "--num_machines",
        "1",
        "--mixed_precision",
        "no",
    ),
    *("--num_processes", "2", "--dynamo_backend", "no", "--main_process_port", "0", "--module", "cxr_cli"),
]


SHARE = """
import atexit, sys
import torch.distributed as group

atexit.register(lambda: print(f"in a group: {group.is_initialized()}", file=sys.stderr))

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


def run(words: list[str], cwd: Path, *environments: dict[str, str]) -> str:
    """Runs the command, once in each environment at the same time; returns their stderr."""
    words = [free_port() if word == FREE_PORT else word for word in words]
    started = [
        subprocess.Popen(words, cwd=cwd, env=ENVIRONMENT | more, stdout=-1, stderr=-1, text=True)
        for more in environments or ({},)
    ]
    errors = [process.communicate(timeout=900)[1] for process in started]
    assert [process.returncode for process in started] == [0] * len(started), "".join(errors)[-3000:]
    return "".join(errors)


def tasks() -> list[dict[str, str]]:
    """The environments that srun gives two tasks on a node."""
    shared = {"SLURM_STEP_NUM_TASKS": "2", "SLURM_LAUNCH_NODE_IPADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    return [{**shared, "SLURM_PROCID": str(n), "SLURM_LOCALID": str(n)} for n in range(2)]


def nodes() -> list[dict[str, str]]:
    """The environments that srun gives one task on each of two nodes, with the address of the first."""
    shared = {"SLURM_STEP_NUM_TASKS": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    return [{**shared, "SLURM_PROCID": str(n), "SLURM_NODEID": str(n)} for n in (0, 1)]


@pytest.mark.parametrize(
    ("stage", "launcher", "resumer", "more", "zero"),
    [
        ("sft", DEEPSPEED, ACCELERATE, [], "zero2"),
        ("rl", TORCHRUN, CXR, ["--reward", "letters:share", "--filter-variance", "2"], "zero3"),
    ],
)
def test_two_processes_train_and_resume(
    drawn: Path,
    tiny_models: dict[str, Path],
    tmp_path: Path,
    stage: str,
    launcher: list[str],
    resumer: list[str],
    more: list[str],
    zero: str,
) -> None:
    def words(out: str) -> list[str]:
        how = {"deepspeed": zero, "gradient_accumulation_steps": 2 if stage == "sft" else 1}
        return [*command(stage, drawn, tiny_models["qwen2_vl"], tmp_path / out, **how), *more]

    (tmp_path / "letters.py").write_text(SHARE)
    errors = run([*launcher, *words("whole")], tmp_path)
    assert errors.count("cxr: step 4/4") == 1  # the first rank alone logs
    assert errors.count("prompts vary in 2 answers") == (1 if more else 0)  # and asks the model about the prompts
    (tmp_path / "stopped").mkdir()
    shutil.copytree(tmp_path / "whole" / "checkpoint-2", tmp_path / "stopped" / "checkpoint-2")
    errors = run([*resumer, *words("stopped"), "--resume"], tmp_path, *(tasks() if resumer is CXR else ()))
    assert errors.count("cxr: continues") == errors.count("cxr: step 4/4") == 1
    assert errors.count("in a group: False") == (2 if more else 0)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "stopped"))
    assert not same(weights(tmp_path / "whole"), weights(tiny_models["qwen2_vl"]))


def test_sigterm_saves_and_the_same_command_goes_on(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    how = {"max_steps": 14, "save_steps": 100}
    words = [*CXR, *command("sft", drawn, tiny_models["qwen2_vl"], tmp_path / "out", **how), "--gpus", "2", "--resume"]
    first = subprocess.Popen(words, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while not (tmp_path / "out" / "history.jsonl").exists() and first.poll() is None:
        time.sleep(0.05)
    first.send_signal(signal.SIGTERM)
    _, errors = first.communicate(timeout=600)
    assert first.returncode == 143
    assert errors.count("the same command with --resume goes on") == 1
    assert "Traceback" not in errors
    assert not [line for line in errors.splitlines() if line.startswith(("E1", "W1"))]
    [checkpoint] = (tmp_path / "out").glob("checkpoint-*")
    stopped = int(checkpoint.name.removeprefix("checkpoint-"))
    assert 1 <= stopped < 14
    run(words, tmp_path)
    words = [*CXR, *command("sft", drawn, tiny_models["qwen2_vl"], tmp_path / "whole", **how), "--nodes", "2"]
    assert run(words, tmp_path, *nodes()).count("cxr: step 14/14") == 1
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "out"))
    assert [log["step"] for log in history(tmp_path / "out")] == [log["step"] for log in history(tmp_path / "whole")]


def test_an_error_of_all_processes_is_one_line(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").write_text("")
    words = [*command("sft", drawn, tiny_models["qwen2_vl"], tmp_path / "out")]
    words[1] = str(tmp_path / "empty.jsonl")
    alone = subprocess.run([*CXR, *words, "--gpus", "2"], env=ENVIRONMENT, capture_output=True, text=True)
    error = f"cxr: no rows in {tmp_path}/empty.jsonl\ncxr: no rows to train on\n"
    assert (alone.returncode, alone.stderr) == (1, error)
    both = [
        subprocess.Popen([*CXR, *words], env=ENVIRONMENT | more, stderr=subprocess.PIPE, text=True) for more in tasks()
    ]
    errors = [process.communicate(timeout=300)[1] for process in both]
    assert [process.returncode for process in both] == [1, 1]
    assert errors == [error, error.splitlines(keepends=True)[0]]


def test_an_error_of_a_step_has_no_traceback(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "failing.py").write_text(
        "def f(completions, **_):\n    texts = [completion[-1]['content'] for completion in completions]\n"
        "    return [1 / 0 if text else 0.0 for text in texts]\n"
    )
    words = [*command("rl", drawn, tiny_models["qwen2_vl"], tmp_path / "out"), "--reward", "failing:f", "--gpus", "2"]
    done = subprocess.run([*CXR, *words], cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "ZeroDivisionError at " in done.stderr
    assert "Traceback" not in done.stderr
