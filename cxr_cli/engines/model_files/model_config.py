"""The configuration of a model."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cxr_cli.engines.model_files.loading_errors import read_object, reported
from cxr_cli.errors import CxrError
from cxr_cli.extras import need


def load_config(model: str, revision: str | None = None) -> Any:
    """The configuration of a full model, in a folder or on the hub.

    CxrError: it cannot be read, needs code of its own, or is of a type that transformers does not know.
    """
    with need("train"):
        import transformers

    folder, raw = Path(model), {}
    if folder.is_dir():
        raw = read_object(folder / "config.json")
        kind = raw.get("model_type")
        if not isinstance(kind, str) or kind not in transformers.CONFIG_MAPPING:
            own = ": it needs code that comes with it, which is never run" if "auto_map" in raw else ""
            version = transformers.__version__
            raise CxrError(f"{model}: the model type {str(kind)[:40]!r} is not known to transformers {version}{own}")
    with reported(model, "config.json"):
        config = transformers.AutoConfig.from_pretrained(model, revision=revision, trust_remote_code=False)
        kernel = next(_hub_kernels(raw | {"implementation": config._attn_implementation}), None)
    if kernel:
        raise CxrError(f"{model}: its config.json names {kernel[:80]!r}, code on the hub, which is never run")
    return config


def context_length(config: Any) -> float:
    """How many tokens a model with this configuration takes, infinite if it does not say."""
    return getattr(config.get_text_config(), "max_position_embeddings", None) or math.inf


def _hub_kernels(settings: Any) -> Iterator[str]:
    """The implementations in a configuration that are repositories on the hub."""
    for name, value in settings.items() if isinstance(settings, dict) else ():
        if "implementation" in str(name) and isinstance(value, str) and "/" in value:
            yield value
        yield from _hub_kernels(value)


def takes_images(config: Any) -> bool:
    """Does a model with this configuration take images?"""
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

    return config.model_type in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES
