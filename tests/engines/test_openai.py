"""The openai engine against a real server on loopback: its faults and limits, and what leaves this machine."""

import base64
import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from cxr_cli.engines import Request, Sampling, Spec, open_engine
from cxr_cli.engines.openai.remote_policy import base_url, is_local
from cxr_cli.errors import CxrError
from tests.conftest import needs
from tests.engines.conversations import generate
from tests.engines.server import Fault, Server, text_of


def ask(n: int, text: str = "Hello", **more: Any) -> list[Request]:
    return [Request(f"r{i}", [{"role": "user", "content": f"{text} {i}"}], **more) for i in range(n)]


def spec(server: Server, **more: Any) -> Spec:
    return Spec(server.url, cached=False, **more)


@needs("llm")
def test_what_is_sent_and_what_comes_back() -> None:
    film = Image.new("L", (30, 20), 100)
    content = [{"type": "image", "image": film}, {"type": "text", "text": "What is it?"}]
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    with Server(lambda asked: {"message": {"content": "ok"}, "finish_reason": "length"}) as server:
        how = Sampling(0.5, 0.9, 77)
        with open_engine(spec(server, sampling=how, args={"top_k": 20})) as engine:
            [reply] = generate(engine, [Request("a", [{"role": "user", "content": content}], 5, schema)])
            assert engine.signature == {
                "engine": "openai",
                "model": "tiny",
                "temperature": 0.5,
                "top_p": 0.9,
                "max_tokens": 77,
                "top_k": 20,
            }
    [asked] = server.requests
    sent = {name: asked[name] for name in ("model", "temperature", "top_p", "max_tokens", "seed", "top_k")}
    assert sent == {"model": "tiny", "temperature": 0.5, "top_p": 0.9, "max_tokens": 77, "seed": 5, "top_k": 20}
    assert asked["response_format"]["json_schema"] == {"name": "reply", "schema": schema, "strict": True}
    image, text = asked["messages"][0]["content"]
    data = base64.b64decode(image["image_url"]["url"].removeprefix("data:image/png;base64,"))
    assert Image.open(io.BytesIO(data)).tobytes() == film.tobytes()
    assert text == {"type": "text", "text": "What is it?"}
    assert (reply.text, reply.finish, reply.seed, reply.completion_tokens) == ("ok", "length", 5, 7)


@needs("llm")
def test_concurrency_is_used_and_bounded() -> None:
    with Server(lambda asked: "ok", delay=0.1) as server:
        with open_engine(spec(server, concurrency=16)) as engine:
            assert len(list(generate(engine, ask(64)))) == 64
        assert server.most == 16


@needs("llm")
def test_busy_and_broken_servers_are_asked_again() -> None:
    faults = [Fault(429, Retry_After="0"), Fault(503, Retry_After="0"), Fault(500), Fault(0)]

    def answer(asked: dict[str, Any]) -> str:
        if text_of(asked) == "Hello 1" and faults:
            raise faults.pop(0)
        return "ok"

    with Server(answer) as server, open_engine(spec(server)) as engine:
        replies = {r.id: r.text for r in generate(engine, ask(3))}
    assert replies == {"r0": "ok", "r1": "ok", "r2": "ok"}
    assert len(server.requests) == 7


@needs("llm")
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault(400, '{"error": {"message": "maximum context length is 9"}}'), "longer than the model takes (HTTP 400)"),
        (Fault(422, '{"error": {"message": "SECRET", "code": "bad_image"}}'), "HTTP 422, bad_image"),
        (Fault(400, "SECRET"), "HTTP 400"),
        (Fault(200, '{"broken'), "does not follow the OpenAI protocol"),
        (Fault(200, '{"choices": []}'), "does not follow the OpenAI protocol"),
    ],
)
def test_one_request_that_is_refused_leaves_the_others(fault: Fault, reason: str) -> None:
    def answer(asked: dict[str, Any]) -> str:
        if text_of(asked) == "Hello 1":
            raise fault
        return "ok"

    with Server(answer) as server, open_engine(spec(server)) as engine:
        replies = {r.id: r for r in generate(engine, ask(3))}
    assert [replies[f"r{i}"].text for i in range(3)] == ["ok", "", "ok"]
    assert reason in (replies["r1"].error or "")
    assert "SECRET" not in (replies["r1"].error or "")


