"""The one place that knows option letters and reply tags: how a question is put, and how a model is to reply.

    prompt_text("Does this film show edema?", ["Yes", "No"])  ->  "Does this film show edema? Options:\\nA) Yes\\nB) No"
    completion_text(["The hila are hazy."], "A")  ->  "<think> The hila are hazy. </think><answer> A </answer>"

The published ChestX-Reasoner checkpoints use this format, so that they can be prompted and scored.
"""

import re
import string
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from cxr_cli.answers.json_reply import structured_reply
from cxr_cli.errors import CxrError

LETTERS = string.ascii_uppercase
INSTRUCTION = (
    "Think step by step. Write your reasoning between <think> and </think>, then your answer between <answer> and "
    "</answer>."
)
"""What stands below a question that is to be reasoned about."""
_OPTIONS_HEAD = re.compile(r"(?:(?<!\s)\s*)?\boptions?\s*:\s*\n", re.I)
_LETTERED_LINE = re.compile(r"\s*\(?([A-Z])[).:]\s++(.*\S)\s*")
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


def option_letter(index: int) -> str:
    """0 -> "A". CxrError: the 27th option has no letter."""
    if not 0 <= index < len(LETTERS):
        raise CxrError(f"option {index + 1} has no letter: a question takes at most {len(LETTERS)} options")
    return LETTERS[index]


def option_lines(options: Sequence[str]) -> str:
    """The options with their letters, one a line: "A) Yes\\nB) No"."""
    return "\n".join(f"{option_letter(i)}) {text}" for i, text in enumerate(options))


def prompt_text(question: str, options: Sequence[str] = ()) -> str:
    """The question as a model gets it, its options lettered, one a line."""
    return f"{question} Options:\n{option_lines(options)}" if options else question


def parse_prompt(prompt: str) -> tuple[str, list[str]]:
    """The question and its options back from `prompt_text`; text after the last option is left out."""
    parts = _OPTIONS_HEAD.split(prompt, maxsplit=1)
    options: list[str] = []
    for line in parts[1].splitlines() if len(parts) == 2 else []:
        match = _LETTERED_LINE.fullmatch(line)
        if not match or match[1] != LETTERS[len(options)]:
            break
        options.append(match[2])
    return (parts[0], options) if options else (prompt, [])


def answer_letters(row: Mapping[str, Any], answer: str | Sequence[str]) -> list[str]:
    """The letters of an answer to this case: ["Yes"] -> ["A"]. A text that is no option stays as it is."""
    options: Sequence[str] = row.get("options") or ()
    texts = [answer] if isinstance(answer, str) else answer
    return [option_letter(options.index(text)) if text in options else str(text) for text in texts]


def completion_text(steps: str | Iterable[str], letters: str | Iterable[str]) -> str:
    """A reply as a model is trained to give it. letters: "B", or ["A", "C"] for a question with several answers."""
    think = steps if isinstance(steps, str) else " ".join(steps)
    answer = letters if isinstance(letters, str) else ", ".join(letters)
    return f"<think> {think} </think><answer> {answer} </answer>"


def bare_answer(row: Mapping[str, Any], answer: str | Sequence[str] | None) -> str:
    """A reply that gives this answer without reasoning: "<answer> A </answer>"; "" for None."""
    return "" if answer is None else f"<answer> {', '.join(answer_letters(row, answer))} </answer>"


def strip_prompt(text: str) -> str:
    """The reply alone: an echoed chat prompt, the speaker's name and special tokens are cut off."""
    return _ROLE.sub("", _SPECIAL.sub("", _PROMPT.sub("", text, count=1)), count=1)


class _Pieces(NamedTuple):
    """A reply cut at its tags, blank pieces among it. open: does the last thought never end?"""

    thoughts: list[str]
    answers: list[str]
    outside: list[str]
    open: bool


@lru_cache(maxsize=512)
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
