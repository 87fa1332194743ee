"""recipes/chestx-reasoner.mk and recipes/slurm: from downloaded data sets to the table of results."""

import json
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from recipes import tiny_model
from tests.conftest import needs
from tests.recipes.test_benchmark import FOLDERS, PATH, read, trees

RECIPES = Path(__file__).parents[2] / "recipes"
GIVEN = [f"{name}={folder}" for name, folder in FOLDERS.items()]
STAGES = ["# Test", "# Train", "# One folder", "# What is in it", "# Answers alone", "# Stage 1", "# What sft answers"]
STAGES += ["# Can the rewards", "# Stage 2", "# What rl answers", "# Results", "# For the page", "# A page"]
TINY = {
    "OUT": "out",
    "LIMIT": "10",
    "TEST_EACH": "4",
    "TRAIN_EACH": "20",
    "EVERY": "2",
    "FINDINGS": "edema,cardiomegaly",
    "MODEL": "model",
    "BASELINES": "untrained=model",
    "GPUS": "1",
    "SFT": f"--config {RECIPES}/tiny-cpu/sft.yaml --set max_steps=6 --set save_steps=2 "
    "--set per_device_train_batch_size=8 --set size=56",
    "RL": f"--config {RECIPES}/tiny-cpu/rl.yaml --set max_steps=2 --set max_completion_length=16 "
    "--set per_device_train_batch_size=16 --set size=56",
    "INFER": "--engine transformers --size 56 --max-tokens 16",
    "VIEW_EVERY": "5",
}


def line(*arguments: str, **settings: str) -> list[str]:
    return ["make", "-f", str(RECIPES / "chestx-reasoner.mk"), *arguments, *(f"{k}={v}" for k, v in settings.items())]


def start(folder: Path, *arguments: str, **settings: str) -> subprocess.Popen[str]:
    env = {**os.environ, "PATH": PATH, "CXR_CACHE": str(folder / "cache"), "CUDA_VISIBLE_DEVICES": ""}
    env["OMP_NUM_THREADS"] = "1"  # beside other tests
    words = line(*arguments, **settings)
    return subprocess.Popen(words, cwd=folder, env=env, stdout=-1, stderr=-1, text=True, start_new_session=True)


def make(folder: Path, *arguments: str, **settings: str) -> tuple[str, str]:
    """Its stdout and stderr."""
    process = start(folder, *arguments, **settings)
    out, errors = process.communicate(timeout=600)
    assert process.returncode == 0, errors[-3000:]
    return out, errors


def killed(folder: Path, when: Callable[[], bool]) -> str:
    """Runs it until `when`, then kills it and all that it has started; its stdout."""
    process = start(folder, *GIVEN, **TINY)
    while not when():
        assert process.poll() is None, process.communicate()[1][-3000:]
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    return process.communicate()[0]


@needs("train")
@pytest.mark.slow
def test_from_data_sets_to_the_table_killed_twice(tmp_path: Path) -> None:
    trees(tmp_path)
    tiny_model.build(tmp_path / "model")
    out = tmp_path / "out"
    killed(tmp_path, (out / "sft" / "checkpoint-2" / "trainer_state.json").is_file)
    assert not (out / "sft" / "training.json").exists()
    part = out / "answered" / "rl" / "1.jsonl.part.jsonl"
    resumed = killed(tmp_path, lambda: part.is_file() and part.stat().st_size > 0)
    assert not (out / "answered" / "rl" / "1.jsonl").exists()
    assert "# Stage 1" in resumed
    assert "cxr mine" not in resumed
    kept = read(part)
    last, _ = make(tmp_path, *GIVEN, **TINY)
    assert "# Stage" not in last
    assert last.index("# What rl answers") < last.index("# What untrained answers")
    assert "Nothing to be done" in make(tmp_path, *GIVEN, **TINY)[0]

    trained = [json.loads((out / stage / "training.json").read_text()) for stage in ("sft", "rl")]
    assert [(made["stage"], made["steps"]) for made in trained] == [("sft", 6), ("rl", 2)]
    test = sorted(row["id"] for row in read(out / "test.jsonl"))
    for model in ("sft", "rl", "untrained"):
        answered = read(out / "answered" / f"{model}.jsonl")
        assert sorted(row["id"] for row in answered) == test
        assert all(len(row["predictions"]) == 1 for row in answered)
    assert {row["id"] for row in kept} < set(test)
    answers = read(out / "answers.jsonl")
    assert {row["steps"] for row in answers} == {None}
    assert not {row["patient"] for row in answers} & {row.get("patient") for row in read(out / "test.jsonl")}
    assert "honest chain" in (out / "audit.txt").read_text()
    table = (out / "results" / "table.md").read_text()
    assert "| in-domain mean |" in table
    assert "| other centres mean |" in table
    assert {"sft", "rl", "untrained"} <= set(re.findall(r"\w+", table))
    assert "\\toprule" in (out / "results" / "table.tex").read_text()
    assert list((out / "results" / "figures").glob("*.svg"))
    assert "untrained" in (out / "results" / "page.html").read_text()


