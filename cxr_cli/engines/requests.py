"""What goes into an engine and what comes out of it."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Protocol, Self

Message = Mapping[str, Any]
"""{"role": "system" | "user" | "assistant", "content": text or parts}; a part is {"type": "text", "text": ..} or
{"type": "image", "image": PIL.Image}."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How every reply of a run is sampled. temperature: 0 is greedy. max_tokens: of one reply."""

    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int = 1024


@dataclass(frozen=True, slots=True)
class Request:
    """id: unique within a run. seed: for sampling; None if greedy. schema: the JSON schema of the reply.

    usable: whether a reply without an error is worth keeping for the next time; None if every reply that ends is.
    """

    id: str
    messages: Sequence[Message]
    seed: int | None = None
    schema: Mapping[str, Any] | None = None
    usable: "Callable[[Reply], bool] | None" = field(default=None, compare=False)


STAND_IN = "stand-in"  # the finish of a reply that stands for one of its form and length, and means nothing


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply to the request with that id.

    finish: "stop", "length" (cut off at max_tokens), STAND_IN, or what the server calls it. error: why there is no text
    although other requests can be answered. Tokens are None where a server does not count them.
    """

    id: str
    text: str = ""
    finish: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    seed: int | None = None
    error: str | None = None
    cached: bool = False


def failed_reply(request: Request, reason: str) -> Reply:
    """The reply to a request that could not be answered, while others can be."""
    return Reply(request.id, seed=request.seed, error=reason)


def ignore_reply(reply: Reply) -> None:
    """The `on_reply` of an engine until somebody listens to it."""


class Engine(Protocol):
    """Answers requests: `submit` hands one over, `next` waits for the reply that comes first.

    name: "vllm", .. signature: everything of model and sampling that changes a reply. capacity: how many requests
    keep it busy. on_reply: called with each reply as soon as it is there, from any thread. ready: `next` need not wait.
    `next` raises CxrError when no request can be answered any more.
    """

    name: str
    signature: Mapping[str, object]
    on_reply: Callable[[Reply], None]

    @property
    def capacity(self) -> int: ...
    def submit(self, request: Request) -> None: ...
    def ready(self) -> bool: ...
    def next(self) -> Reply: ...
    def close(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *error: object) -> None: ...


def special_token_reply(request: Request, special: re.Pattern[str]) -> Reply | None:
    """The reply to a request with a special token of the model in one of its texts, which the model would take for the
    end of a turn, or for a film. None: there is none."""
    texts = (part["text"] for part in content_parts(request.messages) if part["type"] == "text")
    match = next(filter(None, map(special.search, texts)), None)
    return (
        failed_reply(request, f"a text has {match[0]}, which the model reads as a token of its own") if match else None
    )


def content_parts(messages: Iterable[Message]) -> Iterator[Mapping[str, Any]]:
    """The parts of all messages, in order; content that is a text is one part."""
    for message in messages:
        content = message["content"]
        yield from [{"type": "text", "text": content}] if isinstance(content, str) else content


def images_in(messages: Iterable[Message]) -> list[Any]:
    """The images in these messages, in order."""
    return [part["image"] for part in content_parts(messages) if part["type"] == "image"]


def seed_of(seed: int, *request: object) -> int:
    """A seed for each id and sample: the same in any order, batch or shard. `seed_of(0, "case-1", 2)`"""
    key = "/".join(map(str, (seed, *request)))
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogateescape"), digest_size=4).digest()) >> 1
