"""Prompts are plain texts. `{name}` is a placeholder, all other braces stay; a line `---` ends the system message.

You are a radiologist.
---
{ask}

A packaged prompt can have a worked example: a table in examples.toml beside it, with a value for each placeholder of
the user's message and with the reply. It goes between system and user message, as a turn of the same conversation.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from cxr_cli.answers.replies import reply_format
from cxr_cli.engines.requests import Message
from cxr_cli.errors import CxrError

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_SYSTEM_END = re.compile(r"^---[ \t]*$\n?", re.M)
_PROMPT_WORD = re.compile(r"\w+")
_PROMPT_SENTENCE_END = re.compile(r"[.?!:]\s|\n|[.?!:]$")
_FEWEST_WORDS = 5  # of a text that is called an echo
_FEWEST_IN_A_SENTENCE = 4  # blanks around the words of a sentence of the user's message, if it counts
_JSON_TYPES = ("string", "text", "str", "number", "integer", "boolean", "array", "object", "null", "none")


class Prompt:
    """A prompt. text: that of its file. example: its table in examples.toml. digest: 8 hex digits, for signatures."""

    def __init__(self, text: str, example: Mapping[str, Any] | None = None) -> None:
        self.text, self.example = text, example
        *system, user = _SYSTEM_END.split(text, maxsplit=1)
        self.system, self.user = "".join(system).strip(), user.strip()

    @cached_property
    def digest(self) -> str:
        text = self.text + (msgspec.json.encode(self.example).decode() if self.example else "")
        return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()

    @property
    def placeholders(self) -> set[str]:
        return set(_PLACEHOLDER.findall(self.text))

    def messages(self, images: Sequence[Any] = (), **values: str) -> list[Message]:
        """System message and example, if there are any, and user message. The images come before the user's text.

        values: of the placeholders.
        """
        system, user = _fill(self.system, values), _fill(self.user, values)
        content: Any = user
        if images:
            content = [*({"type": "image", "image": image} for image in images), {"type": "text", "text": user}]
        messages: list[Message] = [*self.example_turn, {"role": "user", "content": content}]
        return [{"role": "system", "content": system}, *messages] if system else messages

    @cached_property
    def example_turn(self) -> list[Message]:
        """The worked example, as a question of the user and the reply to it."""
        if self.example is None:
            return []
        reply = msgspec.json.encode(self.example["reply"]).decode()
        return [
            {"role": "user", "content": _fill(self.user, self.example)},
            {"role": "assistant", "content": reply},
        ]

    def is_echo(self, text: str, question: str = "") -> bool:
        """Whether a text of a reply only repeats instruction, example or question, or holds a sentence of the user's
        message; or is no text at all, such as "..", or the name of a type or of a key in the place of a text."""
        words, first_line = _spaced(text), _spaced(question.partition("\n")[0])
        if words.count(" ") > _FEWEST_WORDS and (
            words in self._spaced_text or (first_line.strip() and first_line in words)
        ):
            return True
        if text.strip() and words.strip() in self._skeleton:
            return True
        return any(sentence in words for sentence in self._user_sentences)

    @cached_property
    def _spaced_text(self) -> str:
        return _spaced("\n".join([self.system, *texts_in(self.example or {})]))

    @cached_property
    def _user_sentences(self) -> list[str]:
        """Of the user's message before it is filled: its last line, "Write observations and reason." for instance."""
        sentences = _PROMPT_SENTENCE_END.split(_PLACEHOLDER.sub("\n", self.user))
        return [spaced for sentence in sentences if (spaced := _spaced(sentence)).count(" ") > _FEWEST_IN_A_SENTENCE]

    @cached_property
    def _skeleton(self) -> frozenset[str]:
        reply = self.example["reply"] if self.example else {}
        return frozenset({"", *_JSON_TYPES, *_keys_in(reply)})


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text)


def _spaced(text: str) -> str:
    """The words of a text in small letters, with one blank before and after each."""
    return f" {' '.join(_PROMPT_WORD.findall(text.lower()))} "


def _keys_in(value: Any) -> Iterator[str]:
    """The names of all keys in a JSON value."""
    if isinstance(value, Mapping | list):
        if isinstance(value, Mapping):
            yield from map(str, value)
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _keys_in(inner)


def texts_in(value: Any) -> Iterator[str]:
    """All texts in a JSON value, without keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from texts_in(inner)


def packaged_prompt(folder: Path, name: str) -> Prompt:
    """The prompt in the file prompts/NAME.txt of a folder of this project, with its example."""
    text = folder.joinpath("prompts", f"{name}.txt").read_text(encoding="utf-8")
    return Prompt(text, _packaged_examples(folder).get(name))


@lru_cache
def _packaged_examples(folder: Path) -> Mapping[str, Any]:
    return tomllib.loads(folder.joinpath("prompts", "examples.toml").read_text(encoding="utf-8"))


def prompts_digest(prompts: Mapping[str, Prompt]) -> str:
    """8 hex digits of several prompts, for signatures."""
    return blake2b("".join(prompt.digest for prompt in prompts.values()).encode(), digest_size=4).hexdigest()


def read_prompt(path: str | Path, placeholders: Iterable[str]) -> Prompt:
    """A user's own prompt. Raises CxrError when it has another placeholder than these, or none for the question."""
    try:
        prompt = Prompt(Path(path).read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise CxrError(f"{path}: not UTF-8") from error
    names = [f"{{{name}}}" for name in sorted(placeholders)]
    if unknown := prompt.placeholders - set(placeholders):
        raise CxrError(f"{path}: {{{min(unknown)}}} is no placeholder; there are {', '.join(names)}")
    if not prompt.placeholders & {"ask", "question"}:
        raise CxrError(
            f"{path}: has no placeholder for the question, so it would be missing: use {{ask}} or {{question}}"
        )
    return prompt


def question_text(row: Mapping[str, Any]) -> str:
    """ "Question: Is there edema?\nA) Yes\nB) No", for a prompt about a case."""
    return f"Question: {reply_format.prompt_text(row.get('question') or '(none)', row.get('options') or ())}"


def answer_text(row: Mapping[str, Any]) -> str:
    """The answer of a case, a list as "Edema, Nodule"."""
    answer = row.get("answer")
    return ", ".join(map(str, answer)) if isinstance(answer, list) else str(answer or "(none)")
