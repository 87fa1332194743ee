"""Model folders and hub names: their files, revision, processor and weights. Safetensors only, no remote code."""

import json
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from cxr_cli.errors import CxrError
from cxr_cli.extras import need, package_line

_BLOCKS, _BLOCK = 256, 4096  # so many blocks of so many bytes of each file go into the digest of its folder
_FILES = ("*.safetensors", "config.json", "adapter_config.json", "*.jinja", "tokenizer*.json", "preprocessor*.json")


class ModelFiles(NamedTuple):
    """Where a model's files are.

    name: for signatures; of a folder its last part. base: the folder or hub name of the full model. adapter: the folder
    of a LoRA adapter for it, or None. revision: a commit of the hub, or the digest of the folder.
    """

    name: str
    base: str
    adapter: Path | None
    revision: str


def locate(model: str, revision: str | None = None) -> ModelFiles:
    """The files of a model. Raises CxrError if there is no such model, or if its weights are not safetensors."""
    folder = Path(model).expanduser()
    if folder.is_file():
        raise CxrError(f"{model} is a file: name the folder of the model")
    if folder.is_dir() and (folder / "adapter_config.json").is_file():
        base = json.loads((folder / "adapter_config.json").read_text()).get("base_model_name_or_path")
        if not base:
            raise CxrError(f"{folder / 'adapter_config.json'} does not name its base model")
        if not (folder / "adapter_model.safetensors").is_file():
            raise CxrError(f"{model} has no adapter_model.safetensors; other kinds of weights are not loaded")
        full = locate(base, revision)
        return ModelFiles(folder.resolve().name, full.base, folder, f"{full.revision}+{folder_digest(folder)}")
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise CxrError(f"{model} is not a model: the folder has no config.json")
        if not any(folder.glob("*.safetensors")):
            raise CxrError(f"{model} has no .safetensors file; other kinds of weights are not loaded")
        return ModelFiles(folder.resolve().name, str(folder), None, folder_digest(folder))
    if model.startswith((".", "/", "~")) or model.count("/") > 1:
        raise CxrError(f"{model}: no such folder")
    with need("train"):
        from transformers import AutoConfig
    try:
        config = AutoConfig.from_pretrained(model, revision=revision, trust_remote_code=False)
    except (OSError, ValueError) as error:
        raise CxrError(f"{model}: neither a folder nor a model of the Hugging Face hub that can be loaded") from error
    return ModelFiles(model, model, None, str(getattr(config, "_commit_hash", None) or revision or "main")[:12])


def folder_digest(folder: Path) -> str:
    """12 hex digits of a model's files: of large ones the size and evenly spread blocks. Training changes them all."""
    digest = blake2b(digest_size=6)
    for path in sorted({path for pattern in _FILES for path in folder.glob(pattern)}):
        size = path.stat().st_size
        digest.update(f"{path.name}:{size}:".encode())
        with path.open("rb") as file:
            for start in range(0, size, max(_BLOCK, size // _BLOCKS)):
                file.seek(start)
                digest.update(file.read(_BLOCK))
    return digest.hexdigest()


def load_processor(model: str, revision: str | None = None) -> Any:
    """The processor of a vision-language model; the tokenizer of a language model."""
    with need("train"):
        from transformers import AutoConfig, AutoProcessor, AutoTokenizer
        from transformers.utils import is_torchvision_available

    config = AutoConfig.from_pretrained(model, revision=revision, trust_remote_code=False)
    if not takes_images(config):
        return AutoTokenizer.from_pretrained(model, revision=revision, trust_remote_code=False)
    if is_torchvision_available():
        return AutoProcessor.from_pretrained(model, revision=revision, trust_remote_code=False)
    return processor_without_video(config.model_type).from_pretrained(model, revision=revision, trust_remote_code=False)


def load_model(model: ModelFiles, revision: str | None = None, **settings: Any) -> Any:
    """The model in evaluation mode, its adapter merged, on the GPU if there is one.

    settings: for `from_pretrained`; the default of `dtype` is `default_dtype`.
    """
    with need("train"):
        import torch
        from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText, logging

    logging.disable_progress_bar()
    config = AutoConfig.from_pretrained(model.base, revision=revision, trust_remote_code=False)
    auto_class = AutoModelForImageTextToText if takes_images(config) else AutoModelForCausalLM
    settings = {"dtype": default_dtype(model.base, revision)} | settings
    try:
        loaded: Any = auto_class.from_pretrained(
            model.base, revision=revision, use_safetensors=True, trust_remote_code=False, **settings
        )
    except (OSError, ValueError, TypeError) as error:
        raise CxrError(f"{model.base} cannot be loaded: {str(error).strip().splitlines()[0][:200]}") from error
    if model.adapter:
        with need("train"):
            from peft import PeftModel
        loaded = PeftModel.from_pretrained(loaded, str(model.adapter), trust_remote_code=False).merge_and_unload()
    if torch.cuda.is_available() and "device_map" not in settings:
        loaded = loaded.to("cuda")
    return loaded.eval()


def default_dtype(base: str, revision: str | None = None) -> str:
    """On a GPU the type of the stored weights, "bfloat16" if it is unknown; on a CPU "float32", the fastest there."""
    with need("train"):
        import torch
        from transformers import AutoConfig

    if not torch.cuda.is_available():
        return "float32"
    config = AutoConfig.from_pretrained(base, revision=revision, trust_remote_code=False)
    return str(getattr(config, "dtype", None) or torch.bfloat16).removeprefix("torch.")


def takes_images(config: Any) -> bool:
    """Does a model with this configuration take images?"""
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

    return config.model_type in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES


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
            saved = super().save_pretrained(folder, *more, **settings)
            _add_video(Path(folder), "Qwen3VLVideoProcessor" if family == "qwen3_vl" else "Qwen2VLVideoProcessor")
            return saved

    Processor.__name__ = Processor.__qualname__ = original.__name__
    Processor.__module__ = original.__module__
    return Processor


def _add_video(folder: Path, kind: str) -> None:
    """Adds the video part to a saved processor, which would not load without it where torchvision is installed."""
    path = folder / "processor_config.json"
    settings = json.loads(path.read_text())
    video = {name: value for name, value in settings["image_processor"].items() if name != "image_processor_type"}
    settings.setdefault("video_processor", {**video, "video_processor_type": kind})
    path.write_text(json.dumps(settings, indent=2) + "\n")
