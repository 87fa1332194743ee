"""Loading a model to train: full weights or an adapter, with the vision tower frozen or not."""

from pathlib import Path
from typing import Any

from cxr_cli.engines.model_files import (
    ModelFiles,
    add_adapter,
    load_config,
    load_processor,
    load_weights,
    locate,
    takes_images,
    vision_parameters,
)
from cxr_cli.errors import CxrError
from cxr_cli.training.settings.lora import check_adapter, lora_config


def locate_trainable(model: str, revision: str | None = None) -> tuple[ModelFiles, Any]:
    """Where a model lies, and its configuration. Raises CxrError for one that cannot be trained."""
    files = locate(model, revision)
    config = load_config(files.base, revision)
    if not takes_images(config):
        raise CxrError(f"{model} is a language model: films need a vision-language model")
    return files, config


def load_trainable(model: str, settings: dict[str, Any]) -> tuple[Any, Any, Any]:
    """The model in training mode, its processor, and the LoRA configuration for the trainer.

    The configuration is None for full weights, and where `model` is the folder of a LoRA adapter, which is then trained
    further. Raises CxrError.
    """
    import torch
    from transformers import AutoModelForImageTextToText

    revision = settings.get("revision")
    files, _ = locate_trainable(model, revision)
    check_adapter(files, settings)
    half = torch.cuda.is_available() and (settings.get("deepspeed") or settings.get("lora") or files.adapter)
    attention = {"attn_implementation": settings["attn_implementation"]} if settings.get("attn_implementation") else {}
    folder = Path(files.base)
    base_name = str(folder.absolute()) if folder.is_dir() else files.base  # an adapter keeps it, wherever it is used
    base = load_weights(
        AutoModelForImageTextToText,
        base_name,
        revision,
        dtype=torch.bfloat16 if half else torch.float32,  # full weights in bf16 alone would lose small updates
        **attention,
    )
    keep_router_quiet(base)
    save_experts_as_published(base)
    processor = load_processor(files.base, revision)
    if files.adapter:
        adapted = add_adapter(base, files.adapter, is_trainable=True)
        adapted.peft_config["default"].base_model_name_or_path = base_name
        return adapted, processor, None
    if settings.get("freeze_vision"):
        for _, parameter in vision_parameters(base):
            parameter.requires_grad_(False)
    return base, processor, lora_config(base, settings)


def keep_router_quiet(model: Any) -> None:
    """Lets a mixture of experts give its router's logits only where a loss asks for them. TRL's SFTTrainer asks for
    them always, by the configuration, and then the model cannot write: nor can who loads it with TRL."""
    text_config = model.config.get_text_config()
    if getattr(text_config, "output_router_logits", False):
        text_config.output_router_logits = False


def save_experts_as_published(model: Any) -> None:
    """Lets a model be saved with the weights of its experts turned as published checkpoints and vLLM have them.
    transformers reads either way, and by itself writes them as they are in memory."""
    from transformers.core_model_loading import Transpose

    for conversion in getattr(model, "_weight_conversions", None) or ():
        for operation in getattr(conversion, "operations", ()):
            if isinstance(operation, Transpose):
                operation.check_dims = False
