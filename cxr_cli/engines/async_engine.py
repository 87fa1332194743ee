"""Engines that answer many requests at once: an event loop in a thread, and a queue of the replies."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Self

from cxr_cli.engines.requests import Reply, Request, ignore_reply
from cxr_cli.rows import note

SILENCE = 30.0  # seconds without a reply until a person is told


class AsyncEngine(ABC):
    """An engine of which only `answer`, the reply to one request, has to be written."""

    name: str
    capacity: int
    signature: Mapping[str, object]
    on_reply: Callable[[Reply], None] = staticmethod(ignore_reply)

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._replies: SimpleQueue[Reply | BaseException] = SimpleQueue()
        self._failure: BaseException | None = None
        self._thread = Thread(target=self.loop.run_forever, name=f"cxr-{self.name}", daemon=True)
        self._thread.start()

    @abstractmethod
    async def answer(self, request: Request) -> Reply:
        """The reply, with an `error` if this request cannot be answered. CxrError: no other can be answered either."""

    @abstractmethod
    async def finish(self) -> None:
        """Closes what was opened."""

    def run(self, coroutine: Any) -> Any:
        """The result of a coroutine, which runs in the loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    def submit(self, request: Request) -> None:
        asyncio.run_coroutine_threadsafe(self.answer(request), self.loop).add_done_callback(self._put)

    def ready(self) -> bool:
        return not self._replies.empty()

    def next(self) -> Reply:
        reply = self._failure or self._wait()
        while isinstance(reply, BaseException):  # replies that came with it are not lost
            self._failure = self._failure or reply
            try:
                reply = self._replies.get_nowait()
            except Empty:
                raise self._failure from None
        return reply

    def _wait(self) -> Reply | BaseException:
        """The next reply. Says once on stderr that none comes."""
        try:
            return self._replies.get(timeout=SILENCE)
        except Empty:
            note(f"no reply from {self.name} for {SILENCE:g} s: still waiting")
            return self._replies.get()

    def close(self) -> None:
        if self.loop.is_closed():
            return
        self.run(_cancel_all())
        self.run(self.finish())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _put(self, future: "Future[Reply]") -> None:
        if future.cancelled():
            return
        try:
            self.on_reply(future.result())
            self._replies.put(future.result())
        except BaseException as error:
            self._replies.put(error)


async def _cancel_all() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
