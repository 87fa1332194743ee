"""Many conversations with one engine at a time, so that it is always busy.

A conversation is a generator: it yields requests, gets their replies in the same order, and returns its result.

    def describe(film: Image) -> Conversation[str]:
        first, second = yield [Request("a", ..), Request("b", ..)]
        [last] = yield [Request("c", ..)]
        return last.text
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Generic, TypeVar

from cxr_cli.engines.requests import Engine, Reply, Request
from cxr_cli.errors import LateError, RowError
from cxr_cli.rows import Flow, Row

T = TypeVar("T")
Conversation = Generator[list[Request], list[Reply], T]


def run_conversations(
    engine: Engine | None, conversations: Iterable[tuple[Row, Conversation[T]]]
) -> Iterator[tuple[Row, T | RowError]]:
    """Each row with the result of its conversation, or the RowError that it raised; as they end, in any order.

    Replies that are ready are taken first; a new conversation starts whenever the engine has room. An error of
    `conversations` itself is raised when the conversations under way have ended. engine: None if none of them asks
    for anything.
    """
    waiting: dict[str, tuple[_OpenConversation[T], int]] = {}  # request id -> conversation, place in its turn
    coming = LateError(conversations)
    more = True
    while more or waiting:
        if more and _has_room(engine, len(waiting)):
            new = next(coming, None)
            if new is None:
                more = False
                continue
            current = _OpenConversation(*new)
        else:
            assert engine is not None
            reply = engine.next()
            current, place = waiting.pop(reply.id)
            if not current.take(place, reply):
                continue
        for place, request in enumerate(current.next_requests()):
            assert engine is not None
            if request.id in waiting:
                raise ValueError("two requests with the same id")
            waiting[request.id] = (current, place)
            engine.submit(request)
        if current.ended:
            yield current.row, current.result
    coming.raise_error()


def run_or_reject(
    engine: Engine | None,
    conversations: Iterable[tuple[Row, Conversation[T]]],
    reject: Callable[[Row, str], None],
    *,
    in_order: bool = False,
) -> Iterator[tuple[Row, T]]:
    """As `run_conversations`, with the rows that fail handed to `reject`. in_order: in the order of the rows.

    If `reject` raises, since a bad row is to stop the run, no more conversations start, and the results of those under
    way are not lost.
    """
    failure: RowError | None = None

    def until_failure() -> Iterator[tuple[Row, Conversation[T]]]:
        for new in conversations:
            if failure is not None:
                return
            yield new

    for row, result in (_run_in_order if in_order else run_conversations)(engine, until_failure()):
        if not isinstance(result, RowError):
            yield row, result
            continue
        try:
            reject(row, result.reason)
        except RowError as error:
            failure = failure or error
    if failure is not None:
        raise failure


def _run_in_order(
    engine: Engine | None, conversations: Iterable[tuple[Row, Conversation[T]]]
) -> Iterator[tuple[Row, T | RowError]]:
    """As `run_conversations`, in the order of the rows: what ends early waits."""
    order: deque[Row] = deque()
    results: dict[int, T | RowError] = {}  # by the row's identity, which `order` keeps alive

    def in_turn() -> Iterator[tuple[Row, Conversation[T]]]:
        for row, conversation in conversations:
            order.append(row)
            yield row, conversation

    ended = LateError(run_conversations(engine, in_turn()))
    for row, result in ended:
        results[id(row)] = result
        while order and id(order[0]) in results:
            first = order.popleft()
            yield first, results.pop(id(first))
    for row in order:  # if the engine failed: those that ended before it, and waited for others
        if id(row) in results:
            yield row, results[id(row)]
    ended.raise_error()


def run_each(
    flow: Flow,
    engine: Engine | None,
    conversation: Callable[[Row], Conversation[T]],
    rows: Iterator[Row],
    jobs: int = 1,
) -> Iterator[T]:
    """The results of the rows' conversations, in the order of the rows; rows that fail are rejected.

    jobs: how many processes work on them where no engine is asked, see `Flow.each`.
    """
    if engine is None:
        pairs = flow.each(lambda row: result_of(conversation(row)), rows, jobs)
    else:
        conversations = ((row, conversation(row)) for row in rows)
        pairs = run_or_reject(engine, conversations, flow.reject, in_order=True)
    for _, result in pairs:
        yield result


def result_of(conversation: Conversation[T]) -> T:
    """What a conversation that asks for nothing comes to. RowError: it raises one."""
    try:
        next(conversation)
    except StopIteration as end:
        result: T = end.value
        return result
    raise AssertionError("there is no engine to ask")


def without_requests(result: T) -> Conversation[T]:
    """A conversation that asks for nothing and gives this result."""
    return result
    yield []


def _has_room(engine: Engine | None, waiting: int) -> bool:
    """Whether to start another conversation. waiting: the requests that the engine has."""
    return engine is None or (waiting < engine.capacity and not (waiting and engine.ready()))


class _OpenConversation(Generic[T]):
    """A conversation under way. In each turn it asks for several replies and goes on when all of them are there."""

    result: T | RowError

    def __init__(self, row: Row, conversation: Conversation[T]) -> None:
        self.row, self.ended = row, False
        self._conversation = conversation
        self._expected = 0  # replies of this turn
        self._replies: dict[int, Reply] | None = None  # of this turn, by place; None before the first turn

    def next_requests(self) -> list[Request]:
        """The requests of the next turn that asks for something; [] when it has ended and `result` is there."""
        requests: list[Request] = []
        try:
            while not requests:
                if self._replies is None:
                    requests = next(self._conversation)
                else:
                    requests = self._conversation.send([self._replies[place] for place in range(self._expected)])
                self._expected, self._replies = len(requests), {}
        except StopIteration as end:
            self.result, self.ended = end.value, True
        except RowError as error:
            self.result, self.ended = error, True
        return requests

    def take(self, place: int, reply: Reply) -> bool:
        """Whether this reply was the last that the turn waited for."""
        assert self._replies is not None
        self._replies[place] = reply
        return len(self._replies) == self._expected