@needs("train")
@pytest.mark.slow
def test_plan_estimates_the_cost(tmp_path: Path) -> None:
    trees(tmp_path)
    tiny_model.build(tmp_path / "model")
    counts = {"studies.mimic-cxr.train": "1000", "studies.mimic-cxr.test": "100"}
    plan, _ = make(tmp_path, "plan", "MIMIC_CXR=mimic_cxr", **{**TINY, **counts, "SAMPLE": "10"})
    numbers = {row.split()[0]: row.split()[1:] for row in plan.splitlines() if re.match(r"(train|test|answers)/", row)}
    assert set(numbers) == {f"{a}/mimic-cxr.{b}" for a in ("train", "test") for b in ("binary", "tasks")} | {
        "answers/mimic-cxr"
    }
    sampled, studies, rows = numbers["train/mimic-cxr.tasks"]
    assert (int(studies.replace(",", "")), int(rows.replace(",", ""))) == (1000, 100 * int(sampled))
    assert int(numbers["train/mimic-cxr.binary"][2]) <= 40
    assert int(numbers["test/mimic-cxr.binary"][2]) <= 8
    assert "stage 1: 6 steps of 8 rows" in plan
    assert "stage 2: 2 steps of 16 completions" in plan
    assert re.search(r"^LLM .* requests, .* tokens in, .* out$", plan, re.M)
    assert not (tmp_path / "out" / "sft").exists()


def dry_run(folder: Path, *arguments: str, **settings: str) -> str:
    return make(folder, "-n", *arguments, **settings)[0]


def test_make_n_lists_the_steps(tmp_path: Path) -> None:
    commands = dry_run(tmp_path, *GIVEN)
    places = [commands.index(stage) for stage in STAGES]
    assert places == sorted(places)
    assert (
        "--mix chestx-reasoner/train.jsonl:0.25 --mix chestx-reasoner/answers.jsonl:0.75 -m Qwen/Qwen2-VL-7B"
        in commands
    )
    sampled = [command for command in commands.splitlines() if "cxr mine" in command and "--every" in command]
    assert len(sampled) == 4  # of two data sets the other tasks, and answers alone
    assert '--compare --in-domain "mimic-cxr,ms-cxr-t,chexpert" --format markdown' in commands
    assert not list(tmp_path.glob("chestx*"))
    assert "--in-domain" not in dry_run(tmp_path, "MIMIC_CXR=mimic")


def test_a_model_writes_the_steps(tmp_path: Path) -> None:
    commands = dry_run(tmp_path, "MIMIC_CXR=mimic", MINER="http://gpu:8000/v1 --allow-remote")
    assert commands.count("--steps reported -m http://gpu:8000/v1 --allow-remote || test $? -eq 3; } | cxr verify") == 4
    assert commands.count("--steps none >") == 1


