"""Model folders and hub names: their files, revision, processor and weights.

What lies in a folder is data: safetensors only, and none of its code is run. What is wrong with it is a CxrError.
"""

from cxr_cli.engines.model_files.loading_errors import read_object
from cxr_cli.engines.model_files.location import ModelFiles, locate
from cxr_cli.engines.model_files.model_config import context_length, load_config, takes_images
from cxr_cli.engines.model_files.processor import load_processor, without_video
from cxr_cli.engines.model_files.special_tokens import film_tokens, special_token_pattern
from cxr_cli.engines.model_files.structure import empty_model, linear_layers, vision_parameters, vision_parts
from cxr_cli.engines.model_files.templates import reply_opening
from cxr_cli.engines.model_files.weights import (
    add_adapter,
    check_files_finite,
    default_dtype,
    first_infinite,
    load_model,
    load_weights,
)

__all__ = [
    "ModelFiles",
    "add_adapter",
    "check_files_finite",
    "context_length",
    "default_dtype",
    "empty_model",
    "film_tokens",
    "first_infinite",
    "linear_layers",
    "load_config",
    "load_model",
    "load_processor",
    "load_weights",
    "locate",
    "read_object",
    "reply_opening",
    "special_token_pattern",
    "takes_images",
    "vision_parameters",
    "vision_parts",
    "without_video",
]
