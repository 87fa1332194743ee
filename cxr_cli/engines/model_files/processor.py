"""The processor of a model: its tokenizer, its image processor, its chat template."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from cxr_cli.engines.model_files.loading_errors import reported
from cxr_cli.engines.model_files.model_config import load_config, takes_images
from cxr_cli.errors import CxrError
from cxr_cli.extras import need, package_line

_IMAGE_FILES = ("processor_config.json", "preprocessor_config.json")
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "tokenizer_config.json")


def load_processor(model: str, revision: str | None = None) -> Any:
    """The processor of a vision-language model; the tokenizer of a language model. CxrError: a file is missing, .."""
    with need("train"):
        from transformers import AutoProcessor, AutoTokenizer
        from transformers.utils import is_torchvision_available

    config = load_config(model, revision)
    images = takes_images(config)
    for part, names in (("tokenizer", _TOKENIZER_FILES), *((("image processor", _IMAGE_FILES),) if images else ())):
        if Path(model).is_dir() and not any((Path(model) / name).is_file() for name in names):
            raise CxrError(f"{model}: its {part} is missing: there is no {' or '.join(names[:2])} in the folder")
    loader: Any = AutoTokenizer
    if images:
        loader = AutoProcessor if is_torchvision_available() else processor_without_video(config.model_type)
    with reported(model, "processor" if images else "tokenizer"):
        processor = loader.from_pretrained(model, revision=revision, trust_remote_code=False)
    if images and getattr(processor, "image_processor", None) is None:
        raise CxrError(f"{model}: its image processor is missing: there is no {' or '.join(_IMAGE_FILES)} that has one")
    templates = (getattr(part, "chat_template", None) for part in (processor, getattr(processor, "tokenizer", None)))
    if not any(templates):
        raise CxrError(f"{model} has no chat template: there is no chat_template.jinja in the folder")
    return processor


@cache
def processor_without_video(family: str) -> Any:
    """The family's processor, its video part left out: that part alone needs torchvision.

    The class keeps the original's name, so that saved files name the original.
    """
    import transformers
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING_NAMES

    name = PROCESSOR_MAPPING_NAMES.get(family)
    if name not in ("Qwen2VLProcessor", "Qwen2_5_VLProcessor", "Qwen3VLProcessor"):
        raise CxrError(f"the model family {family} needs torchvision here: {package_line('torchvision')}")
    original: Any = getattr(transformers, name)

    class Processor(original):  # type: ignore[misc]
        def __init__(self, image_processor: Any = None, tokenizer: Any = None, chat_template: Any = None) -> None:
            super().__init__(image_processor, tokenizer, None, chat_template)

        def save_pretrained(self, folder: str | Path, *more: Any, **settings: Any) -> Any:
            paths = super().save_pretrained(folder, *more, **settings)
            _add_video(Path(folder), "Qwen3VLVideoProcessor" if family == "qwen3_vl" else "Qwen2VLVideoProcessor")
            return paths

    Processor.__name__ = Processor.__qualname__ = original.__name__
    Processor.__module__ = original.__module__
    return Processor


def _add_video(folder: Path, kind: str) -> None:
    """Adds the video part to a saved processor, which would not load without it where torchvision is installed."""
    path = folder / "processor_config.json"
    settings = json.loads(path.read_text("utf-8"))
    video = {name: value for name, value in settings["image_processor"].items() if name != "image_processor_type"}
    settings.setdefault("video_processor", {**video, "video_processor_type": kind})
    path.write_text(json.dumps(settings, indent=2) + "\n", "utf-8")
