"""Steps in any form as Step dicts: a string, a list of strings or of objects, numbered or bulleted."""

import re
import string
from collections.abc import Mapping
from typing import Any

from cxr_cli.answers.replies.reply_format import answer_letters, bare_answer, completion_text
from cxr_cli.answers.replies.reply_parts import reasoning_text
from cxr_cli.errors import RowError
from cxr_cli.findings.sentences import sentences

_TEXT_KEYS = ("step", "content", "sentence", "description", "reasoning")
_PUNCTUATION_TO_SPACE = str.maketrans(dict.fromkeys(string.punctuation, " "))
_ITEM_MARK = re.compile(r"^\s*(?:(?:step\s*)?\(?\d{1,2}\s*[.):]\s+|[-*•]\s+)", re.IGNORECASE)
_LIST_ITEM = re.compile(r"\n(?=[^\S\n]*(?:(?:step\s*)?\(?\d{1,2}\s*[.):]\s|[-*•]\s))", re.IGNORECASE)


def as_steps(value: Any) -> list[dict[str, Any]]:
    """The steps of a row as dicts with `text`; every other key of a step object is kept.

    A string is split at its list items, else into sentences.
    """
    if value is None:
        return []
    if isinstance(value, str):
        return [{"text": text} for text in split_text(value)]
    if isinstance(value, dict):
        value = list(value.values())
    steps = []
    for index, item in enumerate(value):
        if isinstance(item, str):
            steps.append({"text": _ITEM_MARK.sub("", item).strip()})
            continue
        if isinstance(item, dict) and isinstance(item.get("text"), str):
            steps.append(item)
            continue
        key = next((k for k in _TEXT_KEYS if isinstance(item, dict) and isinstance(item.get(k), str)), None)
        if key is None:
            raise RowError("", f"field `steps[{index}]`: neither a string nor an object with `text`")
        steps.append({"text": item[key], **item})
    return [step for step in steps if step["text"].strip()]


def split_text(text: str) -> list[str]:
    """A chain of thought as one string, in steps."""
    items = [_ITEM_MARK.sub("", item).strip() for item in _LIST_ITEM.split("\n" + text)]
    items = [item for item in items if item]
    if len(items) > 1:
        return items
    return [text[s.start : s.end] for s in sentences(text)]


def taught_reply(row: Mapping[str, Any]) -> str:
    """What a model learns to reply to a case: the steps and the answer, or the answer alone where there are no steps;
    "" if it has no answer."""
    answer, steps = row.get("answer"), [step["text"] for step in as_steps(row.get("steps"))]
    if answer is None or answer == "":
        return ""
    return completion_text(steps, answer_letters(row, answer)) if steps else bare_answer(row, answer)


def predictions_of(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The `predictions` of a row, or its one `prediction` in the same form; [] if it has neither."""
    return row.get("predictions") or ([{"text": row["prediction"]}] if row.get("prediction") else [])


def reasoning_steps(prediction: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The reasoning of a prediction, in steps."""
    return as_steps(prediction.get("think") or reasoning_text(prediction["text"]))


def normal_form(text: str) -> str:
    """The words in lower case without punctuation: the same for two steps that repeat each other."""
    return " ".join(text.lower().translate(_PUNCTUATION_TO_SPACE).split())
