"""The OpenAI protocol: a request as the body of POST /chat/completions, and a response as a reply."""

import asyncio
import base64
import io
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, NamedTuple

import msgspec
from PIL import Image

from cxr_cli.engines.openai.http import Response, is_page
from cxr_cli.engines.prompts.json_schema import LIMITS, without_limits
from cxr_cli.engines.requests import Message, Reply, Request, Sampling, failed_reply

_TOO_LONG = re.compile(r"context.?length|max_model_len|too long|maximum.{0,20}tokens|too many tokens", re.I)
_NO_SCHEMAS = re.compile(rb"response_format|json_schema|structured output|guided", re.I)
_NO_STOPS = re.compile(rb"\bstop\b")
_BLANK_RUNS = [
    "\n" * 6,
    " " * 32,
]  # more than JSON has between two parts: a small model that is held to a schema loops in them
_FILTERED = ("content_filter", "safety", "blocklist", "prohibited_content")
NEWER_LIMIT = "max_completion_tokens"  # what some servers call max_tokens
NOT_OPENAI = "the server's response does not follow the OpenAI protocol"
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Finish = Annotated[str, msgspec.Meta(pattern=r"^\w{1,40}$")]


class Dialect(NamedTuple):
    """What servers want otherwise. newer_limit: the longest reply is called max_completion_tokens. limits: a schema may
    limit lists and texts. stops: a reply may be stopped at a text. schemas: they are enforced at all; else the prompt
    alone says what a reply is like."""

    newer_limit: bool = False
    limits: bool = True
    stops: bool = True
    schemas: bool = True

    def adapted(self, refusal: bytes) -> "Dialect":
        """The dialect that a response with status 400 or 422 asks for; the same if it says nothing of it."""
        if NEWER_LIMIT.encode() in refusal and not self.newer_limit:
            return self._replace(newer_limit=True)
        if any(name.encode() in refusal for name in LIMITS) and self.limits:
            return self._replace(limits=False)
        if _NO_STOPS.search(refusal) and self.stops:
            return self._replace(stops=False)
        return self._replace(schemas=self.schemas and not _NO_SCHEMAS.search(refusal))


async def completion_body(
    request: Request, model: str, sampling: Sampling, args: Mapping[str, Any], dialect: Dialect
) -> bytes:
    """{"model": "qwen", "messages": [..], "temperature": 0.0, "seed": 5, ..} as JSON. args: keys that come on top."""
    settings = asdict(sampling)
    if dialect.newer_limit:
        settings[NEWER_LIMIT] = settings.pop("max_tokens")
    body: dict[str, Any] = {
        "model": model,
        "messages": [await _with_data_uris(message) for message in request.messages],
        **settings,
    }
    if request.seed is not None:
        body["seed"] = request.seed
    if request.schema is not None and dialect.schemas:
        inner = request.schema if dialect.limits else without_limits(request.schema)
        body["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "reply", "schema": inner, "strict": True},
        }
        if dialect.stops:
            body["stop"] = _BLANK_RUNS
    return msgspec.json.encode(body | dict(args))


class _Usage(msgspec.Struct):
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None


class _ReplyMessage(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: Any = None
    tool_calls: Any = None


class _FirstChoice(msgspec.Struct):
    message: _ReplyMessage
    finish_reason: Finish | None = None


class _ReplyBody(msgspec.Struct):
    choices: list[_FirstChoice]
    usage: _Usage | None = None


class _ErrorBody(msgspec.Struct):
    error: dict[str, Any] | str
    choices: Any = None


_ERROR_DECODER = msgspec.json.Decoder(_ErrorBody)
_REPLY_DECODER = msgspec.json.Decoder(_ReplyBody)


def is_error(response: Response) -> bool:
    """Is a response with status 200 an error all the same? Some servers send one so: {"error": {"message": ".."}}."""
    try:
        return not _ERROR_DECODER.decode(response.body).choices
    except (ValueError, RecursionError):
        return False


def reply_from(request: Request, response: Response) -> Reply:
    """The first choice of a response with status 200. Reasoning that comes in a field of its own becomes <think>.

    A reply without text is an error, whose words are ours.
    """
    try:
        completion = _REPLY_DECODER.decode(response.body)
    except msgspec.ValidationError as error:
        return failed_reply(request, f"{NOT_OPENAI}: {error}")
    except (ValueError, RecursionError):
        what = "a page" if is_page(response) else "no JSON that can be read"
        return failed_reply(request, f"{NOT_OPENAI}: it is {what}")
    if not completion.choices:
        return failed_reply(request, "the server's response holds no reply")
    choice, usage = completion.choices[0], completion.usage or _Usage()
    message, finish = choice.message, choice.finish_reason
    text = message.content
    reasoning = message.reasoning_content or (message.reasoning if isinstance(message.reasoning, str) else None)
    if text is None and reasoning and finish == "length":
        text = f"<think>{reasoning}"
    elif reason := _why_unusable(message, finish, reasoning):
        return failed_reply(request, reason)
    elif reasoning:
        text = f"<think>{reasoning}</think>{text}"
    return Reply(request.id, text or "", finish, usage.prompt_tokens, usage.completion_tokens, request.seed)


def _why_unusable(message: _ReplyMessage, finish: str | None, reasoning: str | None) -> str | None:
    """Why a message holds nothing to use; None if it does."""
    if finish in _FILTERED:
        return "the server filtered the reply"
    if message.content is not None and not (message.refusal and not message.content):
        return None
    if message.refusal or finish == "refusal":
        return "the model refused to reply"
    if message.tool_calls or finish in ("tool_calls", "function_call"):
        return "the model called a tool and wrote no text"
    if finish == "length":
        return "the reply was cut off before any text: raise --max-tokens"
    return "the reply holds reasoning alone" if reasoning else "the reply holds no text"


def refusal_reason(response: Response) -> str:
    """Why the server refuses one request, in our own words: "the server refuses the request: HTTP 422"."""
    if _TOO_LONG.search(response.body[:10_000].decode(errors="replace")):
        return f"the server refuses the request: longer than the model takes (HTTP {response.status})"
    if 300 <= response.status < 400:
        return f"HTTP {response.status}: redirects are not followed; give the URL it points to"
    what = {401: "the key is missing or not accepted", 403: "the key is missing or not accepted"}
    what |= {404: "no such path or model", 429: "too many requests: lower --concurrency"}
    advice = what.get(response.status)
    return f"the server refuses the request: HTTP {response.status}{f', {advice}' if advice else ''}"


async def _with_data_uris(message: Message) -> Mapping[str, Any]:
    """The message with its images as data URIs."""
    if isinstance(message["content"], str):
        return message
    parts = [
        {"type": "image_url", "image_url": {"url": await asyncio.to_thread(_data_uri, part["image"])}}
        if part["type"] == "image"
        else part
        for part in message["content"]
    ]
    return {"role": message["role"], "content": parts}


def _data_uri(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", compress_level=1)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
