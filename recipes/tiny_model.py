"""Tiny vision-language models with random weights, built in a second: `python -m recipes.tiny_model OUT [FAMILY]`."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>"]
SPECIAL += ["<|video_pad|>", "<think>", "</think>", "<answer>", "</answer>"]
CHAT = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.content is string %}{{ m.content }}{% else %}"
    "{% for part in m.content %}{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CORPUS = ("Is there a pleural effusion in this chest X-ray? Options: A) Yes B) No", "The lungs are clear.")


class Size(NamedTuple):
    """width: of the language model, in heads of 32 (which vLLM's CPU kernels know). vision: width of the vision tower,
    `depth` layers deep. spread: standard deviation of the language model's weights at the start."""

    width: int = 64
    layers: int = 2
    feed: int = 128
    vision: int = 32
    depth: int = 2
    vocabulary: int = 400
    spread: float = 0.02


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

    positions: the longest sequence it takes, in tokens. corpus: what its tokenizer is made from.
    """
    import torch
    from transformers import AutoModelForImageTextToText

    from cxr_cli.engines.model_files import processor_without_video

    torch.manual_seed(seed)
    tokenizer = _tokenizer(tuple(corpus), size.vocabulary)
    ids = {name: tokenizer.convert_tokens_to_ids(name) for name in SPECIAL}
    config = _config(family, len(tokenizer), ids, positions, size)
    model: Any = AutoModelForImageTextToText.from_config(config, trust_remote_code=False)
    model.generation_config.eos_token_id = ids["<|im_end|>"]
    model.generation_config.pad_token_id = ids["<|endoftext|>"]
    model.save_pretrained(folder)
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    patch = 16 if family == "qwen3_vl" else 14
    images = Qwen2VLImageProcessorPil(patch_size=patch, merge_size=2, min_pixels=56 * 56, max_pixels=112 * 112)
    processor_without_video(family)(images, tokenizer, chat_template=CHAT).save_pretrained(folder)
    return folder


@cache
def _tokenizer(corpus: tuple[str, ...], vocabulary: int) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import (
        PreTrainedTokenizerFast,
        Qwen2Tokenizer,  # noqa: F401 - what the saved one is loaded as
    )

    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    raw.train_from_iterator(corpus, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, eos_token="<|im_end|>", pad_token="<|endoftext|>", chat_template=CHAT
    )
    tokenizer.add_special_tokens({"additional_special_tokens": SPECIAL[1:7]})
    tokenizer.add_tokens(SPECIAL[7:])
    return tokenizer


def _config(family: str, vocabulary: int, ids: dict[str, int], positions: int, size: Size) -> Any:
    from transformers import AutoConfig

    text: dict[str, Any] = {
        "vocab_size": -(-vocabulary // 64) * 64,
        "hidden_size": size.width,
        "intermediate_size": size.feed,
        "num_hidden_layers": size.layers,
        "num_attention_heads": size.width // 32,
        "num_key_value_heads": size.width // 64,
        "max_position_embeddings": positions,
        "tie_word_embeddings": False,
        "bos_token_id": ids["<|im_start|>"],
        "eos_token_id": ids["<|im_end|>"],
        "pad_token_id": ids["<|endoftext|>"],
        "initializer_range": size.spread,
        "rope_parameters": {"rope_type": "default", "mrope_section": [4, 6, 6], "rope_theta": 10000.0},
    }
    vision: dict[str, Any] = {"depth": size.depth, "num_heads": size.vision // 16, "patch_size": 14}
    vision |= {"spatial_merge_size": 2}
    inner = {"hidden_size": size.vision, "intermediate_size": 2 * size.vision, "out_hidden_size": size.width}
    if family == "qwen2_vl":
        vision |= {"hidden_size": size.width, "embed_dim": size.vision, "mlp_ratio": 2}
    elif family == "qwen2_5_vl":
        vision |= {**inner, "fullatt_block_indexes": [1]}
    else:
        vision |= {**inner, "patch_size": 16}
        vision |= {"deepstack_visual_indexes": [0], "num_position_embeddings": 64}
        text["head_dim"] = 32
        text["rope_parameters"]["mrope_interleaved"] = True
    return AutoConfig.for_model(
        family,
        text_config=text,
        vision_config=vision,
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=False,
    )


if __name__ == "__main__":
    import sys

    print(build(Path(sys.argv[1]), *sys.argv[2:3]))
