"""What leaves this machine: only what the user allows, and never a key."""

import asyncio
import socket
import subprocess
import sys

import psutil
import pytest

from cxr_cli.engines import Request, Spec, open_engine
from cxr_cli.engines.openai import http
from cxr_cli.engines.openai.http import HttpClient
from cxr_cli.engines.openai.remote_policy import base_url, is_local
from cxr_cli.engines.opening import secret_arguments
from cxr_cli.errors import CxrError
from tests.conftest import Cxr, needs
from tests.engines.conversations import generate
from tests.engines.server import Fault, Server

pytestmark = needs("llm")
HELLO = [Request("a", [{"role": "user", "content": "Hello"}])]


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("127.1", True),
        ("0.0.0.0", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("203.0.113.7", False),
        ("::ffff:203.0.113.7", False),
        ("2001:db8::1", False),
        ("localhost.example.invalid", False),
        ("127.0.0.1.example.invalid", False),
        ("no-such-host.invalid", False),
        ("x" * 70 + ".invalid", False),
        ("a..b", False),
        ("224.0.0.1", False),
    ],
)
def test_hosts_of_this_machine(host: str, local: bool) -> None:
    assert is_local(host) is local


def test_the_addresses_of_its_interfaces_are_this_machine() -> None:
    for addresses in psutil.net_if_addrs().values():
        for address in addresses:
            if address.family in (socket.AF_INET, socket.AF_INET6):
                assert is_local(address.address)


def test_an_address_that_can_be_bound_need_not_be_ours() -> None:
    """With ip_nonlocal_bind any address can be bound."""
    code = (
        "from cxr_cli.engines.openai.remote_policy import is_local; print(is_local('8.8.8.8'), is_local('127.0.0.1'))"
    )
    set_it = "echo 1 > /proc/sys/net/ipv4/ip_nonlocal_bind && ip link set lo up; exec"
    command = ["unshare", "--net", "--map-root-user", "sh", "-c", f'{set_it} "$0" -c "$1"', sys.executable, code]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("needs unshare")
    if done.returncode:
        pytest.skip("needs a network namespace")
    assert done.stdout == "False True\n"


def test_urls_that_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    assert base_url("http://localhost:8000", allow_remote=False) == ("http://localhost:8000/v1", True)
    assert base_url("HTTP://LocalHost:8000/v1/", allow_remote=False) == ("http://LocalHost:8000/v1", True)
    assert base_url("http://[::1]:8000/api", allow_remote=False) == ("http://[::1]:8000/api", True)
    assert base_url("http://203.0.113.1:8000", allow_remote=True) == ("http://203.0.113.1:8000/v1", False)
    for url in ("https://203.0.113.1/v1", "http://no-such-host.invalid:8000", "http://[2001:db8::1]:8000/v1"):
        with pytest.raises(CxrError, match=r"is not this machine: --allow-remote sends"):
            base_url(url, allow_remote=False)


@pytest.mark.parametrize(
    "url",
    [
        *("http://", "http://:80", "https:///v1", "http://[::1", "http://a:port/", "http://a b/v1", "http://a\tb/v1"),
        *("http://a\n.b/v1", "http://127.0.0.1\\.example.org/v1", "ftp://localhost/v1", "http://a\0b", "http://a,b/"),
        *("http://a:99999/v1", "http://\u2028/v1", "http://xn--\ud800/"),
    ],
)
def test_invalid_urls(url: str) -> None:
    with pytest.raises(CxrError, match="not the URL of a server"):
        base_url(url, allow_remote=True)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://me:SECRET@localhost:8000/v1",
            "http://localhost:8000/v1;key=SECRET",
            "http://localhost:8000/v1;SECRET",
            "http://localhost:8000/key=SECRET/v1",
            "http://localhost:8000/v1%3Fkey%3DSECRET",
            "http://localhost:8000/v1&SECRET",
            "http://SECRET@localhost/v1",
            "http://localhost:8000@203.0.113.1/SECRET",
        ),
        *(
            "http://localhost:8000/v1?api_key=SECRET",
            "http://localhost/v1#SECRET",
            "http://me:SEC/RET@localhost/SECRET",
        ),
    ],
)
def test_a_url_that_holds_a_key_is_refused_without_quoting_it(cxr: Cxr, url: str) -> None:
    done = cxr("mine", "examples", "-m", url, "--allow-remote")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 2)
    assert "put a key into OPENAI_API_KEY" in done.stderr
    assert "RET" not in done.stderr


@pytest.mark.parametrize(
    ("args", "secret"),
    [
        ({"api_key": "x"}, ["api_key"]),
        ({"extra_headers": {"a": "b"}}, ["extra_headers"]),
        ({"extra_body": {"auth": {"password": "x"}}}, ["extra_body"]),
        ({"user": "sk-abcdef"}, ["user"]),
        ({"stop": ["a", "Bearer x"]}, ["stop"]),
        ({"top_k": 20, "tokenizer": "x", "max_completion_tokens": 5, "key_frames": "a"}, []),
        ({"prompt_cache_key": "study"}, []),
        ({"chat_template_kwargs": {"enable_thinking": False}}, []),
    ],
)
def test_arguments_that_hold_keys(args: dict[str, object], secret: list[str]) -> None:
    assert list(secret_arguments(args)) == secret


@pytest.mark.parametrize("arg", ["api_key=SECRET", 'extra_body={"token": "SECRET"}', "api-key=SECRET", "SECRET"])
def test_a_key_among_the_arguments_is_refused_without_quoting_it(cxr: Cxr, arg: str) -> None:
    with Server(lambda asked: "ok") as server:
        done = cxr("mine", "examples", "-m", server.url, "--engine-arg", arg)
    assert (done.returncode in (1, 2), done.stdout, server.requests) == (True, "", [])
    assert "SECRET" not in done.stderr
    assert "internal" not in done.stderr


@pytest.mark.parametrize("key", ["two\nlines", "schlüssel", "a\x1bb"])
def test_a_key_that_no_header_can_carry(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with (
        Server(lambda asked: "ok") as server,
        pytest.raises(CxrError, match="OPENAI_API_KEY holds a character that no key has"),
        open_engine(Spec(server.url, cached=False)),
    ):
        pass


def test_a_proxy_never_sees_what_goes_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://203.0.113.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with Server(lambda asked: "ok") as server, open_engine(Spec(server.url, cached=False)) as engine:
        assert [reply.text for reply in generate(engine, HELLO)] == ["ok"]


def test_redirects_are_not_followed() -> None:
    def elsewhere(asked: object) -> str:
        raise Fault(307, location=f"{other.url}/chat/completions")

    with (
        Server(lambda asked: "ok") as other,
        Server(elsewhere) as server,
        open_engine(Spec(server.url, cached=False)) as engine,
    ):
        [reply] = generate(engine, HELLO)
    assert reply.error == "HTTP 307: redirects are not followed; give the URL it points to"
    assert other.paths == []


def test_a_name_that_moves_elsewhere_is_not_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is looked up for the check, and once more to connect."""

    async def run() -> None:
        client = HttpClient(f"http://localhost:{server.port}/v1", local=True, headers={}, timeout=5)
        try:
            await client.send("GET", "/models", tries=1)
        finally:
            await client.close()

    with Server(lambda asked: "ok") as server:
        asyncio.run(run())
        monkeypatch.setattr(http, "is_own_address", lambda address: False)
        with pytest.raises(OSError):
            asyncio.run(run())
    assert len(server.paths) == 1
