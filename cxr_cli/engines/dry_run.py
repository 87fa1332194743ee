"""`--dry-run`: counts what would be asked, and asks nothing."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Self

import msgspec

from cxr_cli.engines.cache import key_of
from cxr_cli.engines.requests import Reply, Request, images, parts, unheeded
from cxr_cli.engines.spec import Spec, chosen
from cxr_cli.rows import write_text

_CHARACTERS = 4  # of English text, a token
_PATCH = 28  # pixels each way that make a token of an image, in the Qwen-VL families
_WORDS = " ".join(["word"] * 15)
_ITEMS = 4  # of a list whose length is free
_PLAIN = 250  # tokens of a reply that is no JSON


class Dry:
    """An engine that answers with placeholders of a usual length, so that what follows on them is counted as well.

    Prints requests, tokens and, if the spec has one, the price, when it is closed. An exact repeat, which the cache
    will answer, is not counted.
    """

    def __init__(self, spec: Spec) -> None:
        self.name, self.spec, self.capacity = chosen(spec), spec, 1
        self.on_reply: Callable[[Reply], None] = unheeded
        self.signature: Mapping[str, object] = {"engine": self.name, "model": spec.model}
        self.requests = self.prompt = self.completion = 0
        self._ready: deque[Reply] = deque()
        self._seen: set[bytes] = set()

    def submit(self, request: Request) -> None:
        text = "" if request.schema is None else msgspec.json.encode(placeholder(request.schema)).decode()
        said = max(1, len(text) // _CHARACTERS) if text else min(_PLAIN, self.spec.sampling.max_tokens)
        key = key_of(self.signature, request)
        if not (self.spec.cached and key in self._seen):
            self._seen.add(key)
            self.requests += 1
            self.prompt += _tokens(request)
            self.completion += said
        self._ready.append(Reply(request.id, text, "stop", None, said, request.seed))

    def ready(self) -> bool:
        return bool(self._ready)

    def next(self) -> Reply:
        return self._ready.popleft()

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if error[0] is None:
            write_text(self.plan())

    def plan(self) -> str:
        most = self.requests * self.spec.sampling.max_tokens
        lines = [
            f"requests           {self.requests:,}",
            f"prompt tokens      about {self.prompt:,}",
            f"completion tokens  about {self.completion:,}, at most {most:,}",
        ]
        if self.spec.price:
            asked, said = (price / 1e6 for price in self.spec.price)
            usual, high = (self.prompt * asked + tokens * said for tokens in (self.completion, most))
            lines.append(f"price              about {usual:,.2f}, at most {high:,.2f}")
        return "\n".join([*lines, "What the cache holds already costs nothing; failed replies are asked for twice."])


def _tokens(request: Request) -> int:
    text: int = sum(len(part["text"]) for part in parts(request.messages) if part["type"] == "text")
    shown: int = sum((w // _PATCH) * (h // _PATCH) for w, h in (p.size for p in images(request.messages)))
    return text // _CHARACTERS + shown


def placeholder(schema: Mapping[str, Any]) -> Any:
    """A value that fits a JSON schema, of a usual length."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: placeholder(inner) for name, inner in schema.get("properties", {}).items()}
        case "array":
            least, most = schema.get("minItems", 0), schema.get("maxItems", _ITEMS)
            return [placeholder(schema["items"])] * max(least, min(_ITEMS, most))
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "null":
            return None
    return _WORDS
