"""LoRA: peft's configuration made of the setting `lora`, and an adapter that is trained further."""

import re
from typing import Any

from cxr_cli.engines.model_files import ModelFiles, linear_layers, read_object, vision_parts
from cxr_cli.errors import CxrError


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
    `target_modules` names, by default on all its linear layers. CxrError: it has no such module, ..

    Vision parts are left out, since vLLM silently ignores what an adapter changes there.
    """
    lora = settings.get("lora")
    if not lora:
        return None
    from peft import LoraConfig

    names = lora["target_modules"] or sorted({path.rpartition(".")[2] for path, _ in linear_layers(model)})
    vision = "|".join(map(re.escape, vision_parts(model)))
    paths = [path for path, _ in model.named_modules() if not re.match(rf"({vision})(\.|$)", path)]
    missing = [name for name in names if not any(path == name or path.endswith(f".{name}") for path in paths)]
    if missing:
        raise CxrError(f"lora: the language model has no module called {missing[0]}")
    return LoraConfig(
        r=lora["r"],
        lora_alpha=lora["alpha"],
        lora_dropout=lora["dropout"],
        target_modules=list(names),
        exclude_modules=rf"({vision})(\..*)?",
        task_type="CAUSAL_LM",
    )
