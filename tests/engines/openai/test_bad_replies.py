"""What a server may send instead of a good reply: a reason in our own words, and its own words once, without ours."""

import json
from dataclasses import replace
from typing import Any

import pytest

from cxr_cli.engines import Request, Sampling, Spec, open_engine
from cxr_cli.engines.openai.server_words import server_words
from cxr_cli.engines.prompts.json_schema import object_of, text_within
from cxr_cli.errors import EngineError
from tests.conftest import needs
from tests.engines.conversations import generate
from tests.engines.server import Fault, Json, Server, text_of

pytestmark = needs("llm")
OFF = "the server's response does not follow the OpenAI protocol"
HTTP = "the server refuses the request: HTTP"
GOOD: Json = {"message": {"content": "ok"}, "finish_reason": "stop"}


def ask(n: int, text: str = "Hello") -> list[Request]:
    return [Request(f"r{i}", [{"role": "user", "content": f"{text} {i}"}]) for i in range(n)]


def whole(choice: Json = GOOD, **more: Any) -> Fault:
    return Fault(200, json.dumps({"choices": [choice], **more}))


def message(finish: str = "stop", **parts: Any) -> Json:
    return {"message": parts, "finish_reason": finish}


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (message(content=None), "the reply holds no text"),
        (message(content=None, refusal="I will not."), "the model refused to reply"),
        (message(content="", refusal="I will not."), "the model refused to reply"),
        (message("content_filter", content=None), "the server filtered the reply"),
        (message("content_filter", content="Half a"), "the server filtered the reply"),
        (message(content=None, reasoning_content="Hazy."), "the reply holds reasoning alone"),
        (message("tool_calls", content=None, tool_calls=[{"id": "x"}]), "the model called a tool and wrote no text"),
        (message("length", content=None), "the reply was cut off before any text: raise --max-tokens"),
        ({"message": {"content": "ok"}, "finish_reason": {"a": 1}}, f"{OFF}: Expected `str | null`"),
        ({"message": {"content": "ok"}, "finish_reason": "SECRET name of a patient"}, f"{OFF}: Expected `str`"),
        ({"message": {"content": [1]}}, f"{OFF}: Expected `str | null`"),
        ({"message": "ok"}, f"{OFF}: Expected `object`"),
        (whole(usage="many"), f"{OFF}: Expected `object | null`"),
        (whole(usage={"prompt_tokens": "9"}), f"{OFF}: Expected `int | null`"),
        (whole(usage={"prompt_tokens": 10**30}), f"{OFF}: Expected `int`"),
        (whole(usage={"completion_tokens": -1}), f"{OFF}: Expected `int`"),
        (Fault(200, '{"choices": [{"message": {"content": "ok"}}], "usage": {"prompt_tokens": 1e999}}'), OFF),
        (Fault(200, '{"choices": [{"message": {"content": "half \\ud800"}}]}'), f"{OFF}: it is no JSON"),
        (Fault(200, '{"choices": ' + "[" * 100_000), OFF),
        (Fault(200, '{"choices": [{"message": {"content": "ok", "x": ' + "[" * 5000 + "]" * 5000 + "}}]}"), OFF),
        (Fault(200, '{"choices": []}'), "the server's response holds no reply"),
        (Fault(200, '{"error": {"message": "SECRET"}}'), f"{HTTP} 200"),
        (Fault(200, '{"error": "SECRET", "choices": null}'), f"{HTTP} 200"),
        (Fault(200, '{"error": {"message": "maximum context length is 9"}}'), "longer than the model takes (HTTP 200)"),
        (Fault(200, '{"text": "SECRET"}'), f"{OFF}: Object missing required field `choices`"),
        (Fault(200, "<html>SECRET</html>"), f"{OFF}: it is a page"),
        (Fault(200, '{"broken'), f"{OFF}: it is no JSON that can be read"),
        (Fault(200, ""), f"{OFF}: it is no JSON that can be read"),
        (Fault(400, "SECRET"), f"{HTTP} 400"),
        (Fault(400, '{"error": {"message": "maximum context length is 9"}}'), "longer than the model takes (HTTP 400)"),
        (Fault(422, '{"error": {"message": "SECRET", "code": "SECRET", "type": "SECRET"}}'), f"{HTTP} 422"),
        (Fault(401), f"{HTTP} 401, the key is missing or not accepted"),
        (Fault(404), f"{HTTP} 404, no such path or model"),
    ],
)
def test_one_bad_reply_leaves_the_others(reply: Json | Fault, reason: str) -> None:
    def answer(asked: Json) -> str | Json:
        if text_of(asked) == "Hello 1":
            if isinstance(reply, Fault):
                raise reply
            return reply
        return "ok"

    with Server(answer) as server, open_engine(Spec(server.url, cached=False)) as engine:
        replies = {r.id: r for r in generate(engine, ask(3))}
    assert [replies[f"r{i}"].text for i in range(3)] == ["ok", "", "ok"]
    assert reason in (replies["r1"].error or "")
    assert "SECRET" not in (replies["r1"].error or "")
    assert len(server.requests) == 3


