"""The one place that knows option letters and reply tags: how a question is put, and how a model is to reply.

    prompt_text("Does this film show edema?", ["Yes", "No"])  ->  "Does this film show edema? Options:\\nA) Yes\\nB) No"
    completion_text(["The hila are hazy."], "A")  ->  "<think> The hila are hazy. </think><answer> A </answer>"

The published ChestX-Reasoner checkpoints use this format, so that they can be prompted and scored.
"""

import re
import string
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cxr_cli.errors import CxrError

LETTERS = string.ascii_uppercase
INSTRUCTION = (
    "Let's think step by step. Enclose the reasoning within <think></think> and the answer within <answer></answer>."
)
"""What stands below a question that is to be reasoned about: the sentence with which the published checkpoints of
ChestX-Reasoner (Fan et al., arXiv 2504.20930) were trained, as their release has it."""
_OPTIONS_HEAD = re.compile(r"(?:(?<!\s)\s*)?\b(?:options?|(?:answer )?choices?)\s*:\s*\n", re.I)
_FIRST_LINES = re.compile(r"\n(?=[ \t]*\(?A[).:][ \t]+\S.*\n\s*\(?B[).:][ \t]+\S)")
_LINE = re.compile(r"[^\r\n]+")
_LETTERED_LINE = re.compile(r"\s*\(?([A-Z])[).:]\s++(.*\S)\s*")


def option_letter(index: int) -> str:
    """0 -> "A". CxrError: the 27th option has no letter."""
    if not 0 <= index < len(LETTERS):
        raise CxrError(f"option {index + 1} has no letter: a question takes at most {len(LETTERS)} options")
    return LETTERS[index]


def option_lines(options: Sequence[str]) -> str:
    """The options with their letters, one a line: "A) Yes\\nB) No"."""
    return "\n".join(f"{option_letter(i)}) {_in_one_line(text)}" for i, text in enumerate(options))


def _in_one_line(text: str) -> str:
    return text if len(text.splitlines()) < 2 else " ".join(text.split())


def prompt_text(question: str, options: Sequence[str] = ()) -> str:
    """The question as a model gets it, its options lettered, one a line."""
    return f"{question} Options:\n{option_lines(options)}" if options else question


def parse_prompt(prompt: str) -> tuple[str, list[str]]:
    """The question and its options back from `prompt_text`, or from lines "A. Yes", "B. No" without a heading; text
    after the last option is left out. Of several headings the last one with options below it counts."""
    places = [match.span() for match in _OPTIONS_HEAD.finditer(prompt)] if ":" in prompt else []
    if "\n" in prompt and (first := _FIRST_LINES.search(prompt)):
        places.insert(0, first.span())
    for start, end in reversed(places):
        if options := _lettered_options(prompt, end):
            return prompt[:start].rstrip(), options
    return prompt, []


def _lettered_options(text: str, start: int) -> list[str]:
    """The options in the lines from `start` on; [] if the first is none. One may go on in the next lines, if another
    follows."""
    options: list[str] = []
    continued: list[str] = []
    for line in filter(None, (part[0].strip() for part in _LINE.finditer(text, start))):
        match = _LETTERED_LINE.fullmatch(line)
        if match and match[1] == LETTERS[len(options) : len(options) + 1]:
            if continued:
                options[-1] = " ".join([options[-1], *continued])
                continued = []
            options.append(match[2])
        elif options:
            continued.append(line)
        else:
            break
    return options


def answer_letters(row: Mapping[str, Any], answer: str | Sequence[str]) -> list[str]:
    """The letters of an answer to this case: ["Yes"] -> ["A"]. A text that is no option stays as it is; an empty
    list, the right answer where nothing that is asked for is seen, is ["None"]."""
    if answer == []:
        return ["None"]
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
