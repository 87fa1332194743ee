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
    faults = [Fault(429, Retry_After="0"), Fault(0)]

    def answer(asked: dict[str, Any]) -> str:
        if text_of(asked) == "Hello 1" and faults:
            raise faults.pop(0)
        return "ok"

    with Server(answer) as server, open_engine(spec(server)) as engine:
        replies = {r.id: r.text for r in generate(engine, ask(3))}
    assert replies == {"r0": "ok", "r1": "ok", "r2": "ok"}
    assert len(server.requests) == 5


@needs("llm")
def test_a_server_that_is_not_there() -> None:
    with Server(lambda asked: "ok") as server:
        url = server.url
    with pytest.raises(CxrError, match="cannot be reached: is the server up"), open_engine(Spec(url, cached=False)):
        pass


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
