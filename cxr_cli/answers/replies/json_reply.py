"""Answers that a model gives as JSON, or as something near it: fenced, in single quotes, cut off at its end.

{"reasoning": "Round.", "answer": "B"}  ->  StructuredReply(think="Round.", answer="B")
"""

import json
import re
from typing import Any, NamedTuple

_KEY = r"[{{,\s]([\"']?)(?:{words})\1\s*:\s*"  # quoted or bare
_ANSWER_KEYS = (
    r"(?:the[ _])?(?:final|correct|predicted|best|my|model|selected|chosen)?[ _-]?"
    r"(?:answers?|choices?|options?|letters?|label|selection|prediction|diagnosis|response|result|output|verdict|conclusion)"
    r"(?:[ _-]?(?:choice|letter|option|label|text|value))?|ans|答案|回答|answer_is"
)
_ANSWER_KEY = re.compile(_KEY.format(words=_ANSWER_KEYS), re.I)
_THOUGHT_KEY = re.compile(
    _KEY.format(
        words=r"(?:chain[ _-]of[ _-])?"
        r"(?:reasoning|thoughts?|think|thinking|explanation|rationale|analysis|steps?|reason)"
    ),
    re.I,
)
_FENCE = re.compile(r"```[ \t]*+\w*+[ \t]*+\n?(.*?)```", re.S)
_BARE_VALUE = re.compile(r"[^,}\]\n]*")
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"?", re.S)
_BRACKETS = re.compile(r"\[([^\[\]{}]*)\]")
_BRACKET_ITEMS = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|([^,\s][^,]*)")
_JSON_DECODER = json.JSONDecoder(strict=False)
_EMPTY = {"null", "none", "nil", "n/a", ""}


class StructuredReply(NamedTuple):
    """What an object of a reply holds. answer: "" if it holds none; the items of a list stand one a line. value: the
    answer as it was, a list or an object too."""

    think: str | None
    answer: str
    value: Any = None


def structured_reply(text: str) -> StructuredReply | None:
    """The answer of a reply that is JSON or holds an object with an answer; None if it does not."""
    text = text.strip()
    if "{" not in text and not text.startswith(("[", '"', "```")):
        return None
    if fences := _FENCE.findall(text):
        text = fences[-1].strip()
    if text.startswith(("[", '"')) and text.endswith(("]", '"')) and "{" not in text:
        value = _whole(text)
        return None if value is None else StructuredReply(None, _value_text(value), value)
    start = text.find("{")
    if start < 0:
        return None
    keys = list(_ANSWER_KEY.finditer(text, start))
    if not keys:
        return _letter_verdicts(text[start:])
    answer_keys = [match for match in keys if "answer" in match[0].lower()] or keys
    value = _value(text, answer_keys[-1].end())
    thought_key = _THOUGHT_KEY.search(text, start)
    think = _value_text(_value(text, thought_key.end())) if thought_key else ""
    return StructuredReply(think.strip() or None, _value_text(value), value)


def _whole(text: str) -> Any:
    """A list or a string that is the whole text; None if it is neither."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        match = _BRACKETS.fullmatch(text)
        return _bracket_items(match[1]) if match and ("'" in match[1] or '"' in match[1]) else None


def _value(text: str, at: int) -> Any:
    """The value that begins at text[at]: JSON's, Python's, or bare words."""
    try:
        return _JSON_DECODER.raw_decode(text, at)[0]
    except (ValueError, RecursionError):
        pass
    if match := _BRACKETS.match(text, at):
        return _bracket_items(match[1])
    if match := _QUOTED.match(text, at):
        return match[1] or match[2] or ""
    match = _BARE_VALUE.match(text, at)
    return match[0].strip() if match else ""


def _bracket_items(text: str) -> list[str]:
    return [single or double or bare.strip() for single, double, bare in _BRACKET_ITEMS.findall(text)]


def _letter_verdicts(text: str) -> StructuredReply | None:
    """{"A": false, "B": true} as "A: no" and "B: yes", one a line."""
    try:
        value = _JSON_DECODER.raw_decode(text)[0]
    except (ValueError, RecursionError):
        return None
    if not value:
        return StructuredReply(None, "")
    if all(isinstance(part, list) for part in value.values()):
        lists = (f"{name}:\n{_value_text(part)}" for name, part in value.items())
        return StructuredReply(None, "\n".join(lists))
    if not all(isinstance(verdict, bool | int | str) and len(str(verdict)) < 12 for verdict in value.values()):
        return None
    if [*map(type, value.values())] == [bool] and len(next(iter(value))) > 1:
        return StructuredReply(None, "yes" if True in value.values() else "no")
    words = {"true": "yes", "1": "yes", "false": "no", "0": "no"}
    lines = (f"{name}: {words.get(str(verdict).lower(), verdict)}" for name, verdict in value.items())
    return StructuredReply(None, "\n".join(lines))


def _value_text(value: Any) -> str:
    """A value as a model would write it: the items of a list and of an object one a line; "" for none."""
    if isinstance(value, dict):
        value = [name for name, flag in value.items() if flag is True] or list(value.values())
    if value == []:
        return "none"
    if isinstance(value, list):
        return "\n".join(filter(None, map(_value_text, value)))
    text = "" if value is None else str(value).strip()
    return "" if text.lower() in _EMPTY - {"none"} else text
