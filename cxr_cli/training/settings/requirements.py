"""What settings need beside this tool: packages, and DeepSpeed's presets."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cxr_cli.engines.model_files import read_object
from cxr_cli.errors import CxrError
from cxr_cli.extras import check_versions, package_line
from cxr_cli.training.settings.names import Settings

PRESETS = (Path(__file__).parents[3] / "recipes" / "deepspeed", Path(__file__).parents[1] / "deepspeed")
"""Where the DeepSpeed presets lie: in a clone, and in an installed package."""


def check_requirements(settings: Settings) -> None:
    """Raises CxrError for a setting that needs a package or a file that is not there, for a version that was not tried,
    and for a blank instruction."""
    check_versions("train")
    if str(settings.get("rollouts")).startswith("vllm"):
        check_versions("vllm")
    instruction = settings.get("instruction")
    if instruction is not None and not instruction.strip():
        raise CxrError("instruction: it is blank; without the setting it is that of the published checkpoints")
    loggers = settings.get("report_to") or ()
    for package in [loggers] if isinstance(loggers, str) else loggers:
        if package != "none" and not find_spec(package):
            raise CxrError(f"{package} is not installed: {package_line(package)}")
    if settings.get("use_liger_kernel") and not find_spec("liger_kernel"):
        raise CxrError(f"use_liger_kernel: it is not installed: {package_line('liger-kernel')}")
    if str(settings.get("attn_implementation")).startswith("flash_attention") and not find_spec("flash_attn"):
        raise CxrError(f"attn_implementation: flash attention is not installed: {package_line('flash-attn')}")
    read_preset(settings.get("deepspeed"))


def deepspeed_preset(name: str | None) -> str | None:
    """The JSON file of the preset `zero2`, .., or the file that `name` is. Raises CxrError."""
    if name is None:
        return None
    for folder in PRESETS:
        if (folder / f"{name}.json").is_file():
            return str(folder / f"{name}.json")
    if Path(name).is_file():
        return name
    raise CxrError(f"deepspeed: {name} is neither a file nor one of zero2, zero3, zero2-offload, zero3-offload")


def read_preset(name: str | None) -> dict[str, Any] | None:
    """What the preset, or the file that `name` is, says. Raises CxrError."""
    path = deepspeed_preset(name)
    return read_object(Path(path)) if path else None
