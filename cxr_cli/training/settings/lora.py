"""LoRA: peft's configuration made of the setting `lora`, and an adapter that is trained further."""

import re
from collections.abc import Collection
from typing import Any

from cxr_cli.engines.model_files import ModelFiles, linear_layers, read_object, vision_parts
from cxr_cli.errors import CxrError
from cxr_cli.suggestions import did_you_mean


def check_adapter(files: ModelFiles, settings: dict[str, Any]) -> None:
    """Raises CxrError where an adapter is trained further and `lora` says something else than it is."""
    lora = settings.get("lora")
    if not (files.adapter and lora):
        return
    adapter = read_object(files.adapter / "adapter_config.json")
    pairs = {"r": "r", "alpha": "lora_alpha", "dropout": "lora_dropout"}
    for name, key in pairs.items():
        if lora[name] != adapter.get(key):
            raise CxrError(
                f"lora.{name} is {lora[name]}, and {adapter.get(key)} in the adapter {files.name}: leave it out"
            )
    if lora["target_modules"] and set(lora["target_modules"]) != set(adapter.get("target_modules") or ()):
        raise CxrError(f"lora.target_modules are not those of the adapter {files.name}: leave them out")


def lora_config(model: Any, settings: dict[str, Any]) -> Any:
    """peft's LoraConfig, or None for full weights: an adapter on the modules of the language model that
    `target_modules` names, by default on all its linear layers. Raises CxrError.

    Vision parts are left out, since vLLM silently ignores what an adapter changes there.
    """
    lora = settings.get("lora")
    if not lora:
        return None
    from peft import LoraConfig

    check_targets(model, lora["target_modules"] or ())
    vision = "|".join(map(re.escape, vision_parts(model)))
    names = lora["target_modules"] or sorted({path.rpartition(".")[2] for path, _ in linear_layers(model)})
    return LoraConfig(
        r=lora["r"],
        lora_alpha=lora["alpha"],
        lora_dropout=lora["dropout"],
        target_modules=list(names),
        exclude_modules=rf"({vision})(\..*)?",
        task_type="CAUSAL_LM",
    )


def adapted_layers(model: Any, names: Collection[str]) -> list[Any]:
    """The linear layers of the language model with these names, or with the ends of their paths: self_attn.q_proj."""
    return [layer for path, layer in linear_layers(model) if any(_is_called(path, name) for name in names)]


def check_targets(model: Any, names: Collection[str]) -> None:
    """Raises CxrError for a name that no linear layer of the language model has."""
    paths = [path for path, _ in linear_layers(model)]
    for name in names:
        if not any(_is_called(path, name) for path in paths):
            hint = did_you_mean(name, {path.rpartition(".")[2] for path in paths})
            raise CxrError(f"lora: the language model has no linear layer called {name or repr(name)}{hint}")


def _is_called(path: str, name: str) -> bool:
    return bool(name) and (path == name or path.endswith(f".{name}"))
