"""Many conversations with one engine at a time, so that it is always busy.

A talk is a generator: it yields requests, gets their replies in the same order, and returns its result.

    def talk() -> Talk[str]:
        first, second = yield [Request("a", ..), Request("b", ..)]
        [last] = yield [Request("c", ..)]
        return last.text
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Generic, TypeVar

from cxr_cli.engines.requests import Engine, Reply, Request
from cxr_cli.errors import RowError
from cxr_cli.rows import Row

T = TypeVar("T")
Talk = Generator[list[Request], list[Reply], T]


def converse(engine: Engine | None, talks: Iterable[tuple[Row, Talk[T]]]) -> Iterator[tuple[Row, T | RowError]]:
    """Each row with the result of its talk, or the RowError that it raised; as they end, in any order.

    Replies that are there are taken first; a new talk is begun whenever the engine has room. An error of `talks` itself
    waits until the talks that are under way have ended. engine: None if no talk asks for anything.
    """
    waiting: dict[str, tuple[_Running[T], int]] = {}
    begun = iter(talks)
    more = True
    failure: Exception | None = None

    def ended(talk: "_Running[T]", replies: list[Reply] | None) -> bool:
        """One more turn. Its requests go to the engine."""
        requests = talk.turn(replies)
        while requests == []:
            requests = talk.turn([])
        for index, request in enumerate(requests or ()):
            assert engine is not None
            if request.id in waiting:
                raise ValueError("two requests with the same id")
            waiting[request.id] = (talk, index)
            engine.submit(request)
        return requests is None

    while more or waiting:
        if more and (engine is None or (len(waiting) < engine.capacity and not (waiting and engine.ready()))):
            try:
                new = next(begun, None)
            except Exception as error:
                new, failure = None, error
            if new is None:
                more = False
            elif ended(talk := _Running(*new), None):
                yield talk.row, talk.result
        elif waiting:
            assert engine is not None
            reply = engine.next()
            talk, index = waiting.pop(reply.id)
            if (replies := talk.take(index, reply)) and ended(talk, replies):
                yield talk.row, talk.result
    if failure is not None:
        raise failure


def in_order(engine: Engine | None, talks: Iterable[tuple[Row, Talk[T]]]) -> Iterator[tuple[Row, T | RowError]]:
    """As `converse`, in the order of the talks: what ends early waits."""
    order: deque[Row] = deque()
    ended: dict[int, T | RowError] = {}  # by the row's identity, which `order` keeps alive

    def begun() -> Iterator[tuple[Row, Talk[T]]]:
        for row, talk in talks:
            order.append(row)
            yield row, talk

    for row, result in converse(engine, begun()):
        ended[id(row)] = result
        while order and id(order[0]) in ended:
            first = order.popleft()
            yield first, ended.pop(id(first))


def settle(
    engine: Engine | None,
    talks: Iterable[tuple[Row, Talk[T]]],
    reject: Callable[[Row, str], None],
    *,
    ordered: bool = False,
) -> Iterator[tuple[Row, T]]:
    """As `converse` (ordered: as `in_order`), with the rows that fail handed to `reject`.

    If that raises, since a bad row is to stop the run, no more talks are begun, and those under way are not lost.
    """
    stopped: list[RowError] = []

    def begun() -> Iterator[tuple[Row, Talk[T]]]:
        for new in talks:
            if stopped:
                return
            yield new

    for row, result in (in_order if ordered else converse)(engine, begun()):
        if not isinstance(result, RowError):
            yield row, result
            continue
        try:
            reject(row, result.reason)
        except RowError as error:
            stopped.append(error)
    if stopped:
        raise stopped[0]


def settled(talk: Talk[T]) -> T:
    """The result of a talk that asks for nothing."""
    try:
        next(talk)
    except StopIteration as end:
        result: T = end.value
        return result
    raise ValueError("this talk asks a model")


def without_requests(result: T) -> Talk[T]:
    """A talk that asks for nothing and gives this result."""
    return result
    yield []


class _Running(Generic[T]):
    """A talk under way, with the replies it has got in this turn."""

    result: T | RowError

    def __init__(self, row: Row, talk: Talk[T]) -> None:
        self.row, self._talk = row, talk
        self._replies: list[Reply | None] = []

    def turn(self, replies: list[Reply] | None) -> list[Request] | None:
        """Its next requests; None when it has ended and `result` is there."""
        try:
            requests = next(self._talk) if replies is None else self._talk.send(replies)
        except StopIteration as end:
            self.result = end.value
            return None
        except RowError as error:
            self.result = error
            return None
        self._replies = [None] * len(requests)
        return requests

    def take(self, index: int, reply: Reply) -> list[Reply] | None:
        """All replies of this turn once the last of them is there."""
        self._replies[index] = reply
        return None if None in self._replies else [reply for reply in self._replies if reply is not None]


def generate(engine: Engine, requests: Iterable[Request]) -> Iterator[Reply]:
    """One reply for each request, as they finish."""

    def talk(request: Request) -> Talk[Reply]:
        [reply] = yield [request]
        return reply

    for _, reply in converse(engine, (({}, talk(request)) for request in requests)):
        assert isinstance(reply, Reply)
        yield reply
