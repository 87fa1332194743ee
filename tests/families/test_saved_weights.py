"""vLLM gets the weights of every family as a checkpoint has them."""

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from recipes.tiny_model import FAMILIES
from tests.conftest import needs
from tests.families.test_parts import LORA
from tests.training.small_trainings import same, weights

pytestmark = needs("train")


@pytest.mark.parametrize(
    ("family", "lora"), [*((family, None) for family in FAMILIES), ("gemma3", LORA), ("qwen3_vl_moe", LORA)]
)
def test_weights_are_sent_as_they_are_saved(
    tiny_models: dict[str, Path], tmp_path: Path, family: str, lora: Any
) -> None:
    """By TRL's own walk through the model, bit for bit, and as published; a fresh adapter changes none."""
    from peft import get_peft_model
    from trl.generation.vllm_generation import VLLMGeneration

    from cxr_cli.training.grpo.vllm_weights import send_as_saved
    from cxr_cli.training.models import load_trainable

    model, _, config = load_trainable(str(tiny_models[family]), {"lora": lora} if lora else {})
    generation = VLLMGeneration.__new__(VLLMGeneration)  # without a vLLM
    generation.model = get_peft_model(model, config) if config else model
    generation._dist = SimpleNamespace(is_fsdp=False, gather_params=lambda _: nullcontext())
    send_as_saved(generation)
    sent = {name: weight.clone() for name, weight in generation._iter_named_params()}
    published = weights(tiny_models[family])
    assert same(sent, published)
    if not lora:
        model.save_pretrained(tmp_path)
        assert same(weights(tmp_path), published)
