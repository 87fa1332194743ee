"""The weights that vLLM gets while a model is trained: named and shaped as in a checkpoint, which vLLM knows."""

from collections.abc import Iterator
from typing import Any

from transformers.core_model_loading import revert_weight_conversion


def send_as_saved(generation: Any) -> None:
    """Lets TRL's VLLMGeneration send each weight as `save_pretrained` would write it.

    By itself it sends them as they are in memory, where several families name them differently, and mixtures of experts
    have them transposed.
    """
    in_memory = generation._iter_named_params
    model = generation.model.get_base_model() if hasattr(generation.model, "peft_config") else generation.model

    def as_saved() -> Iterator[tuple[str, Any]]:
        for name, weight in in_memory():
            yield from revert_weight_conversion(model, {name: weight}).items()

    generation._iter_named_params = as_saved
