"""Which part of a vision-language model is its language model: found by structure, whatever its modules are called."""

from collections.abc import Iterator
from typing import Any

from cxr_cli.errors import CxrError


def vision_parts(model: Any) -> list[str]:
    """The paths of what a model has beside its language model, each as far up as can be: its vision tower, its
    projector, single parameters. ["model.visual"], ["model.vision_tower", "model.multi_modal_projector"].

    The language model is transformers' `get_decoder()`, with the embeddings of its tokens and its head. CxrError: the
    model does not tell the two apart.
    """
    paths = [*_beside(model, _language_modules(model), "")]
    if not paths:
        raise CxrError(
            f"the model family {model.config.model_type}: no vision tower is found beside what get_decoder() gives"
        )
    return paths


def vision_parameters(model: Any) -> Iterator[tuple[str, Any]]:
    """The parameters of these parts, with their names. Raises CxrError."""
    paths = vision_parts(model)
    for name, parameter in model.named_parameters():
        if any(name == path or name.startswith(f"{path}.") for path in paths):
            yield name, parameter


def linear_layers(model: Any) -> Iterator[tuple[str, Any]]:
    """The linear layers of the language model, with their paths: not those of vision parts, nor the head."""
    import torch

    decoder = model.get_decoder()
    prefix = next((path for path, module in model.named_modules() if module is decoder), "")
    for path, module in decoder.named_modules(prefix=prefix):
        if isinstance(module, torch.nn.Linear):
            yield path, module


def empty_model(config: Any) -> Any:
    """A vision-language model without weights, to look at its parts. It takes no memory."""
    import torch
    from transformers import AutoModelForImageTextToText

    with torch.device("meta"):
        return AutoModelForImageTextToText.from_config(config, trust_remote_code=False)


def _language_modules(model: Any) -> set[int]:
    parts = (model.get_decoder(), model.get_input_embeddings(), model.get_output_embeddings())
    return {id(module) for part in parts if part is not None for module in part.modules()}


def _beside(module: Any, language: set[int], path: str) -> Iterator[str]:
    """The paths in a module that hold no module of the language model."""
    yield from (f"{path}{name}" for name, _ in module.named_parameters(recurse=False))
    for name, child in module.named_children():
        if id(child) in language:
            continue
        if any(id(inner) in language for inner in child.modules()):
            yield from _beside(child, language, f"{path}{name}.")
        elif any(True for _ in child.parameters()):
            yield f"{path}{name}"
