"""What a training reports while it runs: warnings, and the scores of held-out cases."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cxr_cli.errors import CxrError
from cxr_cli.findings import Lexicon
from cxr_cli.training.settings.job import Job, TrainingOptions
from tests.conftest import needs
from tests.training.small_trainings import rl, sft


@needs("train")
def test_each_problem_is_warned_of_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from cxr_cli.training.logs.log_callback import LogCallback

    callback = LogCallback(tmp_path)
    args = SimpleNamespace(train_batch_size=1, gradient_accumulation_steps=1, world_size=1)
    for step in range(1, 9):
        state = SimpleNamespace(is_world_process_zero=True, global_step=step, max_steps=8)
        logs = {"loss": 0.5, "frac_reward_zero_std": 1.0, "kl": 11.0}
        callback.on_log(args, state, None, logs={**logs, "completions/clipped_ratio": 1.0 if step > 2 else 0.0})
    warnings = [line for line in capsys.readouterr().err.splitlines() if "WARNING" in line]
    assert [line.partition("WARNING: ")[2].split(":")[0] for line in warnings] == [
        "all completions of a prompt are paid the same, so nothing is learned",
        "the model runs away from where it started (KL above 10)",
        "all completions are cut off",
    ]


def test_answers_are_scored_at_each_evaluation(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    settings = {"eval_cases": 3, "eval_tokens": 8, "eval_strategy": "steps", "eval_steps": 2}
    settings["evaluation"] = str(drawn / "steps.jsonl")
    settings["allow_overlap"] = True
    logs = sft(drawn, tiny_models["qwen2_vl"], tmp_path / "out", max_steps=2, **settings)
    assert any("eval_loss" in log for log in logs)
    assert [log["eval_answered"] for log in logs if "eval_answered" in log] == [0.0]


def test_answers_are_scored_by_the_lexicon_of_the_run(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cxr_cli.stages.sft import SftOptions, run

    scorers: list[Any] = []

    def train(job: Job, data: Any, scorer: Any) -> None:
        scorers.append(scorer)
        assert job.lexicon == str(lexicon)
        raise CxrError("stop")

    monkeypatch.setattr("cxr_cli.stages.sft.sft.train", train)
    lexicon, rows = tmp_path / "own.toml", [str(drawn / "steps.jsonl")]
    lexicon.write_text('[[finding]]\nname = "gizmo"\nterms = ["gizmo"]\nanswer = true\n')
    options = TrainingOptions(rows, str(tiny_models["qwen2_vl"]), tmp_path / "out", root=drawn)
    with pytest.raises(CxrError, match="stop"):
        run(SftOptions(options, unmentioned="unknown", lexicon=str(lexicon)))
    [scorer] = scorers
    assert "unmentioned:unknown" in scorer.signature
    assert f"lexicon:{Lexicon.load(lexicon).digest}" in scorer.signature


def test_rows_to_evaluate_on_are_evaluated_each_epoch(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    held_out = str(drawn / "steps.jsonl")
    logs = sft(
        drawn,
        tiny_models["qwen2_vl"],
        tmp_path / "out",
        num_train_epochs=2,
        limit=8,
        evaluation=held_out,
        allow_overlap=True,
    )
    assert [log["step"] for log in logs if "eval_loss" in log] == [2, 4]


def test_a_training_that_diverges_stops_and_saves_no_numbers_that_are_none(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    from cxr_cli.errors import CxrError

    broken = tmp_path / "broken"
    shutil.copytree(tiny_models["qwen2_vl"], broken)
    tensors = load_file(broken / "model.safetensors")
    name = next(name for name in tensors if "lm_head" in name)
    tensors[name][:] = 1e38  # finite, but not for long
    save_file(tensors, broken / "model.safetensors", {"format": "pt"})
    saved = {"save_strategy": "steps", "save_steps": 1, "max_steps": 3}
    with pytest.raises(CxrError, match=r"^step 1: .*lower learning_rate"):
        sft(drawn, broken, tmp_path / "out", **saved)
    assert not [*(tmp_path / "out").glob("checkpoint-*"), *(tmp_path / "out").glob("*.safetensors")]


@needs("train")
def test_weights_that_are_no_numbers_are_not_saved() -> None:
    import torch

    from cxr_cli.errors import CxrError
    from cxr_cli.training.checkpoint_callbacks import FiniteWeights

    model = torch.nn.Linear(2, 2)
    callback, control = FiniteWeights(), SimpleNamespace(should_save=True)
    callback.on_step_end(None, SimpleNamespace(global_step=7), control, model=model)
    with torch.no_grad():
        model.bias[1] = float("nan")
    with pytest.raises(CxrError, match=r"^step 7: weights became NaN or infinite \(the first is bias\): lower"):
        callback.on_step_end(None, SimpleNamespace(global_step=7), control, model=model)


def test_a_reward_that_never_applies_stops_the_training(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path
) -> None:
    from cxr_cli.errors import CxrError
    from cxr_cli.rewards.reward_mix import RewardMix

    def silent(completions: list[object], **_: object) -> list[float | None]:
        return [None] * len(completions)

    def fair(completions: list[object], **_: object) -> list[float | None]:
        return [0.5] * len(completions)

    mix = RewardMix({"fair": fair, "silent": silent}, [1.0, 1.0])
    with pytest.raises(CxrError, match=r"^step 5: the reward silent applied to no completion in the last 5 logs$"):
        rl(drawn, tiny_models["qwen2_vl"], tmp_path / "out", mix, max_steps=8)


def test_completions_are_logged_to_a_file(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the model writes is not for stderr. A training that goes on takes out what comes after its checkpoint."""
    settings = {"log_completions": True, "save_strategy": "steps", "save_steps": 1}
    logs = rl(drawn, tiny_models["qwen2_vl"], tmp_path / "out", max_steps=2, **settings)
    path = tmp_path / "out" / "completions.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["step"] for line in lines] == [1] * 8 + [2] * 8
    assert [set(line) for line in lines] == [{"step", "id", "completion", "rewards"}] * 16
    assert len({line["id"] for line in lines[:8]}) == 2
    paid = [line["rewards"]["letters"] for line in lines[:8]]
    assert sum(paid) / 8 == pytest.approx(logs[0]["rewards/letters/mean"])
    error = capsys.readouterr().err
    assert not [line for line in error.splitlines() if not line.startswith("cxr: ")]
    (tmp_path / "out" / "training.json").unlink()
    shutil.rmtree(tmp_path / "out" / "checkpoint-2")
    with path.open("a") as file:
        file.write('{"step": 3, "comp')
    rl(drawn, tiny_models["qwen2_vl"], tmp_path / "out", max_steps=2, **settings, resume=True)
    assert [json.loads(line) for line in path.read_text().splitlines()] == lines
