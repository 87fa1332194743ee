"""Special tokens in texts. `<|im_end|>` in a question would end the turn: a tokenizer cannot tell it from its own."""

import re
from collections.abc import Iterable
from typing import Any

_REPLY_TAGS = ("<think>", "</think>", "<answer>", "</answer>")  # prompts ask for them


def special_token_pattern(processor: Any, more: Iterable[str] = ()) -> re.Pattern[str]:
    """What finds a special token of a processor's tokenizer, or one of `more`, in a text."""
    tokenizer = getattr(processor, "tokenizer", processor)
    tokens = {token.content for token in tokenizer.added_tokens_decoder.values() if token.special} | {*more}
    words = sorted((token for token in tokens if token.strip() and token not in _REPLY_TAGS), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words)) or "(?!)")
