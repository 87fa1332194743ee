"""Prompts are plain texts: `{name}` is filled in, all other braces stay; a line `---` ends the system part.

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

_PLACE = re.compile(r"\{([a-z_]+)\}")
_BREAK = re.compile(r"^---[ \t]*$\n?", re.M)


class Prompt:
    """One prompt. text: as it stands in the file. digest: 8 hex digits of it, for signatures."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.digest = blake2b(text.encode("utf-8", "surrogateescape"), digest_size=4).hexdigest()
        *system, user = _BREAK.split(text, maxsplit=1)
        self.system, self.user = "".join(system).strip(), user.strip()

    @property
    def places(self) -> set[str]:
        """The names that are filled in."""
        return set(_PLACE.findall(self.text))

    def messages(self, pictures: Sequence[Any] = (), **values: str) -> list[Message]:
        """System and user message; the pictures stand before the user's text."""
        system, user = self._filled(self.system, values), self._filled(self.user, values)
        content: Any = user
        if pictures:
            content = [*({"type": "image", "image": picture} for picture in pictures), {"type": "text", "text": user}]
        asked: list[Message] = [{"role": "user", "content": content}]
        return [{"role": "system", "content": system}, *asked] if system else asked

    def _filled(self, text: str, values: dict[str, str]) -> str:
        return _PLACE.sub(lambda place: values[place[1]], text)


def packaged(package: str, name: str) -> Prompt:
    """The prompt `name`.txt in the folder `prompts` of a package of this project."""
    return Prompt(files(package).joinpath("prompts", f"{name}.txt").read_text(encoding="utf-8"))


def digest(prompts: Mapping[str, Prompt]) -> str:
    """8 hex digits of several prompts."""
    return blake2b("".join(prompt.digest for prompt in prompts.values()).encode(), digest_size=4).hexdigest()


def read_prompt(path: str | Path, places: Iterable[str]) -> Prompt:
    """A user's own prompt. places: what it may fill in. Raises CxrError when it fills in something else, or nothing."""
    try:
        prompt = Prompt(Path(path).read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise CxrError(f"{path}: not UTF-8") from error
    known = sorted(places)
    if unknown := prompt.places - set(known):
        raise CxrError(f"{path}: {{{min(unknown)}}} is not known; there is {', '.join(f'{{{p}}}' for p in known)}")
    if not prompt.places:
        raise CxrError(f"{path}: holds no {' or '.join(f'{{{p}}}' for p in known)}, which ask something")
    return prompt


def question_text(row: Mapping[str, Any]) -> str:
    """The question of a case with its lettered options, for a prompt that is about it."""
    return f"Question: {reply_format.prompt_text(row.get('question') or '(none)', row.get('options') or ())}"


def answer_text(row: Mapping[str, Any]) -> str:
    """The answer of a case, several as "Edema, Nodule"."""
    answer = row.get("answer")
    return ", ".join(map(str, answer)) if isinstance(answer, list) else str(answer or "(none)")
