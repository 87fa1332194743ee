"""Model folders and hub names: what they are, their processor, their revision. Safetensors only, no remote code."""

import json
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

from cxr_cli.errors import CxrError
from cxr_cli.extras import need

_BLOCKS, _BLOCK = 256, 4096  # of each weight file, evenly spread, go into its digest
_WEIGHTS = ("*.safetensors", "config.json", "adapter_config.json", "*.jinja", "tokenizer*.json", "preprocessor*.json")


class Located(NamedTuple):
    """name: as signatures have it, of a folder its last part. base: the folder or hub name of the full model.

    adapter: the folder of a LoRA adapter on it, if that was named. revision: a commit of the hub, or a digest of the
    folder's files.
    """

    name: str
    base: str
    adapter: Path | None
    revision: str


def locate(model: str, revision: str | None = None) -> Located:
    """What `model` names. Raises CxrError if there is no such model, or if its weights are not safetensors."""
    folder = Path(model).expanduser()
    if folder.is_file():
        raise CxrError(f"{model} is a file: name the folder of the model")
    if folder.is_dir() and (folder / "adapter_config.json").is_file():
        base = json.loads((folder / "adapter_config.json").read_text()).get("base_model_name_or_path")
        if not base:
            raise CxrError(f"{folder / 'adapter_config.json'} does not name its base model")
        if not (folder / "adapter_model.safetensors").is_file():
            raise CxrError(f"{model} holds no adapter_model.safetensors: other kinds of weights are not loaded")
        under = locate(base, revision)
        return Located(folder.resolve().name, under.base, folder, f"{under.revision}+{digest(folder)}")
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise CxrError(f"{model} is no model: there is no config.json in it")
        if not any(folder.glob("*.safetensors")):
            raise CxrError(f"{model} holds no .safetensors: other kinds of weights are not loaded")
        return Located(folder.resolve().name, str(folder), None, digest(folder))
    if model.startswith((".", "/", "~")) or model.count("/") > 1:
        raise CxrError(f"{model}: no such folder")
    with need("train"):
        from transformers import AutoConfig
    try:
        config = AutoConfig.from_pretrained(model, revision=revision)
    except (OSError, ValueError) as error:
        raise CxrError(f"{model}: neither a folder nor a model of the Hugging Face hub that can be loaded") from error
    return Located(model, model, None, str(getattr(config, "_commit_hash", None) or revision or "main")[:12])


def digest(folder: Path) -> str:
    """12 hex digits of a model's files: of large ones the size and evenly spread blocks, which all training changes."""
    seen = blake2b(digest_size=6)
    for path in sorted({path for pattern in _WEIGHTS for path in folder.glob(pattern)}):
        size = path.stat().st_size
        seen.update(f"{path.name}:{size}:".encode())
        with path.open("rb") as file:
            for start in range(0, size, max(_BLOCK, size // _BLOCKS)):
                file.seek(start)
                seen.update(file.read(_BLOCK))
    return seen.hexdigest()


def load_processor(model: str, revision: str | None = None) -> Any:
    """The processor of a vision-language model; the tokenizer of a language model."""
    with need("train"):
        from transformers import AutoConfig, AutoProcessor, AutoTokenizer
        from transformers.utils import is_torchvision_available

    config = AutoConfig.from_pretrained(model, revision=revision)
    if not sees(config):
        return AutoTokenizer.from_pretrained(model, revision=revision)
    if is_torchvision_available():
        return AutoProcessor.from_pretrained(model, revision=revision)
    return processor_without_video(config.model_type).from_pretrained(model, revision=revision)


def load_model(model: Located, revision: str | None = None, **settings: Any) -> Any:
    """The model in evaluation mode, an adapter merged into it, on the GPU if there is one.

    settings: of `from_pretrained`; without `dtype`, see `default_dtype`.
    """
    with need("train"):
        import torch
        from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText, logging

    logging.disable_progress_bar()
    config = AutoConfig.from_pretrained(model.base, revision=revision)
    kind = AutoModelForImageTextToText if sees(config) else AutoModelForCausalLM
    settings = {"dtype": default_dtype(model.base, revision)} | settings
    try:
        loaded: Any = kind.from_pretrained(model.base, revision=revision, use_safetensors=True, **settings)
    except (OSError, ValueError, TypeError) as error:
        raise CxrError(f"{model.base} cannot be loaded: {str(error).strip().splitlines()[0][:200]}") from error
    if model.adapter:
        with need("train"):
            from peft import PeftModel
        loaded = PeftModel.from_pretrained(loaded, str(model.adapter)).merge_and_unload()
    if torch.cuda.is_available() and "device_map" not in settings:
        loaded = loaded.to("cuda")
    return loaded.eval()


def default_dtype(base: str, revision: str | None = None) -> str:
    """ "bfloat16", or what the weights are stored in, on a GPU; "float32" on a CPU, where the others are slower."""
    with need("train"):
        import torch
        from transformers import AutoConfig

    if not torch.cuda.is_available():
        return "float32"
    config = AutoConfig.from_pretrained(base, revision=revision)
    return str(getattr(config, "dtype", None) or torch.bfloat16).removeprefix("torch.")


def sees(config: Any) -> bool:
    """Does a model with this configuration take images?"""
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES

    return config.model_type in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES


@cache
def processor_without_video(family: str) -> Any:
    """The family's processor, its video part left out: that part alone needs torchvision.

    It keeps its name, so that it is saved as what it stands for.
    """
    import transformers
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING_NAMES

    name = PROCESSOR_MAPPING_NAMES.get(family)
    if name not in ("Qwen2VLProcessor", "Qwen2_5_VLProcessor", "Qwen3VLProcessor"):
        raise CxrError(f"the model family {family} needs torchvision here: pip install torchvision")
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
    """Where torchvision is installed, a saved processor without a video part does not load."""
    path = folder / "processor_config.json"
    settings = json.loads(path.read_text())
    video = {name: value for name, value in settings["image_processor"].items() if name != "image_processor_type"}
    settings.setdefault("video_processor", {**video, "video_processor_type": kind})
    path.write_text(json.dumps(settings, indent=2) + "\n")
