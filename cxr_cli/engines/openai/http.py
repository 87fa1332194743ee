"""JSON to one server: connections stay open, a busy server is asked again, and redirects are not followed."""

import asyncio
import random
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from cxr_cli.engines.openai.remote_policy import is_own_address
from cxr_cli.errors import CxrError
from cxr_cli.extras import need

TRIES = 3  # of each request; the waits between them are those that the server asks for, or about 1 and 2 seconds
TIMEOUT, CONNECT_TIMEOUT = 600.0, 10.0  # seconds for a response and for a connection
MOST_TIMEOUTS = 2  # tries of a request that end without any response: more would ask a slow server blindly
_LONGEST_WAIT = 120  # seconds that a server may ask for
_MOST_BYTES = 2**26  # bytes of a response


class Response(NamedTuple):
    """headers: their names match in upper and lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def is_page(response: Response) -> bool:
    """Is it a web page, such as a proxy's, instead of a reply?"""
    return response.status < 300 and response.body.lstrip().startswith(b"<")


class HttpClient:
    """Talks to one server. url: the part before all paths. local: on this machine, and no proxy in between.

    timeout: seconds that one try may take. CxrError: a proxy of the environment cannot be used.
    """

    def __init__(self, url: str, *, local: bool, headers: Mapping[str, str], timeout: float = TIMEOUT) -> None:
        with need("llm"):
            import aiohttp
        self._aiohttp, self.url, self._local, self._timeout = aiohttp, url, local, timeout
        self._headers = {"Content-Type": "application/json", **headers}
        self._proxy = {} if local else _proxy_for(url, aiohttp)
        self._session: Any = None

    async def send(
        self, method: str, path: str, body: bytes = b"", *, tries: int = TRIES, timeouts: int = MOST_TIMEOUTS
    ) -> Response:
        """The response of the last try. OSError (possibly a TimeoutError) if there was none.

        408, 429, 5xx and a connection that fails are tried again. timeouts: after so many tries without a response
        there is no other.
        """
        for tries_to_come in reversed(range(tries)):
            wait = None
            try:
                response = await self._send_once(method, path, body)
                if not tries_to_come or not (response.status in (408, 429) or response.status >= 500):
                    return response
                wait = seconds_to_wait(response.headers)
                if wait is not None and wait > _LONGEST_WAIT:
                    return response
            except TimeoutError:
                timeouts -= 1
                if not (tries_to_come and timeouts):
                    raise
            except OSError:
                if not tries_to_come:
                    raise
            await asyncio.sleep(2 ** (tries - 1 - tries_to_come) * random.uniform(0.5, 1) if wait is None else wait)
        raise AssertionError("the last try returns or raises")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _send_once(self, method: str, path: str, body: bytes) -> Response:
        session = self._session = self._session or self._open()
        try:
            request = session.request(method, self.url + path, data=body or None, allow_redirects=False, **self._proxy)
            async with request as response:
                return Response(response.status, response.headers, await _read_body(response))
        except self._aiohttp.ConnectionTimeoutError as error:  # the server has not got the request
            raise ConnectionError(f"no connection within {CONNECT_TIMEOUT:g} s") from error
        except self._aiohttp.ClientError as error:
            if isinstance(error, OSError):
                raise
            raise ConnectionError("the response breaks off or is not HTTP") from error
        except (ValueError, AssertionError) as error:  # of aiohttp, about headers and chunks that are not HTTP
            raise ConnectionError("the response is not HTTP") from error

    def _open(self) -> Any:
        """A session belongs to the loop in which it is opened. The caller bounds the number of requests."""
        resolver = {"resolver": _own_resolver(self._aiohttp)} if self._local else {}
        return self._aiohttp.ClientSession(
            connector=self._aiohttp.TCPConnector(limit=0, **resolver),
            timeout=self._aiohttp.ClientTimeout(total=self._timeout, connect=min(CONNECT_TIMEOUT, self._timeout)),
            headers=self._headers,
            cookie_jar=self._aiohttp.DummyCookieJar(),
            trust_env=False,  # it would send the passwords of a netrc; `_proxy_for` reads the proxies
        )


async def _read_body(response: Any) -> bytes:
    """The whole body. OSError: it is larger than any reply can be."""
    chunks, size = [], 0
    async for chunk in response.content.iter_any():
        chunks.append(chunk)
        size += len(chunk)
        if size > _MOST_BYTES:
            raise ConnectionError("the response is too large")
    return b"".join(chunks)


def seconds_to_wait(headers: Mapping[str, str]) -> float | None:
    """By the server's Retry-After, in seconds or as a date; None if it has none that can be read."""
    try:
        if "retry-after-ms" in headers:
            seconds = float(headers["retry-after-ms"]) / 1000
        elif (value := headers["retry-after"]).strip().replace(".", "", 1).isdecimal():
            seconds = float(value)
        else:
            seconds = max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (KeyError, ValueError, OverflowError):
        return None
    return seconds if 0 <= seconds < float("inf") else None


def _own_resolver(aiohttp: Any) -> Any:
    """A resolver that finds a name only on this machine: a name may have got another address since it was checked."""

    class OwnResolver(aiohttp.ThreadedResolver):  # type: ignore[misc]
        async def resolve(self, *where: Any, **how: Any) -> Any:
            addresses = await super().resolve(*where, **how)
            if not all(is_own_address(address["host"]) for address in addresses):
                raise ConnectionError("the name belongs to another machine now")
            return addresses

    return OwnResolver()


def _proxy_for(url: str, aiohttp: Any) -> dict[str, Any]:
    """The proxy that the environment names for this URL, as arguments of a request."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    proxy = getproxies_environment().get(scheme)
    if not proxy or proxy_bypass(parts.hostname or ""):
        return {}
    try:
        address = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        host, port = address.hostname, address.port
    except ValueError:
        host = port = None
    if not host or address.scheme.lower() not in ("http", "https"):
        raise CxrError(f"the proxy in {scheme}_proxy cannot be used: it is not http://HOST:PORT")
    host = f"[{host}]" if ":" in host else host
    settings = {"proxy": f"{address.scheme.lower()}://{host}" + (f":{port}" if port else "")}
    if address.username is None:
        return settings
    return settings | {"proxy_auth": aiohttp.BasicAuth(unquote(address.username), unquote(address.password or ""))}
