"""Any server that speaks the OpenAI protocol: `vllm serve`, SGLang, a vendor."""

import asyncio
import base64
import difflib
import io
import os
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import msgspec
from PIL import Image

from cxr_cli.engines.async_engine import AsyncEngine
from cxr_cli.engines.openai.http import RETRIES, Answer, Http
from cxr_cli.engines.openai.remote_policy import base_url
from cxr_cli.engines.requests import Message, Reply, Request
from cxr_cli.engines.spec import Spec
from cxr_cli.errors import CxrError

_TOO_LONG = re.compile(r"context.?length|max_model_len|too long|maximum.{0,20}tokens|too many tokens", re.I)
_CODE = re.compile(r"\w{1,60}")


class OpenAI(AsyncEngine):
    """The engine `openai`. The key is read from OPENAI_API_KEY. spec.args go into the body of each request."""

    name = "openai"

    def __init__(self, spec: Spec) -> None:
        self.url, local = base_url(spec.model, allow_remote=spec.allow_remote)
        self.sampling, self.args = spec.sampling, dict(spec.args)
        self.capacity = 2 * spec.concurrency  # half of them wait, so that no place at the server is ever empty
        key = os.environ.get("OPENAI_API_KEY", "").strip() or "none"
        self._http = Http(self.url, local=local, headers={"Authorization": f"Bearer {key}"})
        self._free = asyncio.Semaphore(spec.concurrency)
        super().__init__()
        try:
            self.model, root = self.run(self._model(spec.served))
        except BaseException:
            self.close()
            raise
        self.signature = {
            "engine": self.name,
            "model": self.model,
            **({"revision": root} if root not in (None, self.model) else {}),
            **asdict(spec.sampling),
            **self.args,
        }

    async def answer(self, request: Request) -> Reply:
        async with self._free:
            asked = {
                "model": self.model,
                "messages": [await _sent(message) for message in request.messages],
                **asdict(self.sampling),
            }
            if request.seed is not None:
                asked["seed"] = request.seed
            if request.schema is not None:
                schema = {"name": "reply", "schema": request.schema, "strict": True}
                asked["response_format"] = {"type": "json_schema", "json_schema": schema}
            try:
                answer = await self._http.ask("POST", "/chat/completions", msgspec.json.encode(asked | self.args))
            except OSError as error:
                what = "no answer in time" if isinstance(error, TimeoutError) else "cannot be reached"
                raise CxrError(f"{self.url}: {what}, also after {RETRIES} more tries") from error
        if answer.status != 200:
            return Reply(request.id, seed=request.seed, error=self._refused(answer))
        return _reply(request, answer)

    async def finish(self) -> None:
        await self._http.close()

    async def _model(self, served: str | None) -> tuple[str, str | None]:
        """The model to ask for, and what the server says it was loaded from."""
        try:
            answer = await self._http.ask("GET", "/models", retries=2)
        except OSError as error:
            raise CxrError(f"{self.url} cannot be reached: is the server up?") from error
        if answer.status == 404:
            if served:
                return served, None
            raise CxrError(f"{self.url} does not list its models: is it the right path? --served names one")
        if answer.status != 200:
            raise CxrError(f"{self.url}: {self._refused(answer)}")
        try:
            roots = {model["id"]: model.get("root") for model in msgspec.json.decode(answer.body)["data"]}
        except (msgspec.DecodeError, LookupError, TypeError, AttributeError) as error:
            raise CxrError(f"{self.url} does not answer like an OpenAI-compatible server") from error
        if served is None and len(roots) == 1:
            served = next(iter(roots))
        if served is None or served not in roots:
            names = difflib.get_close_matches(served, roots, n=3, cutoff=0) if served else sorted(roots)[:5]
            raise CxrError(f"{self.url}: --served says which; there is {', '.join(names) or 'none'}")
        return served, roots[served]

    def _refused(self, answer: Answer) -> str:
        """Why this request has no answer, in words that quote none of it. CxrError when no other will have one."""
        status = answer.status
        if status in (401, 403):
            raise CxrError(f"{self.url}: HTTP {status}: OPENAI_API_KEY is missing or not accepted")
        if status == 404:
            raise CxrError(f"{self.url}: HTTP 404: no such path or model")
        if status == 429:
            raise CxrError(f"{self.url}: HTTP 429 also after {RETRIES} more tries: lower --concurrency")
        if 300 <= status < 400:
            raise CxrError(f"{self.url}: sends us on to another place, which is not followed")
        if _TOO_LONG.search(answer.body.decode(errors="replace")):
            return f"the server refuses it: longer than the model takes (HTTP {status})"
        code = _code(answer)
        return f"the server refuses it: HTTP {status}{f', {code}' if _CODE.fullmatch(code) else ''}"


def _code(answer: Answer) -> str:
    """What the server calls its error; "" if it does not say."""
    try:
        body = msgspec.json.decode(answer.body)
        error = body.get("error", body)
        return str(error.get("code") or error.get("type") or "")
    except (msgspec.DecodeError, AttributeError):
        return ""


def _reply(request: Request, answer: Answer) -> Reply:
    try:
        done = msgspec.json.decode(answer.body)
        choice, usage = done["choices"][0], done.get("usage") or {}
        message, finish = choice["message"], choice.get("finish_reason")
        text, refusal = message.get("content") or "", message.get("refusal")
        thought = message.get("reasoning_content") or message.get("reasoning")
        asked, said = usage.get("prompt_tokens"), usage.get("completion_tokens")
        if not isinstance(text, str):
            raise TypeError
    except (msgspec.DecodeError, LookupError, TypeError, AttributeError):
        return Reply(request.id, seed=request.seed, error="the server's answer is not that of the protocol")
    if not text and refusal:
        text, finish = refusal, "refusal"
    if thought and isinstance(thought, str):  # a server that takes thoughts out of the text
        text = f"<think>{thought}</think>{text}"
    return Reply(request.id, text, finish, asked, said, request.seed)


async def _sent(message: Message) -> Mapping[str, Any]:
    """The message with its pictures as data URIs."""
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
