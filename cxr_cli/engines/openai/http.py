"""JSON to one server: connections stay open, a busy server is asked again, and redirects are not followed."""

import asyncio
import random
from collections.abc import Mapping
from typing import Any, NamedTuple

from cxr_cli.extras import need

RETRIES = 6  # after 0.5, 1, 2, 4, 8 and 8 seconds, or when the server says so
CONNECT_TIMEOUT, RESPONSE_TIMEOUT = 10.0, 600.0  # seconds
_BUSY = frozenset({408, 409, 425, 429})
_LONGEST_WAIT = 60  # seconds that a server may ask for


class Response(NamedTuple):
    """headers: their names match in upper and lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient:
    """Talks to one server. url: the part before all paths. local: no proxy in between."""

    def __init__(self, url: str, *, local: bool, headers: Mapping[str, str]) -> None:
        with need("llm"):
            import aiohttp
        self._aiohttp, self._url, self._local = aiohttp, url, local
        self._headers = {"Content-Type": "application/json", **headers}
        self._session: Any = None

    async def send(self, method: str, path: str, body: bytes = b"", *, retries: int = RETRIES) -> Response:
        """The response of the last try. OSError (possibly a TimeoutError) if there was none."""
        for attempt in range(retries + 1):
            wait = None
            try:
                response = await self._send_once(method, path, body)
                if attempt == retries or not (response.status in _BUSY or response.status >= 500):
                    return response
                wait = _retry_after(response.headers)
            except OSError:
                if attempt == retries:
                    raise
            await asyncio.sleep(wait or min(0.5 * 2**attempt, 8) * random.uniform(0.75, 1))
        raise AssertionError("the last attempt returns or raises")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _send_once(self, method: str, path: str, body: bytes) -> Response:
        session = self._session = self._session or self._open()
        try:
            async with session.request(method, self._url + path, data=body or None, allow_redirects=False) as response:
                return Response(response.status, response.headers, await response.read())
        except self._aiohttp.ClientError as error:
            if isinstance(error, OSError):
                raise
            raise ConnectionError("the response breaks off or is not HTTP") from error

    def _open(self) -> Any:
        """A session belongs to the loop in which it is opened. The caller bounds the number of requests."""
        return self._aiohttp.ClientSession(
            connector=self._aiohttp.TCPConnector(limit=0),
            timeout=self._aiohttp.ClientTimeout(total=RESPONSE_TIMEOUT, connect=CONNECT_TIMEOUT),
            headers=self._headers,
            trust_env=not self._local,
        )


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds to wait by the server's Retry-After; None if it has none, or too long a one."""
    try:
        if "retry-after-ms" in headers:
            seconds = float(headers["retry-after-ms"]) / 1000
        else:
            seconds = float(headers["retry-after"])
    except (KeyError, ValueError):
        return None
    return seconds if 0 < seconds <= _LONGEST_WAIT else None
