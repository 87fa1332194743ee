"""A model's reply in parts: the thought, the answer tag, the rest.

parse_reply("<think> Clear. </think><answer> B </answer>")  ->  ReplyParts(think="Clear.", answer="B", rest="", ..)
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from cxr_cli.answers.replies.json_reply import structured_reply
from cxr_cli.findings.sections.text_cache import cached_by_text

_WELL_FORMED = ["<think>", "</think>", "<answer>", "</answer>"]
_TAG = re.compile(r"<\s*+(/?)\s*+(?:think(?:ing)?|thoughts?|reason(?:ing)?|(?:final[ _-]?)?(answer))\s*+>", re.I)
_ROLE = re.compile(r"\A\s*(?:\*\*)?(?:assistant|ai|model|bot)(?:\*\*)?(?:\s*:(?:\*\*)?|[ \t]*\n)\s*", re.I)
_SPECIAL = re.compile(r"<\|\w+\|>|</?s>|<pad>|<eos>", re.I)
_PROMPT = re.compile(
    r"\A\s*(?:<\|im_start\|>\s*)?(?:system|user)\b.*(?:^[ \t]*(?:<\|im_start\|>)?assistant[ \t]*$|\bassistant:)"
    r"|\A.*\[/INST\]",
    re.I | re.S | re.M,
)


class ReplyParts(NamedTuple):
    """A model's reply in parts; None for a part that is missing. `rest` is the text outside the tags.

    well_formed: `<think>..</think><answer>..</answer>`, once each, in this order and spelling, neither blank,
    nothing but white space around. answers: all that are not blank, of which `answer` is the last. open: the thought
    never ends, so that what it holds is no answer.
    """

    think: str | None
    answer: str | None
    rest: str
    well_formed: bool
    answers: tuple[str, ...] = ()
    open: bool = False


def strip_prompt(text: str) -> str:
    """The reply alone: an echoed chat prompt, the speaker's name and special tokens are cut off."""
    return _ROLE.sub("", _SPECIAL.sub("", _PROMPT.sub("", text, count=1)), count=1)


class _Pieces(NamedTuple):
    """A reply cut at its tags, blank pieces among it. open: does the last thought never end?"""

    thoughts: list[str]
    answers: list[str]
    outside: list[str]
    open: bool


@cached_by_text(512)
def parse_reply(text: str) -> ReplyParts:
    """A reply in parts, as well as its tags allow: in any case, unclosed, one inside the other, in any order.

    Kept in a cache, since the answer, the format and the reasoning of a reply are scored one after the other.

    Of several answers the last that is not blank counts. `</think>` without an opening tag ends a thought that
    began with the reply. An answer in JSON is its value: {"reasoning": "Round.", "answer": "B"}.
    """
    own = strip_prompt(text)
    tags = list(_TAG.finditer(own))
    pieces = _cut_at_tags(own, tags)
    think, outside = _joined_lines(pieces.thoughts), _joined_lines(pieces.outside)
    if not any(pieces.answers) and (structured := structured_reply(outside)):
        return ReplyParts(think or structured.think, structured.answer or None, "", False, (structured.answer,))
    answers = tuple(filter(None, map(_answer_value, pieces.answers)))
    in_order = [tag[0] for tag in tags] == _WELL_FORMED
    well_formed = in_order and bool(think and any(pieces.answers) and not outside)
    return ReplyParts(think or None, answers[-1] if answers else None, outside, well_formed, answers, pieces.open)


def compared_text(reply: str) -> str:
    """The answer of a reply, or what it says outside of its reasoning: what is compared with a reference text."""
    parts = parse_reply(reply)
    return (parts.answer or parts.rest).strip()


def answer_as_written(reply: str) -> str:
    """As `compared_text`, where an answer in JSON that is a list or an object stays one."""
    own = strip_prompt(reply)
    pieces = _cut_at_tags(own, _TAG.finditer(own))
    text = next(filter(None, reversed(pieces.answers)), None) or _joined_lines(pieces.outside)
    structured = structured_reply(text)
    return text if structured is None or structured.value is None else str(structured.value)


def _cut_at_tags(text: str, tags: Iterable[re.Match[str]]) -> _Pieces:
    """Each piece belongs to the tag that is open, else to the one that closes behind it."""
    thoughts: list[str] = []
    answers: list[str] = []
    outside: list[str] = []
    in_think = in_answer = False
    start = 0
    for tag in tags:
        is_answer, closes = bool(tag[2]), tag[1] == "/"
        neither = not in_think and not in_answer
        if in_answer or (neither and closes and is_answer):
            pieces = answers
        elif in_think or (neither and closes):
            pieces = thoughts
        else:
            pieces = outside
        pieces.append(text[start : tag.start()].strip())
        in_think = in_think if is_answer else not closes
        in_answer = is_answer and not closes
        start = tag.end()
    last = answers if in_answer else thoughts if in_think else outside
    last.append(text[start:].strip())
    return _Pieces(thoughts, answers, outside, in_think)


def _joined_lines(pieces: Iterable[str]) -> str:
    return "\n".join(filter(None, pieces))


def _answer_value(answer: str) -> str:
    """The answer's text; of an answer in JSON its value."""
    structured = structured_reply(answer)
    return structured.answer if structured else answer


def reasoning_text(text: str) -> str:
    """The reasoning in a reply: what its think tag holds, else everything but the answer."""
    parts = parse_reply(text)
    return parts.think or parts.rest
