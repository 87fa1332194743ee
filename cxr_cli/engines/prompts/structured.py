"""Asking a model for JSON: a reply that cannot be used is requested once more, then given up with the reason.

def count() -> Conversation[int | Failure]:
    schema = object_of(count=enum_of(0, 1, 2))
    count = yield from model.ask("case-1#count", PROMPT, schema, lambda value: value["count"])
    return count                                          # 2, or Failure("unparsable: `count`: not a whole number")
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import msgspec

from cxr_cli.engines.conversations import Conversation
from cxr_cli.engines.opening import open_engine
from cxr_cli.engines.prompts.json_schema import Schema, misfit
from cxr_cli.engines.prompts.prompt import Prompt, texts_in
from cxr_cli.engines.requests import STAND_IN, Engine, Reply, Request, seed_of
from cxr_cli.engines.spec import Spec
from cxr_cli.records import ENGINE

T = TypeVar("T")
Parse = Callable[[Any], T]
Fault = Callable[[Any], str | None]
_RETRY = "Your reply cannot be used: {}. Reply once more, with nothing but JSON as it was asked for."
_BRIEFLY = "Reply briefly: nothing but JSON as it is asked for, with few words in each text."


class Failure(NamedTuple):
    """Why a model gave no usable reply, without quoting request or reply. why: the same, as a row has it."""

    reason: str

    @property
    def why(self) -> str:
        return f"{ENGINE}{self.reason}"


@dataclass(frozen=True)
class Model:
    """An open engine that is asked for JSON. seed: for sampling; None if greedy."""

    engine: Engine
    seed: int | None = None

    def ask(
        self,
        id: str,
        prompt: Prompt,
        schema: Schema,
        parse: Parse[T],
        fault: Fault = lambda value: None,
        /,
        **values: str,
    ) -> Conversation[T | Failure]:
        """id: unique within a run. parse: a reply that fits the schema to the result. fault: what is wrong with such a
        reply, beside that it repeats the prompt."""
        seed = None if self.seed is None else seed_of(self.seed, id)

        def fault_or_echo(value: Any) -> str | None:
            echo = any(map(prompt.is_echo, texts_in(value)))
            return "it repeats the instruction or the example" if echo else fault(value)

        return ask_json(Request(id, prompt.messages(**values), seed, schema), parse, fault_or_echo)


@contextmanager
def open_model(spec: Spec, seed: int = 0) -> Iterator[Model]:
    """The model that a spec describes; its engine is closed at the end."""
    with open_engine(spec) as engine:
        yield Model(engine, seed if spec.sampling.temperature else None)


def ask_json(request: Request, parse: Parse[T], fault: Fault) -> Conversation[T | Failure]:
    """The result of `parse`, or why there is none. After a bad reply the model is asked once more.

    A reply that was cut off is no help to the model, so the request is made afresh, and asks for few words; any other
    is sent back with what is wrong with it.
    """

    @lru_cache(maxsize=1)
    def result_of(reply: Reply) -> T | Failure:
        """The engine asks whether a reply is usable, and then it is used: it is read once."""
        return _result(reply, request.schema or {}, parse, fault)

    request = replace(request, usable=lambda reply: not isinstance(result_of(reply), Failure))
    [reply] = yield [request]
    result = result_of(reply)
    if not isinstance(result, Failure) or reply.error:
        return result
    if reply.finish == "length":
        *earlier, last = request.messages
        messages = [*earlier, {**last, "content": f"{last['content']}\n\n{_BRIEFLY}"}]
    else:
        bad_reply = {"role": "assistant", "content": reply.text or "-"}  # some servers refuse an empty text
        messages = [*request.messages, bad_reply, {"role": "user", "content": _RETRY.format(result.reason)}]
    retry = replace(request, id=f"{request.id}#again", messages=messages)
    [reply] = yield [retry]
    return result_of(reply)


def together(conversations: Sequence[Conversation[T]]) -> Conversation[list[T]]:
    """Several conversations as one: in each turn the requests of all of them go to the engine."""
    results: dict[int, T] = {}
    turn_replies: dict[int, list[Reply] | None] = dict.fromkeys(range(len(conversations)))
    while turn_replies:
        turn_requests: dict[int, list[Request]] = {}
        for index, replies in turn_replies.items():
            try:
                turn_requests[index] = _next_requests(conversations[index], replies)
            except StopIteration as end:
                results[index] = end.value
        if not turn_requests:
            break
        coming = iter((yield [request for requests in turn_requests.values() for request in requests]))
        turn_replies = {index: list(islice(coming, len(requests))) for index, requests in turn_requests.items()}
    return [results[index] for index in range(len(conversations))]


def _next_requests(conversation: Conversation[T], replies: list[Reply] | None) -> list[Request]:
    return next(conversation) if replies is None else conversation.send(replies)


def _result(reply: Reply, schema: Schema, parse: Parse[T], fault: Fault) -> T | Failure:
    if reply.error:
        return Failure(reply.error)
    try:
        value = msgspec.json.decode(_json(reply.text))
        if reason := misfit(value, schema):
            reason = f"unparsable: {reason}"
        elif reply.finish == STAND_IN or not (reason := fault(value)):
            return parse(value)
        else:
            reason = f"unusable: {reason}"
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        reason = "unparsable: not JSON"
    return Failure("cut off at max tokens: raise --max-tokens" if reply.finish == "length" else reason)


def _json(text: str) -> str:
    """The object in a reply, without reasoning before it and without a fence or a sentence around it."""
    answer = text.rpartition("</think>")[2]
    return answer[answer.find("{") : answer.rfind("}") + 1]