@needs("llm")
@pytest.mark.parametrize(
    ("status", "message"), [(401, "OPENAI_API_KEY"), (404, "no such path or model"), (302, "not followed")]
)
def test_errors_that_concern_every_request_stop_the_run(status: int, message: str) -> None:
    def answer(asked: dict[str, Any]) -> str:
        raise Fault(status, location="http://203.0.113.1/v1/chat/completions")

    with (
        Server(answer) as server,
        pytest.raises(CxrError, match=message),
        open_engine(spec(server)) as engine,
    ):
        list(generate(engine, ask(1)))


@needs("llm")
def test_a_server_that_is_not_there() -> None:
    with Server(lambda asked: "ok") as server:
        url = server.url
    with pytest.raises(CxrError, match="cannot be reached: is the server up"), open_engine(Spec(url, cached=False)):
        pass


@needs("llm")
def test_refusals_and_reasoning_become_text() -> None:
    said: list[dict[str, Any]] = [
        {"message": {"content": None, "refusal": "I will not."}},
        {"message": {"content": "A", "reasoning_content": "Hazy."}},
        {"message": {"content": None}, "finish_reason": "content_filter"},
    ]
    with Server(lambda asked: said[int(text_of(asked)[-1])]) as server, open_engine(spec(server)) as engine:
        replies = {r.id: (r.text, r.finish) for r in generate(engine, ask(3))}
    assert replies == {
        "r0": ("I will not.", "refusal"),
        "r1": ("<think>Hazy.</think>A", "stop"),
        "r2": ("", "content_filter"),
    }


@needs("llm")
def test_choosing_one_of_the_servers_models() -> None:
    with Server(lambda asked: "ok", models=("qwen", "chestx")) as server:
        with (
            pytest.raises(CxrError, match="choose a model with --served; there is chestx, qwen"),
            open_engine(spec(server)),
        ):
            pass
        with (
            pytest.raises(CxrError, match=r"there is chestx, qwen; did you mean qwen\?"),
            open_engine(spec(server, served="qwem")),
        ):
            pass
        with open_engine(spec(server, served="chestx")) as engine:
            list(generate(engine, ask(1)))
    assert server.requests[0]["model"] == "chestx"


@needs("llm")
def test_patients_stay_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://203.0.113.1:9")  # a proxy would see what is sent
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with Server(lambda asked: "ok") as server, open_engine(spec(server)) as engine:
        assert [r.text for r in generate(engine, ask(1))] == ["ok"]
    for url in ("https://203.0.113.1/v1", "http://no-such-host.invalid:8000", "http://[2001:db8::1]:8000/v1"):
        with pytest.raises(CxrError, match=r"is not this machine: --allow-remote sends"), open_engine(Spec(url)):
            pass
    assert base_url("http://203.0.113.1:8000", allow_remote=True) == ("http://203.0.113.1:8000/v1", False)


@pytest.mark.parametrize(
    ("host", "local"),
    [("localhost", True), ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("203.0.113.7", False)],
)
def test_hosts_of_this_machine(host: str, local: bool) -> None:
    assert is_local(host) is local


@pytest.mark.parametrize("url", ["http://", "http://:80", "https:///v1", "http://[::1", "http://a:port/"])
def test_invalid_urls(url: str) -> None:
    with pytest.raises(CxrError, match="not the URL of a server"):
        base_url(url, allow_remote=True)


@needs("llm")
def test_the_chosen_engine_is_reported(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    os.environ["CXR_CACHE"] = str(tmp_path)
    try:
        with Server(lambda asked: "ok") as server:
            for _ in range(2):
                with open_engine(Spec(server.url)) as engine:
                    assert json.dumps([r.text for r in generate(engine, ask(2))]) == '["ok", "ok"]'
    finally:
        del os.environ["CXR_CACHE"]
    assert len(server.requests) == 2
    assert "cxr: engine: openai\n" in capsys.readouterr().err
    with pytest.raises(CxrError, match="--engine openai needs the URL"), open_engine(Spec("qwen", "openai")):
        pass
