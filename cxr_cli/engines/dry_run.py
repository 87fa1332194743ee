"""`--dry-run`: counts the requests that would be sent, and sends none."""

from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Self

import msgspec

from cxr_cli.engines.cache import request_key
from cxr_cli.engines.requests import STAND_IN, Reply, Request, content_parts, ignore_reply, images_in
from cxr_cli.engines.spec import Spec, engine_name
from cxr_cli.rows import write_text

_CHARACTERS = 4  # of English text make a token
_TOKEN_SIDE = 28  # pixels each way that make a token of an image, in the Qwen-VL families
_REPLY_TEXT = " ".join(["word"] * 15)
_ITEMS = 4  # in a list of any length
_PROSE = 250  # tokens of a reply that is not JSON


class DryRun:
    """An engine that answers with sample values of a usual length, so that the requests that follow are counted too.

    When it is closed it prints requests, tokens and, if the spec has one, the price. An exact repeat, which the cache
    will answer, is not counted.
    """

    def __init__(self, spec: Spec) -> None:
        self.name, self.spec, self.capacity = engine_name(spec), spec, 1
        self.on_reply: Callable[[Reply], None] = ignore_reply
        self.signature: Mapping[str, object] = {"engine": self.name, "model": spec.model}
        self.requests = self.prompt = self.completion = 0
        self._ready: deque[Reply] = deque()
        self._keys: set[bytes] = set()

    def submit(self, request: Request) -> None:
        text = "" if request.schema is None else msgspec.json.encode(sample_value(request.schema)).decode()
        tokens = max(1, len(text) // _CHARACTERS) if text else min(_PROSE, self.spec.sampling.max_tokens)
        key = request_key(self.signature, request)
        if not (self.spec.cached and key in self._keys):
            self._keys.add(key)
            self.requests += 1
            self.prompt += _prompt_tokens(request)
            self.completion += tokens
        self._ready.append(Reply(request.id, text, STAND_IN, None, tokens, request.seed))

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
            prompt_price, completion_price = (price / 1e6 for price in self.spec.price)
            usual, high = (self.prompt * prompt_price + tokens * completion_price for tokens in (self.completion, most))
            lines.append(f"price              about {usual:,.2f}, at most {high:,.2f}")
        return "\n".join(
            [*lines, "Replies in the cache cost nothing; if a reply cannot be used, its request is sent a second time."]
        )


def _prompt_tokens(request: Request) -> int:
    text: int = sum(len(part["text"]) for part in content_parts(request.messages) if part["type"] == "text")
    patches: int = sum(
        (image.width // _TOKEN_SIDE) * (image.height // _TOKEN_SIDE) for image in images_in(request.messages)
    )
    return text // _CHARACTERS + patches


def sample_value(schema: Mapping[str, Any]) -> Any:
    """A value that fits a JSON schema, of a usual length."""
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: sample_value(inner) for name, inner in schema.get("properties", {}).items()}
        case "array":
            least, most = schema.get("minItems", 0), schema.get("maxItems", _ITEMS)
            return [sample_value(schema["items"])] * max(least, min(_ITEMS, most))
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "null":
            return None
    return _REPLY_TEXT
