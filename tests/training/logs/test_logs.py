"""What a training reports while it runs: warnings, and the scores of held-out cases."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.conftest import needs
from tests.training.small_trainings import sft


@needs("train")
def test_each_problem_is_warned_of_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from cxr_cli.training.logs.log_callback import LogCallback

    callback = LogCallback(tmp_path)
    args = SimpleNamespace(train_batch_size=1, gradient_accumulation_steps=1, world_size=1)
    for step in range(1, 9):
        state = SimpleNamespace(is_world_process_zero=True, global_step=step, max_steps=8)
        logs = {"loss": float("nan") if step == 3 else 0.5, "frac_reward_zero_std": 1.0, "kl": 11.0}
        callback.on_log(args, state, None, logs={**logs, "completions/clipped_ratio": 1.0 if step > 2 else 0.0})
    warnings = [line for line in capsys.readouterr().err.splitlines() if "WARNING" in line]
    assert [line.partition("WARNING: ")[2].split(":")[0] for line in warnings] == [
        "the loss is not a number",
        "all completions of a prompt are paid the same, so nothing is learned",
        "the model runs away from where it started (KL above 10)",
        "all completions are cut off",
    ]


def test_answers_are_scored_at_each_evaluation(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    settings = {"eval_cases": 3, "eval_tokens": 8, "eval_strategy": "steps", "eval_steps": 2}
    settings["evaluation"] = str(drawn / "steps.jsonl")
    logs = sft(drawn, tiny_models["qwen2_vl"], tmp_path / "out", max_steps=2, **settings)
    assert any("eval_loss" in log for log in logs)
    assert [log["eval_answered"] for log in logs if "eval_answered" in log] == [0.0]
