"""Conversations for tests: one that asks no model, and one request each to an open engine."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

from cxr_cli.engines import Conversation, Engine, Reply, Request, run_conversations

T = TypeVar("T")


def run_offline(conversation: Conversation[T]) -> T:
    """The result of a conversation that asks for nothing."""
    [(_, result)] = run_conversations(None, [({}, conversation)])
    if isinstance(result, Exception):
        raise result
    return result


def generate(engine: Engine, requests: Iterable[Request]) -> Iterator[Reply]:
    """One reply for each request, as they finish."""

    def ask(request: Request) -> Conversation[Reply]:
        [reply] = yield [request]
        return reply

    for _, reply in run_conversations(engine, (({}, ask(request)) for request in requests)):
        assert isinstance(reply, Reply)
        yield reply
