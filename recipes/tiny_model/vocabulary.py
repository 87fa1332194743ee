"""Tokenizers of tiny models, trained on a few sentences."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

REPLY_TAGS = ("<think>", "</think>", "<answer>", "</answer>")
_STANDARD = ("bos", "eos", "pad", "unk")


def tokenizer_of(tokens: Mapping[str, str], template: str, corpus: tuple[str, ...], vocabulary: int) -> Any:
    """A tokenizer with a vocabulary of about this size. tokens: the special ones, in order, by the names that a
    processor asks for: `image_token`, .., and `bos`, `eos`, `pad`, `unk`."""
    if "unk" in tokens:
        return _of_sentence_pieces(tuple(tokens.items()), template, corpus, vocabulary)
    return _of_bytes(tuple(tokens.items()), template, corpus, vocabulary)


@cache
def _of_bytes(named: tuple[tuple[str, str], ...], template: str, corpus: tuple[str, ...], vocabulary: int) -> Any:
    """As Qwen's and Llama 3's: BPE of bytes."""
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
    standard = {f"{name}_token": token for name, token in named if name in ("eos", "pad")}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, chat_template=template, extra_special_tokens=_extra(named), **standard
    )
    tokenizer.add_special_tokens({"additional_special_tokens": [token for name, token in named if name != "pad"]})
    tokenizer.add_tokens([*REPLY_TAGS])
    return tokenizer


@cache
def _of_sentence_pieces(
    named: tuple[tuple[str, str], ...], template: str, corpus: tuple[str, ...], vocabulary: int
) -> Any:
    """As Gemma's: BPE of characters with blanks as "▁", bytes for characters that it lacks, and a token that begins
    every text."""
    from tokenizers import Tokenizer, models, trainers
    from transformers import GemmaTokenizer

    raw = Tokenizer(models.BPE())
    raw.train_from_iterator((text.replace(" ", "▁") for text in corpus), trainers.BpeTrainer(vocab_size=vocabulary))
    learned = json.loads(raw.to_str())["model"]
    standard = {f"{name}_token": token for name, token in named if name in _STANDARD}
    characters = [*map(chr, range(33, 127)), "▁", *("\n" * count for count in range(1, 5))]
    # vLLM asks for these tokens, and takes two blank lines for one of them.
    lines = [("\n" * first, "\n" * (count - first)) for count in range(2, 5) for first in range(1, count)]
    pieces = [*standard.values(), *(f"<0x{byte:02X}>" for byte in range(256)), *characters, *learned["vocab"]]
    tokenizer = GemmaTokenizer(
        vocab={piece: place for place, piece in enumerate(dict.fromkeys(pieces))},
        merges=[*lines, *map(tuple, learned["merges"])],
        extra_special_tokens=_extra(named),
        chat_template=template,
        add_bos_token=True,
        **standard,
    )
    tokenizer.add_tokens([*REPLY_TAGS])
    return tokenizer


def _extra(named: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name: token for name, token in named if name.endswith("_token")}