def test_broken_utf_8_is_one_bad_reply() -> None:
    with Server(lambda asked: "caf\udce9") as server, open_engine(Spec(server.url, cached=False)) as engine:
        [reply] = generate(engine, ask(1))
    assert (reply.text, reply.error) == ("", f"{OFF}: it is no JSON that can be read")


def test_a_long_reply_of_the_wrong_type_is_read_for_what_it_is() -> None:
    text = "lung " * 2_000_000  # 10 MB
    page = Fault(200, json.dumps({"choices": [message(content=text)]}), Content_Type="text/html; charset=latin-1")

    def answer(asked: Json) -> str:
        raise page

    with Server(answer) as server, open_engine(Spec(server.url, cached=False)) as engine:
        [reply] = generate(engine, ask(1))
    assert (reply.text == text, reply.error) == (True, None)


def test_a_server_that_wants_no_stop_texts_gets_none() -> None:
    def answer(asked: Json) -> str:
        if "stop" in asked:
            raise Fault(400, '{"error": {"message": "Unsupported parameter: \'stop\' is not supported."}}')
        return "ok"

    requests = [replace(request, schema=object_of(seen=text_within(9))) for request in ask(2)]
    with Server(answer) as server, open_engine(Spec(server.url, cached=False, concurrency=1)) as engine:
        assert [r.text for r in generate(engine, requests)] == ["ok"] * 2
    assert ["stop" in asked for asked in server.requests] == [True, False, False]
    assert all("response_format" in asked for asked in server.requests)


def test_reasoning_in_a_field_of_its_own_becomes_text() -> None:
    replies = [
        message(content="A", reasoning_content="Hazy."),
        message("length", content=None, reasoning_content="Hazy and"),
        message("length", content="Hal"),
        message(content=""),
    ]
    with (
        Server(lambda asked: replies[int(text_of(asked)[-1])]) as server,
        open_engine(Spec(server.url, cached=False)) as engine,
    ):
        got = {r.id: (r.text, r.finish, r.error) for r in generate(engine, ask(4))}
    assert got == {
        "r0": ("<think>Hazy.</think>A", "stop", None),
        "r1": ("<think>Hazy and", "length", None),
        "r2": ("Hal", "length", None),
        "r3": ("", "stop", None),
    }


def test_a_server_that_wants_the_newer_name_of_the_limit() -> None:
    def answer(asked: Json) -> str:
        if "max_tokens" in asked:
            text = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            raise Fault(400, json.dumps({"error": {"message": text}}))
        return str(asked["max_completion_tokens"])

    with Server(answer) as server:
        with open_engine(Spec(server.url, cached=False, sampling=Sampling(max_tokens=9))) as engine:
            assert [r.text for r in generate(engine, ask(1))] == ["9"]
            assert [r.text for r in generate(engine, ask(3))] == ["9"] * 3
        assert len(server.requests) == 5
        with open_engine(Spec(server.url, cached=False, args={"max_completion_tokens": 7})) as engine:
            assert [r.text for r in generate(engine, ask(1))] == ["7"]


def test_a_server_that_enforces_no_schema_is_asked_without(capsys: pytest.CaptureFixture[str]) -> None:
    def answer(asked: Json) -> str:
        if "response_format" in asked:
            text = "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."
            raise Fault(422, json.dumps({"error": {"message": text}}))
        return "ok"

    schema = object_of(seen=text_within(9))
    requests = [replace(request, schema=schema) for request in ask(9)]
    with Server(answer) as server, open_engine(Spec(server.url, cached=False, concurrency=3)) as engine:
        assert [r.text for r in generate(engine, requests)] == ["ok"] * 9
    assert 10 <= len(server.requests) <= 12  # those that were under way together are refused once each
    said = "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."
    assert capsys.readouterr().err.count(f"cxr: the server says (HTTP 422): {said}\n") == 1


@pytest.mark.parametrize(
    ("status", "words", "more"),
    [
        (400, "temperature: too high.", 0),
        (400, "Unsupported parameter: max_tokens. Use max_completion_tokens instead.", 1),
        (400, "This model's maximum context length is 2048 tokens. You requested 3000 tokens.", 0),
        (401, "Incorrect API key provided.", 0),
        (404, "The model does not exist.", 0),
        (413, "Request too large.", 0),
        (200, "The model is loading.", 0),
    ],
)
def test_a_refusal_reaches_the_user_once_in_the_servers_words(
    capsys: pytest.CaptureFixture[str], status: int, words: str, more: int
) -> None:
    def answer(asked: Json) -> str:
        raise Fault(status, json.dumps({"error": {"message": words}}))

    with Server(answer) as server, open_engine(Spec(server.url, cached=False, concurrency=1)) as engine:
        replies = list(generate(engine, ask(3)))
    assert all(reply.error and f"HTTP {status}" in reply.error for reply in replies)
    assert len(server.requests) == 3 + more  # no 4xx is sent again as it was
    assert capsys.readouterr().err.count(f"cxr: the server says (HTTP {status}): {words}\n") == 1


