"""The weights of a model, whole: no tensor is left at random."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cxr_cli.engines.model_files.loading_errors import reported
from cxr_cli.engines.model_files.location import ModelFiles
from cxr_cli.engines.model_files.model_config import load_config, takes_images
from cxr_cli.errors import CxrError
from cxr_cli.extras import need


def load_model(model: ModelFiles, revision: str | None = None, **settings: Any) -> Any:
    """The model in evaluation mode, its adapter merged, on the GPU if there is one.

    settings: for `from_pretrained`; the default of `dtype` is `default_dtype`. Of its generation settings only the
    tokens that begin and end a text are kept: all others are those of the request.
    """
    with need("train"):
        import torch
        from transformers import AutoModelForCausalLM, AutoModelForImageTextToText, GenerationConfig

    images = takes_images(load_config(model.base, revision))
    auto_class = AutoModelForImageTextToText if images else AutoModelForCausalLM
    settings = {"dtype": default_dtype(model.base, revision)} | settings
    network = load_weights(auto_class, model.base, revision, **settings)
    if model.adapter:
        network = add_adapter(network, model.adapter).merge_and_unload()
    names = ("bos_token_id", "eos_token_id", "pad_token_id")
    tokens = {name: getattr(network.generation_config, name) for name in names}
    network.generation_config = GenerationConfig(**tokens)
    if torch.cuda.is_available() and "device_map" not in settings:
        network = network.to("cuda")
    return network.eval()


def load_weights(auto_class: Any, model: str, revision: str | None = None, **settings: Any) -> Any:
    """The full model of an Auto class of transformers. CxrError: a tensor is missing, damaged or of another shape."""
    with reported(model, "model"), _quiet():
        network, info = auto_class.from_pretrained(
            model,
            revision=revision,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are named below
            **settings,
        )
    _refuse_missing(model, info["missing_keys"], "weights")
    if wrong := sorted(name for name, *_ in info["mismatched_keys"]):
        raise CxrError(f"{model}: {len(wrong)} weights have another shape than config.json says, the first: {wrong[0]}")
    if Path(model).is_dir() and not hasattr(network.config, "quantization_config"):
        _refuse_whole_numbers(Path(model))
    _refuse_infinite(model, network.state_dict().items())
    return network


def check_files_finite(folder: Path) -> None:
    """CxrError: a weight in the files of a model is NaN or infinite. It reads them all, one tensor at a time."""
    with reported(str(folder), "model"):
        tensors = ((name, file.get_tensor(name)) for name, file in _weights_on_disk(folder))
        _refuse_infinite(str(folder), tensors)


def _refuse_whole_numbers(folder: Path) -> None:
    """CxrError: weights are stored as whole numbers, and nothing says what they stand for. Loading would round them."""
    for name, file in _weights_on_disk(folder):
        if name.endswith((".weight", ".bias")) and file.get_slice(name).get_dtype().startswith(("I", "U", "BOOL")):
            raise CxrError(
                f"{folder}: {name} is stored as whole numbers, and config.json has no quantization_config: it is broken"
            )


def _weights_on_disk(folder: Path) -> Iterator[tuple[str, Any]]:
    """(name of a tensor, the open file that has it) for all weights of a folder, an adapter's too."""
    from safetensors import safe_open

    for path in sorted(folder.glob("*model*.safetensors")):
        with safe_open(str(path), "pt") as file:
            for name in file.keys():  # noqa: SIM118 - it is no mapping
                yield name, file


def add_adapter(network: Any, folder: Path, *, is_trainable: bool = False) -> Any:
    """The model with the LoRA adapter of a folder. CxrError: the adapter is damaged, or does not fit the model."""
    with need("train"):
        from peft import PeftModel, get_peft_model_state_dict

    with reported(str(folder), "adapter"), _quiet():
        adapted = PeftModel.from_pretrained(network, str(folder), is_trainable=is_trainable, trust_remote_code=False)
        info = adapted.load_adapter(str(folder), "default", is_trainable=is_trainable)
    _refuse_missing(str(folder), info.missing_keys, "weights of the adapter")
    if unexpected := sorted(info.unexpected_keys):
        raise CxrError(
            f"{folder}: {len(unexpected)} of its weights do not fit the base model, the first: {unexpected[0]}"
        )
    _refuse_infinite(str(folder), get_peft_model_state_dict(adapted).items())
    return adapted


def _refuse_missing(model: str, names: Any, what: str) -> None:
    if missing := sorted(names):
        raise CxrError(
            f"{model}: {len(missing)} {what} are missing, the first: {missing[0]}; random ones do not take their place"
        )


def first_infinite(tensors: Iterable[tuple[str, Any]]) -> str | None:
    """The name of the first weight that is NaN or infinite; None if all are numbers. It takes a second for 5 GB."""
    return next((name for name, tensor in tensors if not _is_finite(tensor)), None)


def _refuse_infinite(model: str, tensors: Iterable[tuple[str, Any]]) -> None:
    """CxrError: a weight is NaN or infinite, and so would be all that the model says."""
    if name := first_infinite(tensors):
        raise CxrError(
            f"{model}: weights are not finite numbers, the first: {name}; the file or its training is broken"
        )


def _is_finite(tensor: Any) -> bool:
    """One pass without a copy: the least and the largest are NaN where one number is. Whole numbers and those of one
    byte, which quantized models have, are not looked at, nor are weights that are not loaded yet."""
    if not tensor.is_floating_point() or tensor.element_size() < 2 or tensor.is_meta or not tensor.numel():
        return True
    return all(bool(end.isfinite()) for end in tensor.aminmax())


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the bars and reports that libraries print while they load."""
    import warnings

    from transformers import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    logging.set_verbosity(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def default_dtype(base: str, revision: str | None = None) -> str:
    """On a GPU the type of the stored weights, "bfloat16" if it is unknown; on a CPU "float32", the fastest there."""
    with need("train"):
        import torch

    if not torch.cuda.is_available():
        return "float32"
    return str(getattr(load_config(base, revision), "dtype", None) or torch.bfloat16).removeprefix("torch.")
