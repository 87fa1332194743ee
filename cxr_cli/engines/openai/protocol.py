"""The OpenAI protocol: a request as the body of POST /chat/completions, and a response as a reply."""

import asyncio
import base64
import io
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import msgspec
from PIL import Image

from cxr_cli.engines.openai.http import Response
from cxr_cli.engines.requests import Message, Reply, Request, Sampling

_TOO_LONG = re.compile(r"context.?length|max_model_len|too long|maximum.{0,20}tokens|too many tokens", re.I)
_CODE = re.compile(r"\w{1,60}")


async def completion_body(request: Request, model: str, sampling: Sampling, args: Mapping[str, Any]) -> bytes:
    """{"model": "qwen", "messages": [..], "temperature": 0.0, "seed": 5, ..} as JSON. args: keys that come on top."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [await _with_data_uris(message) for message in request.messages],
        **asdict(sampling),
    }
    if request.seed is not None:
        body["seed"] = request.seed
    if request.schema is not None:
        schema = {"name": "reply", "schema": request.schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return msgspec.json.encode(body | dict(args))


def reply_from(request: Request, response: Response) -> Reply:
    """The first choice of a response with status 200. Reasoning that comes in a field of its own becomes <think>."""
    try:
        completion = msgspec.json.decode(response.body)
        choice, usage = completion["choices"][0], completion.get("usage") or {}
        message, finish = choice["message"], choice.get("finish_reason")
        text, refusal = message.get("content") or "", message.get("refusal")
        reasoning = message.get("reasoning_content") or message.get("reasoning")
        prompt_tokens, completion_tokens = usage.get("prompt_tokens"), usage.get("completion_tokens")
        if not isinstance(text, str):
            raise TypeError
    except (msgspec.DecodeError, LookupError, TypeError, AttributeError):
        return Reply(request.id, seed=request.seed, error="the server's response does not follow the OpenAI protocol")
    if not text and refusal:
        text, finish = refusal, "refusal"
    if reasoning and isinstance(reasoning, str):
        text = f"<think>{reasoning}</think>{text}"
    return Reply(request.id, text, finish, prompt_tokens, completion_tokens, request.seed)


def refusal_reason(response: Response) -> str:
    """Why the server refuses one request, without quoting it: "the server refuses the request: HTTP 422, bad_image"."""
    if _TOO_LONG.search(response.body.decode(errors="replace")):
        return f"the server refuses the request: longer than the model takes (HTTP {response.status})"
    code = _error_code(response)
    return f"the server refuses the request: HTTP {response.status}{f', {code}' if _CODE.fullmatch(code) else ''}"


def _error_code(response: Response) -> str:
    """The server's name for its error; "" if it has none."""
    try:
        body = msgspec.json.decode(response.body)
        error = body.get("error", body)
        return str(error.get("code") or error.get("type") or "")
    except (msgspec.DecodeError, AttributeError):
        return ""


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
