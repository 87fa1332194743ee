"""LoRA: peft's configuration made of the setting `lora`, and an adapter that is trained further."""

from typing import Any

from cxr_cli.engines.model_files import ModelFiles, read_object
from cxr_cli.errors import CxrError

LORA_MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""The modules that an adapter is put on where `target_modules` names none."""


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
    """peft's LoraConfig, or None for full weights. Raises CxrError for a module that the model does not have."""
    lora = settings.get("lora")
    if not lora:
        return None
    from peft import LoraConfig

    names = lora["target_modules"] or LORA_MODULES
    modules = {path for path, _ in model.named_modules()}
    missing = [name for name in names if not any(path == name or path.endswith(f".{name}") for path in modules)]
    if missing:
        raise CxrError(f"lora: the model has no module called {missing[0]}")
    return LoraConfig(
        r=lora["r"],
        lora_alpha=lora["alpha"],
        lora_dropout=lora["dropout"],
        target_modules=list(names),
        exclude_modules=".*visual.*",  # vLLM silently ignores what an adapter changes there
        task_type="CAUSAL_LM",
    )
