"""How many replies and tokens a run has used, for the person who waits for it or pays for it."""

import time
from collections.abc import Callable
from typing import Self

from cxr_cli.engines.failure_limit import FailureLimit
from cxr_cli.engines.requests import Engine, Reply, Request, ignore_reply
from cxr_cli.rows import note

EVERY = 60  # seconds between two notes


class UsageMeter:
    """An engine whose replies are counted: a note on stderr every minute, and one at the end.

    `next` raises EngineError when the engine keeps failing.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine, self.name, self.signature = engine, engine.name, engine.signature
        self.on_reply: Callable[[Reply], None] = ignore_reply
        self.replies = self.cached = self.failed = self.prompt = self.completion = 0
        self._limit = FailureLimit()
        self._start = self._last_note = time.monotonic()

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
        if (now := time.monotonic()) - self._last_note >= EVERY:
            self._last_note = now
            note(self.summary())
        self._limit.count(reply)
        return reply

    def summary(self) -> str:
        """12 replies, 4 of them from the cache; 3,200 prompt and 480 completion tokens; 2.1 replies/s"""
        parts = [f"{self.cached:,} of them from the cache"] if self.cached else []
        parts += [f"{self.failed:,} failed"] if self.failed else []
        replies = ", ".join([f"{self.replies:,} replies", *parts])
        speed = self.replies / max(1e-3, time.monotonic() - self._start)
        return f"{replies}; {self.prompt:,} prompt and {self.completion:,} completion tokens; {speed:.1f} replies/s"

    def close(self) -> None:
        if self.replies:
            note(self.summary())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
