"""Does vLLM give the model the prompt that the model's own processor makes?"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from cxr_cli.extras import installed_versions
from cxr_cli.rows import note

_PROMPTS = 4  # that are compared, of each number of films: the processor takes each film a second time for it


class PromptCheck:
    """Compares the tokens of the first prompts with those of the processor, and reports the first difference, once:
    with such a prompt vLLM's replies are not those of transformers."""

    def __init__(self, processor: Any) -> None:
        self._processor = processor
        self._checked: Counter[int] = Counter()
        self._differs = False

    def compare(self, text: str, films: Sequence[Any], token_ids: Sequence[int]) -> None:
        """text: of the prompt, by the chat template. token_ids: what vLLM has made of it and its films."""
        if self._differs or self._checked[len(films)] == _PROMPTS:
            return
        self._checked[len(films)] += 1
        images = {"images": [films]} if films else {}
        ids = [*self._processor(text=[text], add_special_tokens=False, **images)["input_ids"][0]]
        if ids == [*token_ids]:
            return
        self._differs = True
        versions = ", ".join(
            f"{name} {version}" for name, version in installed_versions("vllm", "transformers").items()
        )
        tokens = f"{len(token_ids)} tokens instead of {len(ids)}" if len(token_ids) != len(ids) else "other tokens"
        note(
            f"WARNING: vLLM's prompt has {tokens} where a question has {len(films)} films, so that its replies differ "
            f"from those of --engine transformers, which takes the model's own processor ({versions})"
        )
