"""Several servers of one model: each request goes to the one with the fewest, and leaves one that cannot be reached."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from cxr_cli.engines.openai.http import HttpClient, Response, is_page
from cxr_cli.rows import note

_WRONG_SERVER = {401, 402, 403, 404}  # it takes another key, has no credit or another model, and refuses all requests
_BUSY = {408, 429}


class Replica:
    """One server. concurrency: requests at a time. waiting: requests under way or in front of it. down: could it not be
    reached, or does it take another key or have another model?"""

    def __init__(self, client: HttpClient, concurrency: int) -> None:
        self.client, self.slots = client, asyncio.Semaphore(concurrency)
        self.waiting, self.down = 0, False


class Replicas:
    """Sends requests to servers that answer alike."""

    def __init__(self, clients: Sequence[HttpClient], concurrency: int) -> None:
        self._replicas = [Replica(client, concurrency) for client in clients]

    async def send(self, path: str, make_body: Callable[[], Awaitable[bytes]]) -> Response:
        """The response of a server. make_body: called when the server is free for the request. Where one cannot
        be reached, is too busy, lacks the model, the key or credit, sends a page, or has an error of its own (5xx), the
        request goes to another, to each once.

        OSError if the last one cannot be reached. TimeoutError: no other is asked, as the first may be at work on it.
        """
        left = [*self._replicas]
        while True:
            replica = min(left, key=lambda replica: (replica.down, replica.waiting))
            left.remove(replica)
            replica.waiting += 1
            try:
                async with replica.slots:
                    if replica.down and any(not other.down for other in left):  # since the request began to wait
                        continue
                    response = await replica.client.send("POST", path, await make_body())
            except TimeoutError:
                raise
            except OSError:
                if left:
                    self._set_down(replica, "cannot be reached, or breaks off")
                replica.down = True
                if not left:
                    raise
            else:
                page = is_page(response)
                wrong = page or response.status in _WRONG_SERVER
                replica.down = replica.down and wrong
                if not left or not (wrong or response.status >= 500 or response.status in _BUSY):
                    return response
                if wrong:
                    self._set_down(replica, "sends a page" if page else f"refuses requests (HTTP {response.status})")
            finally:
                replica.waiting -= 1

    def _set_down(self, replica: Replica, reason: str) -> None:
        if not replica.down:
            note(f"{replica.client.url} {reason}: its requests go to the others")
        replica.down = True

    async def close(self) -> None:
        for replica in self._replicas:
            await replica.client.close()
