"""Several servers of one model: each request goes to the server with the fewest, and to another if that one fails."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from cxr_cli.engines.openai.http import MOST_TIMEOUTS, HttpClient, Response, is_page
from cxr_cli.rows import note

_WRONG_SERVER = {401, 402, 403, 404}  # it takes another key, has no credit or another model, and refuses all requests
_BUSY = {408, 429}
_LAST_TIMEOUT = 3  # timeouts without a response between them, after which a server is left out
REST = 60.0  # seconds until one request goes to a server that was left out: it may have started again


class Replica:
    """One server. concurrency: requests at a time. waiting: requests under way or in front of it. timeouts: since its
    last response. down: is it left out while there are others? tried_at: when it was left out, or when a request last
    tried whether it is back; infinite if it hangs, as that request would hang too."""

    def __init__(self, client: HttpClient, concurrency: int) -> None:
        self.client, self.slots = client, asyncio.Semaphore(concurrency)
        self.waiting = self.timeouts = 0
        self.down, self.tried_at = False, 0.0


class Replicas:
    """Sends requests to servers that answer alike."""

    def __init__(self, clients: Sequence[HttpClient], concurrency: int) -> None:
        self._replicas = [Replica(client, concurrency) for client in clients]

    async def send(self, path: str, make_body: Callable[[], Awaitable[bytes]]) -> Response:
        """The response of a server. make_body: called when the server is free for the request. Where one cannot
        be reached, is too busy, lacks the model, the key or credit, sends a page, has an error of its own (5xx) or
        takes too long, the request goes to another, to each once.

        OSError if the last one cannot be reached. TimeoutError: as many tries as one server gets took too long.
        """
        left, timeouts = [*self._replicas], 0
        while True:
            replica, again = _next_of(left)
            left.remove(replica)
            replica.waiting += 1
            tries = 1 if left else MOST_TIMEOUTS - timeouts  # of those that end without a response
            try:
                async with replica.slots:
                    if replica.down and not again and any(not other.down for other in left):
                        continue  # it was left out while the request waited for it
                    response = await replica.client.send("POST", path, await make_body(), timeouts=tries)
            except TimeoutError:
                timeouts += tries
                replica.timeouts += tries
                if replica.timeouts >= _LAST_TIMEOUT:
                    self._set_down(replica, "does not reply in time", tried_at=float("inf"))
                if timeouts == MOST_TIMEOUTS or not left:
                    raise
            except OSError:
                self._set_down(replica, "cannot be reached, or breaks off")
                if not left:
                    raise
            else:
                page = is_page(response)
                wrong = page or response.status in _WRONG_SERVER
                replica.timeouts, replica.down = 0, replica.down and wrong
                if not left or not (wrong or response.status >= 500 or response.status in _BUSY):
                    return response
                if wrong:
                    self._set_down(replica, "sends a page" if page else f"refuses requests (HTTP {response.status})")
            finally:
                replica.waiting -= 1

    def _set_down(self, replica: Replica, reason: str, *, tried_at: float | None = None) -> None:
        if not replica.down and any(not other.down for other in self._replicas if other is not replica):
            note(f"{replica.client.url} {reason}: its requests go to the others")
        replica.down = True
        replica.tried_at = time.monotonic() if tried_at is None else tried_at

    async def close(self) -> None:
        for replica in self._replicas:
            await replica.client.close()


def _next_of(replicas: Sequence[Replica]) -> tuple[Replica, bool]:
    """The server for a request, and whether it is one that was left out and has rested."""
    now = time.monotonic()
    for replica in replicas:
        if replica.down and replica.tried_at + REST < now:
            replica.tried_at = now  # this one request is enough
            return replica, True
    return min(replicas, key=lambda replica: (replica.down, replica.waiting)), False
