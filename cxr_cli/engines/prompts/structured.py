"""Asking a model for JSON: the reply is checked, a bad one is asked for once more, and then given up with the reason.

def talk() -> Talk[int | Failure]:
    count = yield from model.ask("case-1#count", PROMPT, keyed(count=one_of(0, 1, 2)), lambda said: said["count"])
    return count                                          # 2, or Failure("unparsable: `count`: not a whole number")
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import msgspec

from cxr_cli.engines.conversations import Talk
from cxr_cli.engines.opening import open_engine
from cxr_cli.engines.prompts.prompt import Prompt
from cxr_cli.engines.prompts.schemas import Schema, misfit
from cxr_cli.engines.requests import Engine, Reply, Request, seed_of
from cxr_cli.engines.spec import Spec

T = TypeVar("T")
Parse = Callable[[Any], T]
REFUSALS = frozenset({"refusal", "content_filter"})
_AGAIN = "Your reply cannot be used: {}. Reply once more, with nothing but JSON as it was asked for."


class Failure(NamedTuple):
    """Why a model gave no answer that can be used, in words that quote neither the request nor the reply."""

    reason: str


@dataclass(frozen=True)
class Model:
    """An open engine that is asked for JSON. seed: of the draws; None when nothing is drawn."""

    engine: Engine
    seed: int | None = None

    def ask(self, id: str, prompt: Prompt, schema: Schema, parse: Parse[T], **values: str) -> Talk[T | Failure]:
        """id: unique within a run. parse: of a reply that fits the schema; ValueError: why it does not do."""
        seed = None if self.seed is None else seed_of(self.seed, id)
        return ask_json(Request(id, prompt.messages(**values), seed, schema), parse)


@contextmanager
def open_model(spec: Spec, seed: int = 0) -> Iterator[Model]:
    """The model of a spec, closed at the end."""
    with open_engine(spec) as engine:
        yield Model(engine, seed if spec.sampling.temperature else None)


def ask_json(request: Request, parse: Parse[T]) -> Talk[T | Failure]:
    """What `parse` makes of the reply, or why there is none. A bad reply is shown to the model once, with the error."""
    [reply] = yield [request]
    read = _read(reply, request, parse)
    if not isinstance(read, Failure) or reply.error:
        return read
    said = {"role": "assistant", "content": reply.text or "-"}  # some servers refuse an empty text
    wrong = {"role": "user", "content": _AGAIN.format(read.reason)}
    again = replace(request, id=f"{request.id}#again", messages=[*request.messages, said, wrong])
    [reply] = yield [again]
    return _read(reply, again, parse)


def together(talks: Sequence[Talk[T]]) -> Talk[list[T]]:
    """Several talks as one: the requests of all are in hand at once."""
    results: dict[int, T] = {}
    given: dict[int, list[Reply] | None] = dict.fromkeys(range(len(talks)))
    while given:
        asked: dict[int, list[Request]] = {}
        for index, replies in given.items():
            try:
                asked[index] = _turn(talks[index], replies)
            except StopIteration as end:
                results[index] = end.value
        if not asked:
            break
        coming = iter((yield [request for requests in asked.values() for request in requests]))
        given = {index: list(islice(coming, len(requests))) for index, requests in asked.items()}
    return [results[index] for index in range(len(talks))]


def _turn(talk: Generator[list[Request], list[Reply], T], replies: list[Reply] | None) -> list[Request]:
    return next(talk) if replies is None else talk.send(replies)


def _read(reply: Reply, request: Request, parse: Parse[T]) -> T | Failure:
    if reply.error:
        return Failure(reply.error)
    if reply.finish in REFUSALS:
        return Failure("refused")
    try:
        value = msgspec.json.decode(_json(reply.text))
        if wrong := misfit(value, request.schema or {}):
            raise ValueError(wrong)
        return parse(value)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        reason = "unparsable: not JSON"
    except ValueError as error:
        reason = f"unparsable: {error}"
    return Failure("cut off at max tokens: raise --max-tokens" if reply.finish == "length" else reason)


def _json(text: str) -> str:
    """The object in a reply, without thoughts before it and a fence or a sentence around it."""
    said = text.rpartition("</think>")[2]
    return said[said.find("{") : said.rfind("}") + 1]
