"""The HTTP client against raw sockets: the forms that a response may have, and connections that break."""

import asyncio
import gzip
import socket
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from email.utils import formatdate
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from cxr_cli.engines import Request, Spec, open_engine
from cxr_cli.engines.openai import http
from cxr_cli.engines.openai.http import HttpClient, Response, seconds_to_wait
from cxr_cli.errors import CxrError
from tests.conftest import needs
from tests.engines.conversations import generate
from tests.engines.server import Server

pytestmark = needs("llm")

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def raw(*connections: Sequence[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """A server that writes these responses on each connection in turn and then closes it; its URL, and the requests."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for answers in connections:
                line, _ = listening.accept()
                with line:
                    for answer in answers:
                        asked.append(line.recv(65536))
                        line.sendall(answer)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1", asked


def ask(url: str, times: int = 1, timeout: float = 60, **how: Any) -> list[Response]:
    async def run() -> list[Response]:
        client = HttpClient(url, local=True, headers={"Authorization": "Bearer x"}, timeout=timeout)
        try:
            return [await client.send("POST", "/chat", b"{}", **how) for _ in range(times)]
        finally:
            await client.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    "answer",
    [
        OK,
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
        b"HTTP/1.0 200 OK\r\n\r\nok",
        b"HTTP/1.1 200\r\nTransfer-Encoding: Chunked\r\n\r\n1;x=y\r\no\r\n1\r\nk\r\n0\r\nA: b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nCONTENT-LENGTH:2\r\nConnection: close\r\n\r\nok",
    ],
)
def test_forms_of_a_response(answer: bytes) -> None:
    with raw([answer]) as (url, asked):
        [got] = ask(url)
    assert (got.status, got.body) == (200, b"ok")
    head, _, body = asked[0].partition(b"\r\n\r\n")
    assert body == b"{}"
    assert head.startswith(b"POST /v1/chat HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nAuthorization: Bearer x\r\n" in head
    assert b"\r\nContent-Length: 2" in head


def test_a_server_that_takes_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a machine that was switched off: it has not got the request, unlike one that takes too long to reply."""
    monkeypatch.setattr(http, "CONNECT_TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening, ExitStack() as stack:
        for _ in range(2):  # the queue of connections is full
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        with pytest.raises(ConnectionError, match=r"no connection within 0\.2 s"):
            ask(f"http://127.0.0.1:{listening.getsockname()[1]}/v1", tries=1)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_packed_response(coding: str) -> None:
    packed = (gzip if coding == "gzip" else zlib).compress(b"ok")
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(packed)}\r\n\r\n"
    with raw([head.encode() + packed]) as (url, _):
        assert ask(url)[0].body == b"ok"


def test_what_is_packed_wrongly_or_unpacks_to_too_much_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cxr_cli.engines.openai.http._MOST_BYTES", 2**20)
    for body, message in [(b"no gzip", "breaks off"), (gzip.compress(bytes(2**21)), "too large")]:
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
        with raw([head.encode() + body]) as (url, _), pytest.raises(ConnectionError, match=message):
            ask(url, tries=1)


def test_a_response_that_trickles_ends_at_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def trickle() -> None:
            line, _ = listening.accept()
            with line, suppress(OSError):
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
                while True:
                    line.sendall(b" ")
                    time.sleep(0.02)

        Thread(target=trickle, daemon=True).start()
        start = time.monotonic()
        with pytest.raises(TimeoutError):
            ask(f"http://127.0.0.1:{listening.getsockname()[1]}/v1", timeout=0.5, tries=1)
        assert time.monotonic() - start < 3


def test_a_connection_is_reused_and_a_closed_one_replaced() -> None:
    with raw([OK, OK], [OK]) as (url, asked):
        assert [answer.body for answer in ask(url, 3, tries=2)] == [b"ok"] * 3
    assert len(asked) == 3


@pytest.mark.parametrize(
    "broken", [b"", b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", b"HTTP/1.1 x y\r\n\r\n"]
)
def test_a_broken_response_is_requested_again(broken: bytes) -> None:
    with raw([broken], [OK]) as (url, _):
        assert ask(url, tries=2)[0].body == b"ok"
    with raw([broken]) as (url, _), pytest.raises(OSError):
        ask(url, tries=1)


def test_the_server_says_when_to_ask_again() -> None:
    busy = b"HTTP/1.1 429 Busy\r\nRetry-After-Ms: 1\r\nContent-Length: 0\r\n\r\n"
    with raw([busy, busy, OK]) as (url, _):
        assert ask(url)[0].status == 200
    with raw([busy, busy]) as (url, _):
        assert ask(url, tries=2)[0].status == 429
    with raw([busy.replace(b"-Ms: 1", b": 3600")]) as (url, asked):  # longer than anybody would wait
        assert ask(url)[0].status == 429
    assert len(asked) == 1


def test_when_to_ask_again_in_seconds_or_as_a_date() -> None:
    in_a_minute = formatdate(time.time() + 60, usegmt=True)
    assert seconds_to_wait({"retry-after": in_a_minute}) == pytest.approx(60, abs=2)
    assert seconds_to_wait({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    assert [seconds_to_wait({"retry-after": text}) for text in ("7", "0", "1.5")] == [7, 0, 1.5]
    for text in ("-1", "nan", "inf", "1e999", "soon", "", "Wed, 99 Foo 2015"):
        assert seconds_to_wait({"retry-after": text}) is None


@pytest.mark.parametrize("status", [400, 402, 404, 409, 418, 425])
def test_what_is_wrong_with_a_request_is_not_asked_again(status: int) -> None:
    with raw([b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status]) as (url, asked):
        assert ask(url)[0].status == status
    assert len(asked) == 1


def test_three_tries_with_growing_waits() -> None:
    failed = b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n"
    start = time.monotonic()
    with raw([failed, failed, failed]) as (url, asked):
        assert ask(url)[0].status == 503
    assert len(asked) == 3
    assert 1.5 <= time.monotonic() - start < 6  # .5 to 1 and 1 to 2 seconds


def test_a_timeout_is_asked_again_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        start = time.monotonic()
        with pytest.raises(TimeoutError):
            ask(url, timeout=0.3)
        assert time.monotonic() - start < 3
        silent.settimeout(1)
        assert [silent.accept()[0].close() for _ in range(2)] == [None, None]
        with pytest.raises(TimeoutError):
            silent.accept()


def test_a_response_without_end_is_not_kept() -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + bytes(2**26 + 2**20)
    with raw([endless]) as (url, _), pytest.raises(ConnectionError, match="too large"):
        ask(url, tries=1)


@pytest.mark.parametrize(
    ("proxy", "message"), [("socks5://127.0.0.1:1", "http_proxy cannot be used"), ("http://:x", "http_proxy cannot")]
)
def test_a_proxy_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, proxy: str, message: str) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.delenv("no_proxy", raising=False)
    with pytest.raises(CxrError, match=message):
        HttpClient("http://reports.example/v1", local=False, headers={})


def test_a_netrc_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine reports.example login me password SECRET\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with Server(lambda asked: "ok") as proxy:
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{proxy.port}")
        with open_engine(Spec("http://reports.example/v1", allow_remote=True, cached=False)) as engine:
            assert [reply.text for reply in generate(engine, [Request("a", [{"role": "user", "content": "Hi"}])])] == [
                "ok"
            ]
    assert {headers["authorization"] for headers in proxy.headers} == {"Bearer none"}


def test_a_remote_server_is_reached_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with Server(lambda asked: "ok") as proxy:
        monkeypatch.setenv("http_proxy", f"http://me:secret@127.0.0.1:{proxy.port}")
        with open_engine(Spec("http://reports.example/v1", allow_remote=True, cached=False)) as engine:
            [reply] = generate(engine, [Request("a", [{"role": "user", "content": "Hello"}])])
    assert reply.text == "ok"
    assert proxy.paths == ["http://reports.example/v1/models", "http://reports.example/v1/chat/completions"]
    assert proxy.headers[0]["host"] == "reports.example"
    assert proxy.headers[0]["proxy-authorization"] == "Basic bWU6c2VjcmV0"


def test_a_proxy_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run(proxy: str) -> None:
        monkeypatch.setenv("https_proxy", proxy)
        client = HttpClient("https://reports.example/v1", local=False, headers={})
        try:
            await client.send("GET", "/models", tries=1)
        finally:
            await client.close()

    with raw([b"HTTP/1.1 403 Forbidden\r\n\r\n"]) as (url, asked), pytest.raises(ConnectionError, match="breaks off"):
        asyncio.run(run(url))
    assert asked[0].startswith(b"CONNECT reports.example:443 HTTP/1.1\r\n")


@pytest.mark.slow
def test_a_server_that_never_lists_its_models_is_given_up_after_ten_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        start = time.monotonic()
        with pytest.raises(CxrError, match=f"{url}: no list of models within 10 s: is the server up"):
            open_engine(Spec(url, cached=False)).__enter__()
        assert 9.5 < time.monotonic() - start < 20
