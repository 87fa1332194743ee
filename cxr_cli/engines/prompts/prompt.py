"""Prompts are plain texts. `{name}` is a placeholder, all other braces stay; a line `---` ends the system message.

You are a radiologist.
---
{ask}
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from typing import Any

from cxr_cli.answers import reply_format
from cxr_cli.engines.requests import Message
from cxr_cli.errors import CxrError

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_SYSTEM_END = re.compile(r"^---[ \t]*$\n?", re.M)


class Prompt:
    """A prompt. text: that of its file. digest: 8 hex digits of the text, for signatures."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = blake2b(text.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
        *system, user = _SYSTEM_END.split(text, maxsplit=1)
        self.system, self.user = "".join(system).strip(), user.strip()

    @property
    def placeholders(self) -> set[str]:
        return set(_PLACEHOLDER.findall(self.text))

    def messages(self, images: Sequence[Any] = (), **values: str) -> list[Message]:
        """System message, if there is one, and user message. The images come before the user's text.

        values: of the placeholders.
        """
        system, user = _fill(self.system, values), _fill(self.user, values)
        content: Any = user
        if images:
            content = [*({"type": "image", "image": image} for image in images), {"type": "text", "text": user}]
        messages: list[Message] = [{"role": "user", "content": content}]
        return [{"role": "system", "content": system}, *messages] if system else messages


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text)


def packaged_prompt(package: str, name: str) -> Prompt:
    """The prompt in the file prompts/NAME.txt of a package of this project."""
    return Prompt(files(package).joinpath("prompts", f"{name}.txt").read_text(encoding="utf-8"))


def prompts_digest(prompts: Mapping[str, Prompt]) -> str:
    """8 hex digits of several prompts, for signatures."""
    return blake2b("".join(prompt.digest for prompt in prompts.values()).encode(), digest_size=4).hexdigest()


def read_prompt(path: str | Path, placeholders: Iterable[str]) -> Prompt:
    """A user's own prompt. Raises CxrError when it has another placeholder than these, or none."""
    try:
        prompt = Prompt(Path(path).read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise CxrError(f"{path}: not UTF-8") from error
    allowed = [f"{{{name}}}" for name in sorted(placeholders)]
    if unknown := prompt.placeholders - set(placeholders):
        raise CxrError(f"{path}: {{{min(unknown)}}} is no placeholder; there are {', '.join(allowed)}")
    if not prompt.placeholders:
        raise CxrError(f"{path}: has no placeholder, so the question would be missing: use {' or '.join(allowed)}")
    return prompt


def question_text(row: Mapping[str, Any]) -> str:
    """ "Question: Is there edema?\nA) Yes\nB) No", for a prompt about a case."""
    return f"Question: {reply_format.prompt_text(row.get('question') or '(none)', row.get('options') or ())}"


def answer_text(row: Mapping[str, Any]) -> str:
    """The answer of a case, a list as "Edema, Nodule"."""
    answer = row.get("answer")
    return ", ".join(map(str, answer)) if isinstance(answer, list) else str(answer or "(none)")
