"""A training that stopped goes on from its last whole checkpoint, bit for bit."""

import resource
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cxr_cli.errors import CxrError
from tests.training.small_trainings import (
    check_resumed,
    history,
    rl,
    same,
    sft,
    weights,
)

LORA = {"r": 4, "alpha": 8, "dropout": 0.0, "target_modules": ["q_proj"]}


@pytest.mark.parametrize(
    ("stage", "family", "lora"),
    [(sft, "qwen2_vl", None), (rl, "qwen2_5_vl", None), (sft, "qwen3_vl", LORA), (rl, "qwen2_vl", LORA)],
)
def test_a_resumed_training_equals_an_uninterrupted_one(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, stage: Any, family: str, lora: Any
) -> None:
    check_resumed(stage, drawn, tiny_models[family], tmp_path, lora=lora)


def test_a_full_disk_leaves_the_last_checkpoint(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A limit on files stands in for the end of the disk: both fail in the middle of a write."""
    where = (drawn, tiny_models["qwen2_vl"], tmp_path / "out")
    train = partial(sft, *where, max_steps=4, save_strategy="steps", save_steps=2)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(CxrError, match="no checkpoint was whole yet"):
            train()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    train(resume=True)
    error = capsys.readouterr().err
    assert "checkpoint-2 is not whole (trainer_state.json is missing); it is set aside" in error


def test_a_checkpoint_of_another_model_is_refused(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    sft(drawn, tiny_models["qwen2_5_vl"], tmp_path / "out", max_steps=1, save_strategy="steps", save_steps=1)
    (tmp_path / "out" / "run.json").unlink()
    with pytest.raises(CxrError, match="checkpoint-1 is of another model than the one that is trained"):
        sft(drawn, tiny_models["qwen2_vl"], tmp_path / "out", max_steps=2, resume=True)


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("trainer_state.json", b'{"global_st', "trainer_state.json is damaged"),
        ("trainer_state.json", None, "trainer_state.json is missing"),
        ("trainer_state.json", b"[]", "trainer_state.json is damaged"),
        ("trainer_state.json", b'{"global_step": "4"}', "trainer_state.json is damaged"),
        ("config.json", None, "config.json is missing"),
        ("config.json", b"{", "config.json is damaged"),
        ("scheduler.pt", None, "scheduler.pt is missing"),
        ("rng_state.pth", None, "rng_state.pth is missing"),
        ("optimizer.pt", slice(1500, 3000), "optimizer.pt is damaged"),
        ("model.safetensors", 1000, "model.safetensors is damaged"),
        ("model.safetensors", None, "its weights are missing"),
        ("model.safetensors.index.json", b'{"weight_map": {"a": "gone.safetensors"}}', "gone.safetensors is missing"),
        ("optimizer.pt", 1000, "optimizer.pt is damaged"),
        ("rng_state.pth", 100, "rng_state.pth is damaged"),
    ],
)
def test_a_damaged_checkpoint_is_set_aside(
    checkpoints: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: Any, fault: str
) -> None:
    """content: of the file; its length, if it was cut off; the bytes that became 0; None: it is gone."""
    from cxr_cli.training.checkpoints import last_checkpoint

    out = shutil.copytree(checkpoints, tmp_path / "out")
    (out / "broken-checkpoint-4").mkdir()  # of an earlier time
    path = out / "checkpoint-4" / name
    if content is None:
        path.unlink()
    elif isinstance(content, slice):
        data = bytearray(path.read_bytes())
        data[content] = bytes(len(data[content]))
        path.write_bytes(data)
    else:
        path.write_bytes(path.read_bytes()[:content] if isinstance(content, int) else content)
    assert last_checkpoint(out) == str(out / "checkpoint-2")
    assert f"checkpoint-4 is not whole ({fault}); it is set aside" in capsys.readouterr().err
    assert (out / "broken-checkpoint-4.2").is_dir()


def test_a_checkpoint_without_its_optimizer_is_refused(checkpoints: Path, tmp_path: Path) -> None:
    from cxr_cli.training.checkpoints import last_checkpoint

    out = shutil.copytree(checkpoints, tmp_path / "out")
    (out / "checkpoint-4" / "optimizer.pt").unlink()
    with pytest.raises(CxrError, match="checkpoint-4 was saved without its optimizer"):
        last_checkpoint(out)
    assert (out / "checkpoint-4").is_dir()


@pytest.fixture(scope="module")
def checkpoints(drawn: Path, tiny_models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a training with the checkpoints 2 and 4."""
    out = tmp_path_factory.mktemp("trainings") / "out"
    sft(drawn, tiny_models["qwen2_vl"], out, max_steps=4, save_strategy="steps", save_steps=2)
    return out


def test_lora_and_full_weights_do_not_continue_each_other(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    saved = {"save_strategy": "steps", "save_steps": 1}
    for name, first, second in (("a", None, LORA), ("b", LORA, None)):
        sft(drawn, tiny_models["qwen2_vl"], tmp_path / name, max_steps=1, lora=first, **saved)
        (tmp_path / name / "run.json").unlink()  # of an older version, which wrote none
        with pytest.raises(CxrError, match="is of another model than the one that is trained: one is a LoRA adapter"):
            sft(drawn, tiny_models["qwen2_vl"], tmp_path / name, max_steps=2, lora=second, **saved, resume=True)


def test_an_adapter_of_another_rank_is_refused(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    saved = {"save_strategy": "steps", "save_steps": 1}
    sft(drawn, tiny_models["qwen2_vl"], tmp_path / "out", max_steps=1, lora=LORA, **saved)
    (tmp_path / "out" / "run.json").unlink()  # of an older version, which wrote none
    with pytest.raises(CxrError, match=r"checkpoint-1 is of another model than the one that is trained: its shape$"):
        sft(drawn, tiny_models["qwen2_vl"], tmp_path / "out", max_steps=2, lora={**LORA, "r": 8}, **saved, resume=True)


@pytest.mark.parametrize("reuse", [{"num_iterations": 2}, {"steps_per_generation": 4}], ids=str)
def test_a_checkpoint_falls_between_two_generations(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, reuse: dict[str, int]
) -> None:
    """GRPO that trains several steps on the same completions is saved where it generates anew."""
    settings = {"max_steps": 8, "save_strategy": "steps", "save_steps": 3, "save_total_limit": 9, **reuse}
    rl(drawn, tiny_models["qwen2_vl"], tmp_path / "whole", **settings)
    saved = sorted(path.name for path in (tmp_path / "whole").glob("checkpoint-*"))
    assert saved == ["checkpoint-4", "checkpoint-6", "checkpoint-8"][:: 1 if "num_iterations" in reuse else 2]
    (tmp_path / "stopped").mkdir()
    shutil.copytree(tmp_path / "whole" / "checkpoint-4", tmp_path / "stopped" / "checkpoint-4")
    rl(drawn, tiny_models["qwen2_vl"], tmp_path / "stopped", **settings, resume=True)
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "stopped"))


def test_a_checkpoint_falls_between_two_generations_in_each_epoch(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    """A generation of 3 batches, a step of 2: an epoch of 3 generations ends with a step of one batch."""
    settings = {"steps_per_generation": 3, "gradient_accumulation_steps": 2, "limit": 18, "max_completion_length": 4}
    saved = {"save_strategy": "steps", "save_steps": 1, "save_total_limit": 9, "max_steps": 9}
    rl(drawn, tiny_models["qwen2_vl"], tmp_path / "out", **settings, **saved)
    steps = sorted(int(path.name.partition("-")[2]) for path in (tmp_path / "out").glob("checkpoint-*"))
    assert steps == [3, 5, 8, 9]


@pytest.mark.parametrize(("family", "lora"), [("qwen2_vl", None), ("qwen3_vl", None), ("qwen2_vl", LORA)])
def test_the_best_model_is_that_of_its_checkpoint(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, family: str, lora: Any
) -> None:
    """`load_best_model_at_end`, with a loss that rises: each tensor is that of the best checkpoint."""
    settings = {"max_steps": 4, "learning_rate": 0.5, "load_best_model_at_end": True, "save_total_limit": 9}
    steps = {"save_strategy": "steps", "save_steps": 2, "eval_strategy": "steps", "eval_steps": 2}
    held_out = str(drawn / "steps.jsonl")
    sft(
        drawn,
        tiny_models[family],
        tmp_path / "out",
        lora=lora,
        evaluation=held_out,
        allow_overlap=True,
        **settings,
        **steps,
    )
    losses = {log["step"]: log["eval_loss"] for log in history(tmp_path / "out") if "eval_loss" in log}
    best, other = sorted(losses, key=losses.__getitem__)
    assert same(weights(tmp_path / "out"), weights(tmp_path / "out" / f"checkpoint-{best}"))
    assert not same(weights(tmp_path / "out"), weights(tmp_path / "out" / f"checkpoint-{other}"))


RECIPE = {"gradient_accumulation_steps": 2, "num_train_epochs": 2, "warmup_steps": 0.1, "save_strategy": "steps"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stage", "workers", "schedule"), [(sft, 0, "cosine"), (sft, 2, "constant"), (rl, 0, "constant"), (rl, 2, "cosine")]
)
def test_a_resumed_training_with_what_recipes_use(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, stage: Any, workers: int, schedule: str
) -> None:
    """Accumulation, evaluation on the way, two epochs, a last batch that is not full, warm-up. Each pair of stage,
    workers and schedule once."""
    rows = (drawn / "steps.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "rows.jsonl").write_text("".join(rows[:18]))
    settings: dict[str, Any] = {**RECIPE, "lr_scheduler_type": schedule, "dataloader_num_workers": workers}
    settings["sources"] = [str(tmp_path / "rows.jsonl")]
    if stage is sft:
        settings |= {
            "evaluation": str(tmp_path / "rows.jsonl"),
            "allow_overlap": True,
            "eval_strategy": "epoch",
            "eval_cases": 2,
        }
        settings |= {"eval_tokens": 8}
    whole = stage(drawn, tiny_models["qwen2_vl"], tmp_path / "whole", save_steps=2, save_total_limit=99, **settings)
    for step in (2, 4):
        out = tmp_path / f"from-{step}"
        out.mkdir()
        shutil.copytree(tmp_path / "whole" / f"checkpoint-{step}", out / f"checkpoint-{step}")
        shutil.copy(tmp_path / "whole" / "history.jsonl", out)
        resumed = stage(drawn, tiny_models["qwen2_vl"], out, save_steps=2, resume=True, **settings)
        assert same(weights(tmp_path / "whole"), weights(out))
        name = "loss" if stage is sft else "reward"
        assert [log.get(name) for log in resumed] == [log.get(name) for log in whole]
