"""Special tokens in texts. `<|im_end|>` in a question would end the turn: a tokenizer cannot tell it from its own."""

import re
from collections.abc import Iterable
from typing import Any

_OF_TEXT = re.compile(r"_?(bos|eos|pad|unk|sep|cls|mask|decoder_start)_")
_REPLY_TAGS = ("<think>", "</think>", "<answer>", "</answer>")  # prompts ask for them


def special_token_pattern(processor: Any, more: Iterable[str] = ()) -> re.Pattern[str]:
    """What finds a special token of a processor or its tokenizer, or one of `more`, in a text."""
    tokenizer = getattr(processor, "tokenizer", processor)
    tokens = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special} | {*more}
    tokens |= {*getattr(processor, "all_special_multimodal_tokens", ())}  # where it puts a film's own tokens
    words = sorted((token for token in tokens if token.strip() and token not in _REPLY_TAGS), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words)) or "(?!)")


def film_tokens(processor: Any, config: Any) -> list[int]:
    """The ids of the tokens that stand for a film, a video or a sound, or begin or end one: those that the processor
    and the configuration name."""
    settings = config.to_dict().items()
    ids = [value for name, value in settings if re.search("_token_(id|index)$", name) and not _OF_TEXT.match(name)]
    ids += [*processor.image_token_ids, *processor.video_token_ids, *processor.audio_token_ids]
    return sorted({token for token in ids if isinstance(token, int)})
