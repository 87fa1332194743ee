"""Writes a tiny model of a family, with its processor, to a folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recipes.tiny_model.families import FAMILIES
from recipes.tiny_model.size import Size
from recipes.tiny_model.vocabulary import tokenizer_of

CORPUS = ("Is there a pleural effusion in this chest X-ray? Options: A) Yes B) No", "The lungs are clear.")


def build(
    folder: Path,
    family: str = "qwen2_vl",
    *,
    seed: int = 0,
    positions: int = 2048,
    size: Size = Size(),  # noqa: B008 - a constant
    corpus: Sequence[str] = CORPUS,
) -> Path:
    """Writes the model and its processor to `folder`.

    family: a name of FAMILIES. positions: the longest sequence it takes, in tokens. corpus: what its tokenizer is made
    from.
    """
    import torch
    import transformers
    from transformers import AutoConfig, AutoModelForImageTextToText
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING

    from cxr_cli.engines.model_files import without_video

    kind = FAMILIES[family]
    torch.manual_seed(seed)
    tokenizer = tokenizer_of(kind.tokens, kind.template, tuple(corpus), size.vocabulary)
    parts = kind.parts(size, tokenizer.convert_tokens_to_ids)
    begin, end, pad = (tokenizer.convert_tokens_to_ids(kind.tokens[name]) for name in ("bos", "eos", "pad"))
    text: dict[str, Any] = {
        "vocab_size": -(-len(tokenizer) // 64) * 64,
        "hidden_size": size.width,
        "intermediate_size": size.feed,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.width // 32,
        "num_key_value_heads": size.width // 64,
        "max_position_embeddings": positions,
        "tie_word_embeddings": False,
        "bos_token_id": begin,
        "eos_token_id": end,
        "pad_token_id": pad,
        "initializer_range": size.spread,
    }
    whole = {"tie_word_embeddings": False} | parts.config
    config = AutoConfig.for_model(family, text_config=text | parts.text, vision_config=parts.vision, **whole)
    model: Any = AutoModelForImageTextToText.from_config(config, trust_remote_code=False)
    model.generation_config.eos_token_id = end
    model.generation_config.pad_token_id = pad
    model.save_pretrained(folder)
    _write_as_published(folder / "model.safetensors", siglip=config.vision_config.model_type == "siglip_vision_model")
    images = getattr(transformers, kind.image_processor)(**parts.images)
    processor = without_video(PROCESSOR_MAPPING[type(config)])
    settings = {"chat_template": kind.template, **parts.processor}
    processor.from_args_and_dict([images, tokenizer], settings).save_pretrained(folder)
    return folder


def _write_as_published(file: Path, *, siglip: bool) -> None:
    """Names the weights of a SigLIP tower, and turns those of experts, as published checkpoints and vLLM have them:
    transformers reads either, and writes what it has read."""
    from safetensors.torch import load_file, save_file

    tensors = {}
    for name, tensor in load_file(file).items():
        published = name.replace("vision_tower.", "vision_tower.vision_model.") if siglip else name
        tensors[published] = tensor.transpose(1, 2).contiguous() if ".experts." in name else tensor
    save_file(tensors, file, {"format": "pt"})
