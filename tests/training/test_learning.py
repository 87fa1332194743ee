"""Tiny models learn, in full and as adapters."""

import json
from pathlib import Path

import pytest

from cxr_cli.errors import CxrError
from tests.cases import Row
from tests.training.small_trainings import rl, same, sft, weights


def test_sft_learns(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    trained = sft(drawn, tiny_models["qwen2_vl"], tmp_path / "out", max_steps=12, seed=1)
    untrained = sft(drawn, tiny_models["qwen2_vl"], tmp_path / "still", max_steps=12, seed=1, learning_rate=0.0)
    assert trained[11]["loss"] < untrained[11]["loss"] - 0.5
    assert abs(untrained[11]["loss"] - untrained[0]["loss"]) < 0.3
    assert same(weights(tmp_path / "still"), weights(tiny_models["qwen2_vl"]))


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_grpo_learns(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, seed: int) -> None:
    settings = {"seed": seed, "lr_scheduler_type": "constant", "learning_rate": 2e-3}
    trained = rl(drawn, tiny_models["qwen2_vl"], tmp_path / "out", **settings, max_steps=24)
    untrained = rl(
        drawn, tiny_models["qwen2_vl"], tmp_path / "still", **{**settings, "learning_rate": 0.0}, max_steps=8
    )

    def late(logs: list[Row]) -> float:
        return sum([log["rewards/letters/mean"] for log in logs if "rewards/letters/mean" in log][-8:]) / 8

    assert late(trained) > late(untrained) + 0.05
    assert {"rewards/process/mean", "statements", "entropy", "frac_reward_zero_std"} <= trained[0].keys()


def base_of(adapter: Path) -> str:
    name: str = json.loads((adapter / "adapter_config.json").read_text())["base_model_name_or_path"]
    return name


def test_an_adapter_names_its_base_wherever_it_is_used(
    drawn: Path, tiny_models: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny_models["qwen2_vl"].parent)
    lora = {"r": 4, "alpha": 8, "dropout": 0.0, "target_modules": ["q_proj"]}
    sft(drawn, Path("qwen2_vl"), tmp_path / "first", max_steps=1, lora=lora)
    sft(drawn, tmp_path / "first", tmp_path / "second", max_steps=1)
    assert [base_of(tmp_path / name) for name in ("first", "second")] == [str(tiny_models["qwen2_vl"])] * 2


def test_lora_trains_an_adapter_and_continues_it(drawn: Path, tiny_models: dict[str, Path], tmp_path: Path) -> None:
    lora = {"r": 4, "alpha": 8, "dropout": 0.0, "target_modules": ["q_proj", "v_proj"]}
    sft(drawn, tiny_models["qwen2_vl"], tmp_path / "sft", max_steps=3, lora=lora, freeze_vision=True)
    adapter = weights(tmp_path / "sft")
    assert len(adapter) == 8
    assert all("visual" not in name for name in adapter)
    rl(drawn, tmp_path / "sft", tmp_path / "rl", max_steps=2, beta=0.1)
    assert [base_of(tmp_path / name) for name in ("sft", "rl")] == [str(tiny_models["qwen2_vl"])] * 2
    assert not same(weights(tmp_path / "rl"), adapter)
    with pytest.raises(CxrError, match="lora: the language model has no linear layer called w_proj"):
        sft(drawn, tiny_models["qwen2_vl"], tmp_path / "no", lora={**lora, "target_modules": ["w_proj"]})
