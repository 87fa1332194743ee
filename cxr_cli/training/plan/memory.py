"""An estimate of the memory that a training takes, from the model's configuration alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cxr_cli.engines.model_files import (
    add_adapter,
    check_files_finite,
    empty_model,
    load_processor,
    load_weights,
    vision_parameters,
)
from cxr_cli.training.models import locate_trainable
from cxr_cli.training.plan.model_requirements import check_model
from cxr_cli.training.settings.job import Job
from cxr_cli.training.settings.lora import adapted_layers, check_adapter, lora_config

GIB = 2**30
_TILE = (4096, 32768)  # tokens and words of the vocabulary, of which TRL holds logits at once


@dataclass(frozen=True)
class Sizes:
    """parameters: how many the model has. trainable: how many the training changes, those of an adapter if there is
    one. hidden, layers, vocabulary: of its language model."""

    parameters: int
    trainable: int
    hidden: int
    layers: int
    vocabulary: int


def sizes_of(job: Job) -> tuple[str, Sizes]:
    """The model, `NAME (FAMILY)`, and its sizes. Weights in a folder are read: CxrError if one is missing, damaged,
    of another shape, or no finite number."""
    from transformers import AutoModelForImageTextToText

    files, config = locate_trainable(job.model, job.settings.get("revision"))
    check_adapter(files, job.settings)
    if Path(files.base).is_dir():
        model: Any = load_weights(AutoModelForImageTextToText, files.base, device_map="meta")
        check_files_finite(Path(files.base))
    else:
        model = empty_model(config)
    check_model(model, load_processor(files.base, job.settings.get("revision")))
    lora = lora_config(model, job.settings)
    frozen = {name for name, _ in vision_parameters(model)} if job.settings.get("freeze_vision") else set()
    adapted = adapted_layers(model, lora.target_modules) if lora else []
    if files.adapter:
        model = add_adapter(model, files.adapter, is_trainable=True)
        check_files_finite(files.adapter)
    text = config.get_text_config()
    parameters = sum(p.numel() for p in model.parameters())
    trainable = sum(p.numel() for name, p in model.named_parameters() if p.requires_grad and name not in frozen)
    if lora is not None:
        trainable = sum(lora.r * (layer.in_features + layer.out_features) for layer in adapted)
    sizes = Sizes(parameters, trainable, text.hidden_size, text.num_hidden_layers, text.vocab_size)
    return f"{files.name} ({config.model_type})", sizes


def estimate(job: Job, arguments: Any, sizes: Sizes, processes: int, tokens: int, *, generating: bool) -> str:
    """Memory of a process, give or take a third: `about 59.3 GiB a process: weights 15.4, gradients 7.7, ..`

    Each parameter takes 2 bytes for its weight in bf16, 4 in float32, and 2 more there for a copy if `bf16` computes
    with one. One that is trained takes as much as its weight for its gradient, and 12 bytes for Adam's states and the
    master weight, 8 in float32. ZeRO-2 shares gradients and states among processes, ZeRO-3 the weights too; offloading
    moves states to the CPU. Activations take 34 bytes x tokens x hidden size x layers in bf16 (Korthikanti et al.
    2022); with checkpointing what goes from layer to layer, and those of one layer. TRL makes logits in tiles, and adds
    up the gradient of the head in float32.

    tokens: of a batch. generating: of GRPO, which loads a reference model too if `beta` is not 0, in the model's own
    precision.
    """
    name = str(job.settings.get("deepspeed") or "")
    stage = 3 if "zero3" in name else 2 if "zero2" in name else 0
    half = bool(stage or job.settings.get("lora"))
    width = 2 if half else 4
    computed = 2 if half or arguments.bf16 else 4
    shared = processes if stage == 3 else 1
    weights = sizes.parameters * (width if half or not arguments.bf16 else width + 2) / shared
    gradients = sizes.trainable * width / (processes if stage else 1)
    states = 0.0 if "offload" in name else sizes.trainable * (12 if half else 8) / (processes if stage else 1)
    of_layer = 17 * computed
    between, inside = (width, of_layer) if arguments.gradient_checkpointing else (of_layer, 0)
    tile = min(tokens, _TILE[0]) * min(sizes.vocabulary, _TILE[1]) * computed
    head = 0 if job.settings.get("lora") else 4 * sizes.hidden * sizes.vocabulary
    activations = tokens * sizes.hidden * (between * sizes.layers + inside) + tile + head
    has_reference = generating and arguments.beta and not job.settings.get("lora")
    reference = sizes.parameters * width / shared if has_reference else 0.0
    total = weights + gradients + states + activations + reference
    parts = {
        "weights": weights,
        "gradients": gradients,
        "states": states,
        "activations": activations,
        "reference": reference,
    }
    breakdown = ", ".join(f"{part} {size / GIB:.1f}" for part, size in parts.items() if size)
    return f"about {total / GIB:.1f} GiB a process: {breakdown}"
