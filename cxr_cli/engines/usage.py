"""What a run has asked so far, for the person who waits for it or pays for it."""

import time
from collections.abc import Callable
from typing import Self

from cxr_cli.engines.requests import Engine, Reply, Request, unheeded
from cxr_cli.rows import note

EVERY = 60  # seconds between two lines


class Metered:
    """An engine whose replies are counted: a line on stderr every minute, and one at the end."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.name, self.signature = engine, engine.name, engine.signature
        self.on_reply: Callable[[Reply], None] = unheeded
        self.replies = self.cached = self.failed = self.prompt = self.completion = 0
        self._begun = self._said = time.monotonic()

    @property
    def capacity(self) -> int:
        return self.engine.capacity

    def submit(self, request: Request) -> None:
        self.engine.submit(request)

    def ready(self) -> bool:
        return self.engine.ready()

    def next(self) -> Reply:
        reply = self.engine.next()
        self.replies += 1
        self.cached += reply.cached
        self.failed += reply.error is not None
        if not reply.cached:
            self.prompt += reply.prompt_tokens or 0
            self.completion += reply.completion_tokens or 0
        if (now := time.monotonic()) - self._said >= EVERY:
            self._said = now
            note(self.line())
        return reply

    def line(self) -> str:
        """12 replies, 4 of them from the cache; 3,200 prompt and 480 completion tokens; 2.1 replies/s"""
        parts = [f"{self.cached:,} of them from the cache"] if self.cached else []
        parts += [f"{self.failed:,} failed"] if self.failed else []
        counted = ", ".join([f"{self.replies:,} replies", *parts])
        speed = self.replies / max(1e-3, time.monotonic() - self._begun)
        return f"{counted}; {self.prompt:,} prompt and {self.completion:,} completion tokens; {speed:.1f} replies/s"

    def close(self) -> None:
        if self.replies:
            note(self.line())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
