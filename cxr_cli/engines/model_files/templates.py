"""What a chat template decides: which special tokens a prompt has, and how a reply begins."""

from functools import cache
from typing import Any

_THINKING = "enable_thinking"  # what templates call it, where it is a choice
_THOUGHT = "<think>"


def follow_template(processor: Any) -> Any:
    """The processor, made to leave special tokens to its chat template, which writes those that begin a text: Gemma's
    would add them once more. A template that offers thinking is asked for it, since replies have their reasoning."""
    kind: Any = type(processor)
    processor.__class__ = _following(kind)
    return processor


@cache
def _following(original: Any) -> Any:
    class Following(original):  # type: ignore[misc]
        def __call__(self, *inputs: Any, **settings: Any) -> Any:
            return super().__call__(*inputs, **{"add_special_tokens": False, **settings})

        def apply_chat_template(self, *messages: Any, **settings: Any) -> Any:
            thinking = {_THINKING: True} if _THINKING in str(_template_of(self)) else {}
            return super().apply_chat_template(*messages, **{**thinking, **settings})

    Following.__name__, Following.__qualname__ = original.__name__, original.__qualname__  # saved files name it
    Following.__module__ = original.__module__
    return Following


def _template_of(processor: Any) -> Any:
    return processor.chat_template or getattr(getattr(processor, "tokenizer", None), "chat_template", None)


def reply_opening(processor: Any) -> str:
    """What the prompt itself begins a reply with: "<think>" for vision-language models whose template opens the
    thought, or ""."""
    if not hasattr(processor, "image_processor"):
        return ""
    messages = [{"role": "user", "content": [{"type": "text", "text": "?"}]}]
    prompt: str = processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    return _THOUGHT if prompt.rstrip().endswith(_THOUGHT) else ""
