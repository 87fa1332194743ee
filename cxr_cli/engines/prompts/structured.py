"""Asking a model for JSON: a reply that cannot be used is requested once more, then given up with the reason.

def count() -> Conversation[int | Failure]:
    schema = object_of(count=enum_of(0, 1, 2))
    count = yield from model.ask("case-1#count", PROMPT, schema, lambda value: value["count"])
    return count                                          # 2, or Failure("unparsable: `count`: not a whole number")
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import msgspec

from cxr_cli.engines.conversations import Conversation
from cxr_cli.engines.opening import open_engine
from cxr_cli.engines.prompts.json_schema import Schema, misfit
from cxr_cli.engines.prompts.prompt import Prompt, texts_in
from cxr_cli.engines.requests import STAND_IN, Engine, Reply, Request, seed_of
from cxr_cli.engines.spec import Spec
from cxr_cli.records import CUT_OFF_REPLY, ENGINE, UNPARSABLE_REPLY, UNUSABLE_REPLY

T = TypeVar("T")
Parse = Callable[[Any], T]
Fault = Callable[[Any], str | None]
IsEcho = Callable[[str], bool]
_ECHO = "it repeats the instruction or the example"
_RETRY = "A reply to this could not be used: {}. Reply with nothing but JSON as it is asked for, briefly."
_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?')
_BY_SCHEMA = "Reply with nothing but JSON, in words of your own, that fits this schema: {}"


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
        is_echo = partial(prompt.is_echo, question=values.get("question", ""))
        return _ask_json(Request(id, prompt.messages(**values), seed, schema), prompt, is_echo, schema, parse, fault)


@contextmanager
def open_model(spec: Spec, seed: int = 0) -> Iterator[Model]:
    """The model that a spec describes; its engine is closed at the end."""
    with open_engine(spec) as engine:
        yield Model(engine, seed if spec.sampling.temperature else None)


def _ask_json(
    request: Request, prompt: Prompt, is_echo: IsEcho, schema: Schema, parse: Parse[T], fault: Fault
) -> Conversation[T | Failure]:
    """The result of `parse`, or why there is none. After a bad reply the model is asked once more.

    It is asked afresh, with what was wrong: shown its own reply, a small model writes it again. If it has copied the
    example, it is asked without.
    """

    @lru_cache(maxsize=1)
    def result_of(reply: Reply) -> T | Failure:
        """The engine asks whether a reply is usable, and then it is used: it is read once."""
        return _result(reply, is_echo, schema, parse, fault)

    request = replace(request, usable=lambda reply: not isinstance(result_of(reply), Failure))
    [reply] = yield [request]
    result = result_of(reply)
    if not isinstance(result, Failure) or reply.error:
        return result
    *earlier, last = request.messages
    if result.reason == f"{UNUSABLE_REPLY}{_ECHO}":
        earlier = earlier[: len(earlier) - len(prompt.example_turn)]
        retry_note = _BY_SCHEMA.format(msgspec.json.encode(schema).decode())
    else:
        retry_note = _RETRY.format(result.reason)
    messages = [*earlier, {**last, "content": f"{last['content']}\n\n{retry_note}"}]
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


def _result(reply: Reply, is_echo: IsEcho, schema: Schema, parse: Parse[T], fault: Fault) -> T | Failure:
    if reply.error:
        return Failure(reply.error)
    try:
        value = _json(reply)
        if reason := misfit(value, schema):
            reason = f"{UNPARSABLE_REPLY}{reason}"
        elif reply.finish == STAND_IN:
            return parse(value)
        elif reason := _echo(own := _without_echoes(value, is_echo), schema, is_echo) or fault(own):
            reason = f"{UNUSABLE_REPLY}{reason}"
        else:
            return parse(own)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        reason = f"{UNPARSABLE_REPLY}not JSON"
    return Failure(f"{CUT_OFF_REPLY}: raise --max-tokens" if reply.finish == "length" else reason)


def _without_echoes(value: Any, is_echo: IsEcho) -> Any:
    """The reply without those items of its lists that only repeat instruction or example: what is left is the model's
    own work."""
    if isinstance(value, dict):
        return {key: _without_echoes(inner, is_echo) for key, inner in value.items()}
    if isinstance(value, list):
        return [item for item in value if not any(map(is_echo, texts_in(item)))]
    return value


def _echo(value: Any, schema: Schema, is_echo: IsEcho) -> str | None:
    """Whether a reply without its echoes still holds one, or holds too little."""
    return _ECHO if any(map(is_echo, texts_in(value))) or misfit(value, schema) else None


def _json(reply: Reply) -> Any:
    """The object in a reply, without reasoning before it and without a fence or a sentence around it.

    Brackets that it lacks at the end are added, if no more than they are missing: the reply was stopped in the blanks
    before them.
    """
    answer = reply.text.rpartition("</think>")[2]
    text = answer[answer.find("{") :]
    try:
        return msgspec.json.decode(text[: text.rfind("}") + 1])
    except msgspec.DecodeError:
        if reply.finish == "length" and not text[-1:].isspace():
            raise
        return msgspec.json.decode(text + _missing_brackets(text))


def _missing_brackets(text: str) -> str:
    """Those that close what is open at the end of a JSON text."""
    closing: list[str] = []
    for bracket in re.findall(r"[][{}]", _JSON_STRING.sub("", text)):
        if bracket in "]}":
            closing = closing[:-1]
        else:
            closing.append("}" if bracket == "{" else "]")
    return "".join(reversed(closing))
