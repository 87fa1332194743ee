"""The one place that knows option letters and reply tags: what a model is asked, and how it is expected to reply.

    ask("Does this film show edema?", ["Yes", "No"])  ->  "Does this film show edema? Options:\\nA) Yes\\nB) No"
    say(["The hila are hazy."], "A")                  ->  "<think> The hila are hazy. </think><answer> A </answer>"

This is the layout of the published ChestX-Reasoner checkpoints, so that they can be asked and scored.
"""

import re
import string
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from cxr_cli.errors import CxrError

LETTERS = string.ascii_uppercase
INSTRUCTION = (
    "Think step by step. Write your reasoning between <think> and </think>, then your answer between <answer> and "
    "</answer>."
)
"""What stands below a question that is to be reasoned about."""
_OPTIONS = re.compile(r"\s*\boptions?\s*:\s*\n", re.I)
_OPTION = re.compile(r"\s*\(?([A-Z])[).:]\s+(.*\S)\s*")
_WELL_FORMED = ["<think>", "</think>", "<answer>", "</answer>"]
_TAG = re.compile(r"<\s*(/?)\s*(think|answer)\s*>", re.I)
_SPECIAL = re.compile(r"<\|\w+\|>|</?s>|<pad>|<eos>", re.I)
_PROMPT = re.compile(
    r"\A\s*(?:<\|im_start\|>\s*)?(?:system|user)\b.*(?:^[ \t]*(?:<\|im_start\|>)?assistant[ \t]*$|\bassistant:)"
    r"|\A.*\[/INST\]",
    re.I | re.S | re.M,
)


class Said(NamedTuple):
    """A model's reply in parts; None for a part it did not give. `rest` is what stands outside the tags.

    well_formed: `<think>..</think><answer>..</answer>`, once each, in this order and spelling, neither blank,
    nothing but white space around.
    """

    think: str | None
    answer: str | None
    rest: str
    well_formed: bool


def letter(index: int) -> str:
    """0 -> "A". More than 26 options have no letters."""
    if not 0 <= index < len(LETTERS):
        raise CxrError(f"option {index + 1} has no letter: a question takes at most {len(LETTERS)} options")
    return LETTERS[index]


def ask(question: str, options: Sequence[str] = ()) -> str:
    """The question as it is put to a model, its options lettered, one a line."""
    return f"{question} Options:\n{lettered(options)}" if options else question


def lettered(options: Sequence[str]) -> str:
    """The options with their letters, one a line."""
    return "\n".join(f"{letter(i)}) {text}" for i, text in enumerate(options))


def letters(row: Mapping[str, Any], answer: str | Sequence[str]) -> list[str]:
    """The letters of these options of a case; what is none of them stands as it is."""
    options: Sequence[str] = row.get("options") or ()
    given = [answer] if isinstance(answer, str) else answer
    return [letter(options.index(text)) if text in options else str(text) for text in given]


def answered(row: Mapping[str, Any], answer: str | Sequence[str] | None) -> str:
    """A reply that gives this answer and no reasoning; "" for None."""
    return "" if answer is None else f"<answer> {', '.join(letters(row, answer))} </answer>"


def asked(prompt: str) -> tuple[str, list[str]]:
    """The question and its options back from `ask`'s layout; text after the last option is left out."""
    parts = _OPTIONS.split(prompt, maxsplit=1)
    options: list[str] = []
    for line in parts[1].splitlines() if len(parts) == 2 else []:
        match = _OPTION.fullmatch(line)
        if not match or match[1] != LETTERS[len(options)]:
            break
        options.append(match[2])
    return (parts[0], options) if options else (prompt, [])


def say(steps: str | Iterable[str], letters: str | Iterable[str]) -> str:
    """A reply as a model is trained to give it. letters: "B", or ["A", "C"] for a question with several answers."""
    think = steps if isinstance(steps, str) else " ".join(steps)
    answer = letters if isinstance(letters, str) else ", ".join(letters)
    return f"<think> {think} </think><answer> {answer} </answer>"


def reply(text: str) -> str:
    """The model's own words: an echoed chat prompt and special tokens are cut off."""
    return _SPECIAL.sub("", _PROMPT.sub("", text, count=1))


def split(text: str) -> Said:
    """A reply in parts, as well as its tags allow: in any case, unclosed, one inside the other, in any order.

    Of several answers the last that is not blank counts. `</think>` without an opening tag ends a thought that
    began with the reply.
    """
    own = reply(text)
    tags = list(_TAG.finditer(own))
    thoughts: list[str] = []
    answers: list[str] = []
    rest: list[str] = []
    thinking = answering = False
    start = 0
    for tag in [*tags, None]:
        piece = own[start : tag.start() if tag else len(own)].strip()
        closing, name = (tag[1] == "/", tag[2].lower()) if tag else (True, "")
        orphan = closing and not (answering if name == "answer" else thinking)
        if answering or (name == "answer" and orphan and not thinking):
            answers.append(piece)
        elif thinking or (name == "think" and orphan):
            thoughts.append(piece)
        else:
            rest.append(piece)
        if name == "answer":
            answering = not closing
        elif tag:
            thinking, answering = not closing, False
        start = tag.end() if tag else start
    said = [answer for answer in answers if answer]
    thought = "\n".join(piece for piece in thoughts if piece)
    outside = "\n".join(piece for piece in rest if piece)
    well_formed = [tag[0] for tag in tags] == _WELL_FORMED and bool(thought and said and not outside)
    return Said(thought or None, said[-1] if said else None, outside, well_formed)


def thinking(text: str) -> str:
    """The reasoning in a model's whole reply: what its think tag holds, else all but the answer."""
    said = split(text)
    return said.think or said.rest