def test_the_servers_words_are_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    words = "Your credit balance is too low. You asked: The LEFT\\nlung of Smith-Jones shows pneumothorax."

    def answer(asked: Json) -> str:
        raise Fault(402, json.dumps({"error": {"message": words, "code": "smith_jones"}}))

    text = "Report: the left lung of Smith-Jones shows pneumothorax."
    with Server(answer) as server, open_engine(Spec(server.url, cached=False)) as engine:
        replies = list(generate(engine, ask(5, text)))
    assert {reply.error for reply in replies} == {f"{HTTP} 402"}
    error = capsys.readouterr().err
    assert error.count("the server says") == 1
    assert "cxr: the server says (HTTP 402): Your credit balance is too low. You asked: The … of ….\n" in error
    for word in ("smith", "pneumothorax", "left", "lung"):
        assert word not in error.casefold()


@pytest.mark.parametrize("body", ['data: {"content": "Large mass."}', '{"message": "Large mass."}', '"Large mass."'])
def test_a_reply_that_cannot_be_read_is_not_shown(capsys: pytest.CaptureFixture[str], body: str) -> None:
    def answer(asked: Json) -> str:
        raise Fault(200, body)

    with Server(answer) as server, open_engine(Spec(server.url, cached=False)) as engine:
        [reply] = generate(engine, ask(1, "Is there a mass?"))
    assert reply.error
    assert "Large" not in reply.error + capsys.readouterr().err


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"message": "Quota exceeded.\\n\\u001b[31mPay."}}', "Quota exceeded. [31mPay."),
        (b'{"error": "model is loading"}', "model is loading"),
        (b'{"detail": "Not allowed"}', "Not allowed"),
        (b'{"detail": [{"loc": ["body"], "msg": "Not allowed"}]}', "Not allowed"),
        (b'{"message": "input: \'Left\\\\neffusion\'"}', "input: '…'"),
        (b'{"message": "input \\\\u004ceft effusions"}', "input …"),
        (b'{"message": "\xef\xbc\xac\xef\xbd\x85\xef\xbd\x86\xef\xbd\x94"}', "…"),
        (b"Service Unavailable", "Service Unavailable"),
        (b"<html><body>effusion</body></html>", ""),
        (b'{"error": {"code": "effusion"}}', ""),
        (b'{"error": [1, 2]}', ""),
        (b"", ""),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b'{"message": "key sk-abcd-1234 refused"}', "key sk-… refused"),
        (b'{"message": "' + b"iVBOR" * 30 + b'"}', "…"),
        (b'{"message": "' + b"wait " * 90 + b'"}', ("wait " * 40).strip() + " …"),
    ],
)
def test_the_words_of_a_server_without_those_of_the_request(body: bytes, words: str) -> None:
    assert server_words(body, "Left effusion.", ["sk-abcd-1234"]) == words


def test_twenty_failures_of_one_kind_stop_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    def answer(asked: Json) -> str:
        raise Fault(402, '{"error": {"message": "Payment required"}}')

    done = []
    with (
        Server(answer) as server,
        pytest.raises(EngineError, match=r"stopped after 20 failures .* HTTP 402"),
        open_engine(Spec(server.url, cached=False, concurrency=4)) as engine,
    ):
        done.extend(generate(engine, ask(500)))
    assert len(done) == 19
    assert len(server.requests) < 40
    assert capsys.readouterr().err.count("Payment required") == 1


def test_a_good_reply_between_failures_goes_on() -> None:
    def answer(asked: Json) -> str:
        if int(text_of(asked).split()[1]) % 15 == 0:
            return "ok"
        raise Fault(400)

    with Server(answer) as server, open_engine(Spec(server.url, cached=False, concurrency=1)) as engine:
        assert len(list(generate(engine, ask(60)))) == 60
    assert len(server.requests) == 60


def test_silence_is_reported_once(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cxr_cli.engines.async_engine.SILENCE", 0.2)
    with Server(lambda asked: "ok", delay=1) as server, open_engine(Spec(server.url, cached=False)) as engine:
        assert len(list(generate(engine, ask(2)))) == 2
    assert capsys.readouterr().err.count("no reply from openai for 0.2 s: still waiting") == 1


def test_a_reply_that_takes_too_long_is_one_bad_reply() -> None:
    with (
        Server(lambda asked: "ok", delay=9) as server,
        open_engine(Spec(server.url, cached=False, timeout=0.3)) as engine,
    ):
        [reply] = generate(engine, ask(1))
    assert reply.error == "no reply within 0.3 s, asked twice: --timeout waits longer"
    assert len(server.requests) == 2
