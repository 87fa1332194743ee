"""HTTP/1.1 with as little as it takes: JSON to one server over connections that stay open, and no redirects.

A general client spends two to five milliseconds of a core on a request, ten times as much as this; that is more than
there is at some hundred requests a second.
"""

import asyncio
import base64
import random
import ssl
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import SplitResult, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

RETRIES = 6  # after 0.5, 1, 2, 4, 8 and 8 seconds, or when the server says
CONNECT, ANSWER = 10.0, 600.0  # seconds
_BUSY = frozenset({408, 409, 425, 429})
_LIMIT = 2**20  # bytes of a head, or of a line between chunks

Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Answer(NamedTuple):
    """headers: by their names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Http:
    """One server. url: where its paths begin. local: it is reached through no proxy."""

    def __init__(self, url: str, *, local: bool, headers: Mapping[str, str]) -> None:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        self.host, self.port = parts.hostname or "", parts.port or (443 if secure else 80)
        self._tls = ssl.create_default_context() if secure else None
        self._proxy = None if local else _proxy(parts)
        self._base = parts.path.rstrip("/")
        given = {"Host": parts.netloc.rpartition("@")[2], "Accept": "application/json", **headers}
        if self._proxy and not secure:
            self._base = f"http://{given['Host']}{self._base}"
            given |= _authorization(self._proxy)
        self._head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
        self._idle: list[Line] = []

    async def ask(self, method: str, path: str, body: bytes = b"", *, retries: int = RETRIES) -> Answer:
        """The server's answer, the last one of several tries. OSError (a TimeoutError, it may be) if none came."""
        sized = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        request = f"{method} {self._base}{path} HTTP/1.1\r\n{self._head}{sized}\r\n".encode("latin1") + body
        for attempt in range(retries + 1):
            wait = None
            try:
                async with asyncio.timeout(ANSWER):
                    answer = await self._exchange(request)
                if attempt == retries or not (answer.status in _BUSY or answer.status >= 500):
                    return answer
                wait = _told_to_wait(answer.headers)
            except OSError:
                if attempt == retries:
                    raise
            await asyncio.sleep(wait or min(0.5 * 2**attempt, 8) * random.uniform(0.75, 1))
        raise AssertionError("the last attempt returns or raises")

    async def close(self) -> None:
        while self._idle:
            self._idle.pop()[1].close()

    async def _exchange(self, request: bytes) -> Answer:
        while True:
            kept = bool(self._idle)
            line = self._idle.pop() if kept else await self._connect()
            try:
                answer, reusable = await _answer(line, request)
            except BaseException as error:
                line[1].close()
                if kept and isinstance(error, OSError) and not isinstance(error, TimeoutError):
                    continue  # it was closed at the other end while it lay idle
                raise
            if reusable:
                self._idle.append(line)
            else:
                line[1].close()
            return answer

    async def _connect(self) -> Line:
        async with asyncio.timeout(CONNECT):
            if self._proxy is None:
                return await asyncio.open_connection(self.host, self.port, ssl=self._tls, limit=_LIMIT)
            reader, writer = await asyncio.open_connection(self._proxy.hostname, self._proxy.port or 80, limit=_LIMIT)
            if self._tls:
                asked = "".join(f"{name}: {value}\r\n" for name, value in _authorization(self._proxy).items())
                at = f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"
                writer.write(f"CONNECT {at} HTTP/1.1\r\nHost: {at}\r\n{asked}\r\n".encode("latin1"))
                status, _, _ = await _head_of(reader)
                if status != 200:
                    writer.close()
                    raise ConnectionError(f"the proxy answers HTTP {status}")
                await writer.start_tls(self._tls, server_hostname=self.host)
            return reader, writer


async def _answer(line: Line, request: bytes) -> tuple[Answer, bool]:
    """The answer, and whether the line can be used again. OSError if it breaks off or is no HTTP."""
    reader, writer = line
    try:
        writer.write(request)
        await writer.drain()
        status, headers, new = await _head_of(reader)
        while status < 200:
            status, headers, new = await _head_of(reader)
        if "chunked" in headers.get("transfer-encoding", "").lower():
            body = await _chunks(reader)
        elif "content-length" in headers:
            body = await reader.readexactly(int(headers["content-length"]))
        else:
            body, new = await reader.read(), False
    except (EOFError, ValueError, IndexError, asyncio.LimitOverrunError) as error:
        raise ConnectionError("the answer breaks off or is no HTTP") from error
    return Answer(status, headers, body), new and headers.get("connection", "").lower() != "close"


async def _head_of(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bool]:
    """Status, headers, and whether it is HTTP/1.1, whose connections stay open."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin1").splitlines()
    named = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in named}
    return int(first.split(None, 2)[1]), headers, first.startswith("HTTP/1.1")


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int((await reader.readline()).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    while (await reader.readline()).strip():
        pass
    return b"".join(parts)


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


def _proxy(parts: SplitResult) -> SplitResult | None:
    """The proxy that the environment names for this URL."""
    named = {} if proxy_bypass(parts.hostname or "") else getproxies()
    url = named.get(parts.scheme) or named.get("all")
    return urlsplit(url if "://" in url else f"http://{url}") if url else None


def _authorization(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    user = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {base64.b64encode(user.encode()).decode()}"}