def test_any_number_of_gpus_has_the_batch_of_the_paper(tmp_path: Path) -> None:
    commands = dry_run(tmp_path, "MIMIC_CXR=mimic", GPUS="8", NODES="4", LAUNCH="srun")
    assert commands.count("srun cxr ") == 2
    assert re.findall(r"accumulation_steps=(\d+)", commands) == ["2", "32"]
    assert commands.count("--gpus 8 --nodes 4 --resume") == 2
    assert re.findall(r"accumulation_steps=(\d+)", dry_run(tmp_path, "MIMIC_CXR=mimic", GPUS="1")) == ["64", "1024"]


def test_a_shard_of_the_answers(tmp_path: Path) -> None:
    commands = dry_run(
        tmp_path, "MIMIC_CXR=mimic", "shard.3", SHARDS="4", BASELINES="a=org/a b=http://localhost:8000/v1"
    )
    assert re.findall(r"cxr infer \S+ -m (\S+) .* --shard (\S+)", commands) == [
        (model, "3/4") for model in ("chestx-reasoner/sft", "chestx-reasoner/rl", "org/a", "http://localhost:8000/v1")
    ]


def test_nothing_to_train_on(tmp_path: Path) -> None:
    done = subprocess.run(line("RSNA=rsna"), cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert "there is nothing to train on; give MIMIC_CXR= or CHEXPERT=" in done.stderr


# Slurm


def slurm(folder: Path, script: str, *arguments: str, **stubs: str) -> subprocess.Popen[str]:
    """Runs a batch script where make and Slurm's commands only record their calls, in `calls`."""
    for name in ("make", "scancel", "scontrol"):
        stub = folder / "bin" / name
        stub.parent.mkdir(exist_ok=True)
        stub.write_text(
            f'#!/bin/bash\necho "{name} $*" "${{LAUNCH:-}}" "${{SHARDS:-}}" >> calls\n{stubs.get(name, "")}\n'
        )
        stub.chmod(0o755)
    commands = {"SLURM_JOB_ID": "7", "SLURM_JOB_NUM_NODES": "4", "SLURM_CPUS_PER_TASK": "64", "SLURM_GPUS_ON_NODE": "8"}
    commands |= {"SLURM_ARRAY_TASK_COUNT": "16", "SLURM_ARRAY_TASK_ID": "3", "OUT": "out"}
    env = {**os.environ, **commands, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    words = ["bash", str(RECIPES / "slurm" / f"{script}.sbatch"), *arguments]
    return subprocess.Popen(words, cwd=folder, env=env, stderr=-1, text=True)


def calls(folder: Path) -> list[str]:
    return [" ".join(shlex.split(call)) for call in (folder / "calls").read_text().splitlines()]


def test_slurm_calls_make(tmp_path: Path) -> None:
    assert slurm(tmp_path, "rows").wait() == 0
    assert slurm(tmp_path, "infer").wait() == 0
    assert slurm(tmp_path, "train", "rl").wait() == 0
    assert calls(tmp_path) == [
        "make -f recipes/chestx-reasoner.mk -j 64 out/card/README.md out/answers.jsonl out/audit.txt",
        "make -f recipes/chestx-reasoner.mk shard.3 16",
        "make -f recipes/chestx-reasoner.mk out/rl/training.json srun --cpus-per-task=64",
    ]


def test_slurm_queues_a_training_again_when_its_time_is_up(tmp_path: Path) -> None:
    job = slurm(
        tmp_path, "train", "sft", make="until [[ -e asked ]]; do sleep 0.05; done; exit 2", scancel="touch asked"
    )
    while not (tmp_path / "calls").exists():
        time.sleep(0.02)
    job.send_signal(signal.SIGUSR1)
    assert job.wait() == 2
    assert [call.split()[0] for call in calls(tmp_path)] == ["make", "scancel", "scontrol"]
    assert calls(tmp_path)[1].startswith("scancel --signal=TERM 7")
    assert calls(tmp_path)[2].startswith("scontrol requeue 7")


def test_slurm_does_not_queue_a_failed_training_again(tmp_path: Path) -> None:
    assert slurm(tmp_path, "train", "sft", make="exit 2").wait() == 2
    assert [call.split()[0] for call in calls(tmp_path)] == ["make"]
