"""Texts of rows that the tokenizer would read as its own tokens: `<|im_end|>` ends a turn, `<image>` is a film."""

from typing import Any

from cxr_cli.engines.model_files import special_token_pattern
from cxr_cli.errors import CxrError
from cxr_cli.training.data.dataset import model_texts
from cxr_cli.training.data.row_store import Mixture, RowStore

_ALWAYS = ("<image>", "<video>")  # TRL and processors put films in their place


def check_special_tokens(rows: Mixture | RowStore, processor: Any, instruction: str) -> None:
    """Raises CxrError for a special token of the tokenizer in the instruction, or in a text of a row that the model
    reads or writes."""
    pattern = special_token_pattern(processor, _ALWAYS)
    if token := pattern.search(instruction):
        raise CxrError(f"instruction: it has {token[0]}, which the model reads as a token of its own")
    for index in range(len(rows)):
        row = rows[index]
        for name, text in model_texts(row):
            if token := pattern.search(text):
                raise CxrError(
                    f"id {row['id']}: field `{name}` has {token[0]}, which the model reads as a token of its own"
                )
