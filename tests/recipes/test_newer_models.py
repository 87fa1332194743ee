"""The memory that the recipes of newer models name is that of the plan, by the numbers of their configurations."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import needs

RECIPES = Path(__file__).parents[2] / "recipes"
TOWER = {"hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27, "num_attention_heads": 16}
GEMMA: dict[str, Any] = {
    "text_config": {"hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 34, "sliding_window": 1024},
    "vision_config": {**TOWER, "image_size": 896, "patch_size": 14, "vision_use_head": False},
}
MODELS: dict[str, tuple[str, dict[str, Any], float]] = {  # family, configuration, billions of parameters
    "medgemma-4b": ("gemma3", GEMMA, 4.30),
    "qwen3.5-9b": ("qwen3_5", {"vision_config": {"out_hidden_size": 4096}}, 9.41),
}


@needs("train")
@pytest.mark.parametrize("stage", ["sft", "rl"])
@pytest.mark.parametrize("name", MODELS)
def test_the_memory_of_a_recipe(name: str, stage: str) -> None:
    from transformers import AutoConfig

    from cxr_cli.engines.model_files import empty_model
    from cxr_cli.training.plan.memory import Sizes, estimate
    from cxr_cli.training.settings.config import read_settings

    family, numbers, billions = MODELS[name]
    config = AutoConfig.for_model(family, **numbers)
    parameters = sum(p.numel() for p in empty_model(config).parameters())
    assert round(parameters / 1e9, 2) == billions
    text = config.get_text_config()
    sizes = Sizes(parameters, parameters, text.hidden_size, text.num_hidden_layers, text.vocab_size)
    recipe = RECIPES / name / f"{stage}.yaml"
    settings = {name: setting.value for name, setting in read_settings(recipe, []).items()}
    assert settings["gradient_checkpointing"]
    arguments = SimpleNamespace(gradient_checkpointing=True, beta=settings.get("beta", 0))
    [(tokens, memory)] = re.findall(r"of ([\d,]+) tokens: (about [\d.]+ GiB a process)\.", recipe.read_text())
    in_batch = int(tokens.replace(",", "")) * settings["per_device_train_batch_size"]
    job: Any = SimpleNamespace(settings=settings)
    plan = estimate(job, arguments, sizes, 8, in_batch, generating=stage == "rl")
    assert plan.startswith(f"{memory}:")
