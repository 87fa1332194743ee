"""Trainings of tiny models, a few steps long: `sft(drawn, model, out, max_steps=2)` gives the history."""

import json
import shutil
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from cxr_cli import rewards
from cxr_cli.errors import CxrError
from cxr_cli.library.rules import Rules
from cxr_cli.rewards.reward_mix import RewardMix
from cxr_cli.training.settings.job import Job, TrainingOptions
from tests.cases import Row

FAST = {
    "size": 56,
    "per_device_train_batch_size": 4,
    "gradient_accumulation_steps": 1,
    "learning_rate": 1e-3,
    "warmup_steps": 0,
    "logging_steps": 1,
    "save_strategy": "no",
}
ROLL = {**FAST, "num_generations": 4, "per_device_train_batch_size": 8, "max_completion_length": 12, "beta": 0.0}


def make_job(drawn: Path, model: Path, out: Path, **settings: Any) -> Job:
    names = {field.name for field in fields(Job)}
    more = {name: settings.pop(name) for name in [*settings] if name in names}
    more = {"sources": [str(drawn / "steps.jsonl")], **more}
    return Job(model=str(model), out=out, settings=settings, root=drawn, **more)


def sft(drawn: Path, model: Path, out: Path, *, dry_run: bool = False, **settings: Any) -> list[Row]:
    """Trains and returns the history."""
    from cxr_cli.stages import sft

    sft.train(make_job(drawn, model, out, **{**FAST, **settings}), Rules(), dry_run=dry_run)
    return history(out)


def rl(drawn: Path, model: Path, out: Path, chosen: RewardMix | None = None, **settings: Any) -> list[Row]:
    from cxr_cli.stages import rl

    rl.train(make_job(drawn, model, out, **{**ROLL, **settings}), chosen or letter_reward())
    return history(out)


def check_resumed(stage: Any, drawn: Path, model: Path, folder: Path, **settings: Any) -> None:
    """Trains in folder/whole; a training that stops at the first checkpoint, half of the way, and goes on ends with the
    same weights, by the same losses and rewards. stage: `sft` or `rl`."""
    settings = {"max_steps": 4, "save_strategy": "steps", **settings}
    half = settings["max_steps"] // 2
    whole, stopped, first = folder / "whole", folder / "stopped", f"checkpoint-{half}"
    logs = stage(drawn, model, whole, **settings, save_steps=half)
    stopped.mkdir(parents=True)
    shutil.copytree(whole / first, stopped / first)
    (stopped / f"checkpoint-{half + 1}").mkdir()  # one that was being written
    for name in ("history.jsonl", "run.json"):
        shutil.copy(whole / name, stopped)
    resumed = stage(drawn, model, stopped, **settings, save_steps=half, resume=True)
    assert same(weights(whole), weights(stopped))
    assert not same(weights(whole), weights(whole / first))
    for name in ("step", "loss", "reward"):
        assert [log.get(name) for log in resumed] == [log.get(name) for log in logs]


def history(out: Path) -> list[Row]:
    return [json.loads(line) for line in (out / "history.jsonl").read_text().splitlines()]


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    [file] = folder.glob("*.safetensors")
    return load_file(file)


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    import torch

    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def letter_reward() -> RewardMix:
    """The share of letters in a completion, a reward that a model with random weights can increase."""

    def letters(completions: Any, **_: Any) -> list[float | None]:
        texts = [completion[-1]["content"] for completion in completions]
        return [sum(c.isascii() and c.isalpha() for c in text) / max(1, len(text)) for text in texts]

    return RewardMix({"letters": letters, "process": rewards.process}, [1.0, 0.0])


def error_of(out: Path, *inputs: Path, sets: Any = (), model: Any = "x", mix: Any = (), **more: Any) -> str:
    """The error with which `cxr sft` refuses to train."""
    from cxr_cli.stages import sft

    options = TrainingOptions([str(path) for path in inputs], model, out, sets=sets, **more)
    with pytest.raises(CxrError) as error:
        sft.run(sft.SftOptions(options, mix))
    return str(error.value)
