"""Batches that are never cut: a row that is too long stops the training."""

from collections.abc import Callable, Sequence
from typing import Any

from cxr_cli.errors import CxrError


class WholeBatches:
    """A collator that TRL's makes the batches of. CxrError: a row has more than `max_length` tokens, so that what it
    teaches would be cut."""

    def __init__(self, collate: Callable[[Sequence[Any]], Any], max_length: int) -> None:
        self.collate, self.max_length = collate, max_length

    def __call__(self, examples: Sequence[dict[str, Any]]) -> Any:
        ids = [example.get("id") for example in examples]
        batch = self.collate(examples)
        for id, tokens in zip(ids, batch["attention_mask"].sum(1).tolist(), strict=True):
            if tokens > self.max_length:
                raise CxrError(too_long(id, tokens, self.max_length))
        return batch


def too_long(id: Any, tokens: int, max_length: int) -> str:
    return f"id {id}: {tokens} tokens, and max_length {max_length} would cut what is taught: raise it, or leave it out"
