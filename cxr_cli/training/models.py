"""The model that is trained: full weights or an adapter, what is frozen."""

from typing import Any

from cxr_cli.engines.local_models import load_processor, locate, takes_images
from cxr_cli.errors import CxrError

FAMILIES = ("qwen2_vl", "qwen2_5_vl", "qwen3_vl")


def load(model: str, settings: dict[str, Any]) -> tuple[Any, Any, Any]:
    """The model in training mode, its processor, and the LoRA configuration for the trainer (None: full weights).

    A LoRA adapter as `model` is trained further. Raises CxrError.
    """
    import torch
    from transformers import AutoConfig, AutoModelForImageTextToText, logging

    located = locate(model, settings.get("revision"))
    config = AutoConfig.from_pretrained(located.base, revision=settings.get("revision"))
    if not takes_images(config):
        raise CxrError(f"{model} is a language model: films need a vision-language model")
    if config.model_type not in FAMILIES:
        raise CxrError(
            f"{model} is of the family {config.model_type}; trained are {', '.join(FAMILIES)}. Another needs a chat "
            "template that takes images, an image processor, and its name in cxr_cli/training/models.py"
        )
    logging.disable_progress_bar()
    half = torch.cuda.is_available() and (settings.get("deepspeed") or settings.get("lora") or located.adapter)
    more = {"attn_implementation": settings["attn_implementation"]} if settings.get("attn_implementation") else {}
    loaded: Any = AutoModelForImageTextToText.from_pretrained(
        located.base,
        revision=settings.get("revision"),
        dtype=torch.bfloat16 if half else torch.float32,  # full weights in bf16 alone would lose small updates
        use_safetensors=True,
        **more,
    )
    processor = load_processor(located.base, settings.get("revision"))
    if located.adapter:
        from peft import PeftModel

        return PeftModel.from_pretrained(loaded, str(located.adapter), is_trainable=True), processor, None
    if settings.get("freeze_vision"):
        for name, parameter in loaded.named_parameters():
            if "visual" in name:
                parameter.requires_grad_(False)
    return loaded, processor, lora_config(loaded, settings)


def lora_config(model: Any, settings: dict[str, Any]) -> Any:
    """peft's LoraConfig, or None for full weights. Raises CxrError for a module that the model does not have."""
    lora = settings.get("lora")
    if not lora:
        return None
    from peft import LoraConfig

    names = lora["target_modules"] or ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    there = {name for name, _ in model.named_modules()}
    missing = [n for n in names if not any(t == n or t.endswith(f".{n}") for t in there)]
    if missing:
        raise CxrError(f"lora: the model has no module called {missing[0]}")
    return LoraConfig(
        r=lora["r"],
        lora_alpha=lora["alpha"],
        lora_dropout=lora["dropout"],
        target_modules=list(names),
        exclude_modules=".*visual.*",  # vLLM leaves out what an adapter changes there, without a word
        task_type="CAUSAL_LM",
    )
