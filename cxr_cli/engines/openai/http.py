"""JSON to one server, asked again when it is busy: connections that stay open, and no redirects."""

import asyncio
import random
from collections.abc import Mapping
from typing import Any, NamedTuple

from cxr_cli.extras import need

RETRIES = 6  # after 0.5, 1, 2, 4, 8 and 8 seconds, or when the server says
CONNECT, ANSWER = 10.0, 600.0  # seconds
_BUSY = frozenset({408, 409, 425, 429})


class Answer(NamedTuple):
    """headers: whatever the case of their names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Http:
    """One server. url: where its paths begin. local: it is reached through no proxy."""

    def __init__(self, url: str, *, local: bool, headers: Mapping[str, str]) -> None:
        with need("llm"):
            import aiohttp
        self._aiohttp, self._url, self._local = aiohttp, url, local
        self._headers = {"Content-Type": "application/json", **headers}
        self._session: Any = None

    async def ask(self, method: str, path: str, body: bytes = b"", *, retries: int = RETRIES) -> Answer:
        """The server's answer, the last one of several tries. OSError (a TimeoutError, it may be) if none came."""
        for attempt in range(retries + 1):
            wait = None
            try:
                answer = await self._exchange(method, path, body)
                if attempt == retries or not (answer.status in _BUSY or answer.status >= 500):
                    return answer
                wait = _told_to_wait(answer.headers)
            except OSError:
                if attempt == retries:
                    raise
            await asyncio.sleep(wait or min(0.5 * 2**attempt, 8) * random.uniform(0.75, 1))
        raise AssertionError("the last attempt returns or raises")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _exchange(self, method: str, path: str, body: bytes) -> Answer:
        session = self._session = self._session or self._open()
        try:
            async with session.request(method, self._url + path, data=body or None, allow_redirects=False) as response:
                return Answer(response.status, response.headers, await response.read())
        except self._aiohttp.ClientError as error:
            if isinstance(error, OSError):
                raise
            raise ConnectionError("the answer breaks off or is no HTTP") from error

    def _open(self) -> Any:
        """Opened in the loop that uses it. How many requests are under way is for the caller to bound."""
        return self._aiohttp.ClientSession(
            connector=self._aiohttp.TCPConnector(limit=0),
            timeout=self._aiohttp.ClientTimeout(total=ANSWER, connect=CONNECT),
            headers=self._headers,
            trust_env=not self._local,
        )


def _told_to_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds, if the server says so and it is not too long."""
    try:
        if "retry-after-ms" in headers:
            seconds = float(headers["retry-after-ms"]) / 1000
        else:
            seconds = float(headers["retry-after"])
    except (KeyError, ValueError):
        return None
    return seconds if 0 < seconds <= 60 else None
