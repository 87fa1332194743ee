"""The processor of a model: its tokenizer, its image processor, its chat template."""

from functools import cache
from pathlib import Path
from typing import Any

from cxr_cli.engines.model_files.loading_errors import reported
from cxr_cli.engines.model_files.model_config import load_config, takes_images
from cxr_cli.engines.model_files.templates import follow_template
from cxr_cli.errors import CxrError
from cxr_cli.extras import need

_IMAGE_FILES = ("processor_config.json", "preprocessor_config.json")
_VIDEO, _OF_IMAGES = "video_processor", ("image_processor_type", "processor_class")
_TOKENIZER_FILES = ("tokenizer.json", "tokenizer.model", "vocab.json", "tokenizer_config.json")


def load_processor(model: str, revision: str | None = None) -> Any:
    """The processor of a vision-language model; the tokenizer of a language model. CxrError: a file is missing, .."""
    with need("train"):
        from transformers import AutoTokenizer

    config = load_config(model, revision)
    images = takes_images(config)
    for part, names in (("tokenizer", _TOKENIZER_FILES), *((("image processor", _IMAGE_FILES),) if images else ())):
        if Path(model).is_dir() and not any((Path(model) / name).is_file() for name in names):
            raise CxrError(f"{model}: its {part} is missing: there is no {' or '.join(names[:2])} in the folder")
    loader: Any = _processor_loader(config) if images else AutoTokenizer
    with reported(model, "processor" if images else "tokenizer"):
        processor = loader.from_pretrained(model, revision=revision, trust_remote_code=False)
    if images and getattr(processor, "image_processor", None) is None:
        raise CxrError(f"{model}: its image processor is missing: there is no {' or '.join(_IMAGE_FILES)} that has one")
    templates = (getattr(part, "chat_template", None) for part in (processor, getattr(processor, "tokenizer", None)))
    if not any(templates):
        raise CxrError(f"{model} has no chat template: there is no chat_template.jinja in the folder")
    return follow_template(processor) if images else processor


def _processor_loader(config: Any) -> Any:
    """What loads the processor of a vision-language model."""
    from transformers import AutoProcessor
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING
    from transformers.utils import is_torchvision_available

    if is_torchvision_available() or type(config) not in PROCESSOR_MAPPING:
        return AutoProcessor
    kind = PROCESSOR_MAPPING[type(config)]
    return AutoProcessor if without_video(kind) is kind else without_video(kind)


@cache
def without_video(original: Any) -> Any:
    """A processor class without its video part, which alone needs torchvision; the class itself if it has none.

    It keeps the original's name, so that saved files name the original, and the settings of the video part, without
    which it would not load where torchvision is installed.
    """
    if _VIDEO not in original.get_attributes():
        return original
    from transformers import ProcessorMixin

    class WithoutVideo(ProcessorMixin):  # type: ignore[misc]
        """What the original calls as its base class."""

        def __init__(self, *parts: Any, **settings: Any) -> None:
            videos = [settings.pop(_VIDEO, None), *(part for part in parts if isinstance(part, _VideoSettings))]
            super().__init__(*(part for part in parts if part is not None and part not in videos), **settings)
            images = self.image_processor.to_dict()
            of_both = {name: value for name, value in images.items() if name not in _OF_IMAGES}
            self.video_processor = next(filter(None, videos), _VideoSettings(of_both))

        @classmethod
        def get_attributes(cls) -> list[str]:
            return [name for name in super().get_attributes() if name != _VIDEO]

        @classmethod
        def from_args_and_dict(cls, args: Any, processor_dict: dict[str, Any], **settings: Any) -> Any:
            video = processor_dict.get(_VIDEO)
            place = original.get_attributes().index(_VIDEO)
            args = [*args[:place], _VideoSettings(video) if video else None, *args[place:]]
            others = {name: value for name, value in processor_dict.items() if name != _VIDEO}
            return super().from_args_and_dict(args, others, **settings)

    kind = type(original.__name__, (original, WithoutVideo), {"__module__": original.__module__})
    kind.__qualname__ = original.__qualname__
    return kind


class _VideoSettings(dict[str, Any]):
    """The settings of a video part that is not loaded; some processors read them as its attributes."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.get(name)
