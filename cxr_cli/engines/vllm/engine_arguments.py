"""What vLLM is started with: environment variables and engine arguments."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from cxr_cli.engines.model_files import ModelFiles, empty_model, load_config, read_object, takes_images, vision_parts
from cxr_cli.engines.spec import Spec
from cxr_cli.errors import CxrError
from cxr_cli.extras import need

_LORA_RANKS = (8, 16, 32, 64, 128, 256, 320, 512)  # that vLLM allows as max_lora_rank
_PEFT = "base_model.model."  # what peft writes before the name of a weight
QUIET = {  # variables by which vLLM prints errors alone, on stderr; it reads them when it is imported and started
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_LOGGING_STREAM": "ext://sys.stderr",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "PYTHONWARNINGS": "ignore",
    "TORCH_CPP_LOG_LEVEL": "ERROR",
}
SPAWN = {"VLLM_WORKER_MULTIPROC_METHOD": "spawn"}  # how vLLM starts its processes, since this one has threads


def check_installed() -> None:
    """Raises CxrError if vLLM is not installed. Does not import it, which takes seconds."""
    with need("vllm"):
        if find_spec("vllm") is None:
            raise ModuleNotFoundError(name="vllm")


def engine_arguments(spec: Spec, files: ModelFiles) -> dict[str, Any]:
    """For vLLM's AsyncEngineArgs; those of `--engine-arg` win. CxrError: vLLM cannot use the adapter."""
    args = dict(spec.args)
    limits = args.pop("limit_mm_per_prompt", {})
    arguments: dict[str, Any] = {
        "model": files.base,
        "revision": spec.revision,
        "enable_prefix_caching": True,
        "load_format": "safetensors",
        "limit_mm_per_prompt": {"video": 0, **limits},
        "disable_log_stats": True,
        "use_tqdm_on_load": sys.stderr.isatty(),
        # Without it a model may write whitespace without end where JSON allows it. "auto" cannot forbid whitespace.
        "structured_outputs_config": {"backend": "xgrammar", "disable_any_whitespace": True},
    }
    if files.adapter:
        _refuse_vision_adapter(files.adapter, load_config(files.base, spec.revision))
        arguments |= {"enable_lora": True, "max_lora_rank": _max_lora_rank(files.adapter)}
    return arguments | args


def _refuse_vision_adapter(adapter: Path, config: Any) -> None:
    """Raises CxrError if the adapter changes vision parts: vLLM would leave these changes out without a word.

    config: of its base model.
    """
    from safetensors import safe_open

    vision = tuple(f"{_PEFT}{path}." for path in vision_parts(empty_model(config))) if takes_images(config) else ()
    with safe_open(adapter / "adapter_model.safetensors", "np") as weights:
        if any(name.startswith(vision) for name in weights.keys()):  # noqa: SIM118 - no mapping
            raise CxrError(
                f"{adapter} changes the vision part too, which vLLM does not support: use --engine transformers"
            )


def _max_lora_rank(adapter: Path) -> int:
    rank = read_object(adapter / "adapter_config.json").get("r", 16)
    return next((most for most in _LORA_RANKS if most >= rank), rank)
