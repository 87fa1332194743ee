"""Any server that speaks the OpenAI protocol: `vllm serve`, SGLang, a vendor."""

import asyncio
import base64
import difflib
import io
import os
import re
from collections.abc import Mapping
from typing import Any

from PIL import Image

from cxr_cli.engines.background import Background
from cxr_cli.engines.choosing import Spec, is_url
from cxr_cli.engines.requests import Message, Reply, Request
from cxr_cli.engines.servers import base_url
from cxr_cli.errors import CxrError
from cxr_cli.extras import need

RETRIES = 6  # after 0.5, 1, 2, 4, 8 and 8 seconds, or when the server says
_TOO_LONG = re.compile(r"context.?length|max_model_len|too long|maximum.{0,20}tokens|too many tokens", re.I)
_NO_PROTOCOL = "the server's answer is not that of the protocol"
_CODE = re.compile(r"\w{1,60}")


class OpenAI(Background):
    """The engine `openai`. The key is read from OPENAI_API_KEY. spec.args go into the body of each request."""

    name = "openai"

    def __init__(self, spec: Spec) -> None:
        if not is_url(spec.model):
            raise CxrError(f"--engine openai needs the URL of a server: -m http://localhost:8000/v1, not {spec.model}")
        url, local = base_url(spec.model, allow_remote=spec.allow_remote)
        with need("llm"):
            import openai
        self.url, self.sampling, self.args, self.capacity = url, spec.sampling, dict(spec.args), spec.concurrency
        super().__init__()
        self._errors = openai
        self._free = asyncio.Semaphore(spec.concurrency)
        try:
            self.client = self.run(self._open(openai, local))
            self.model, root = self.run(self._model(spec.served))
        except BaseException:
            self.close()
            raise
        self.signature = {
            "engine": self.name,
            "model": self.model,
            **({"revision": root} if root not in (None, self.model) else {}),
            **_sampled(spec),
            **self.args,
        }

    async def answer(self, request: Request) -> Reply:
        async with self._free:
            messages = [await _sent(message) for message in request.messages]
            asked: dict[str, Any] = {"seed": request.seed} if request.seed is not None else {}
            if request.schema is not None:
                schema = {"name": "reply", "schema": request.schema, "strict": True}
                asked["response_format"] = {"type": "json_schema", "json_schema": schema}
            try:
                done = await self.client.chat.completions.create(
                    model=self.model,
                    messages=messages,
                    temperature=self.sampling.temperature,
                    top_p=self.sampling.top_p,
                    max_tokens=self.sampling.max_tokens,
                    extra_body=self.args,
                    **asked,
                )
            except self._errors.APIConnectionError as error:
                what = "no answer in time" if isinstance(error, self._errors.APITimeoutError) else "cannot be reached"
                raise CxrError(f"{self.url}: {what}, also after {RETRIES} more tries") from error
            except self._errors.APIStatusError as error:
                return Reply(request.id, seed=request.seed, error=self._refused(error))
            except (self._errors.APIError, ValueError):
                return Reply(request.id, seed=request.seed, error=_NO_PROTOCOL)
        return _reply(request, done)

    async def finish(self) -> None:
        if client := getattr(self, "client", None):
            await client.close()

    async def _open(self, openai: Any, local: bool) -> Any:
        # For a server on this machine: through no proxy, and on to no other host.
        http = openai.DefaultAsyncHttpxClient(trust_env=False, follow_redirects=False) if local else None
        key = os.environ.get("OPENAI_API_KEY") or "none"
        return openai.AsyncOpenAI(base_url=self.url, api_key=key, max_retries=RETRIES, http_client=http)

    async def _model(self, served: str | None) -> tuple[str, str | None]:
        """The model to ask for, and what the server says it was loaded from."""
        errors = self._errors
        try:
            models = (await self.client.with_options(max_retries=2).models.list()).data
        except errors.APIConnectionError as error:
            raise CxrError(f"{self.url} cannot be reached: is the server up?") from error
        except errors.NotFoundError as error:
            if served:
                return served, None
            raise CxrError(f"{self.url} does not list its models: is it the right path? --served names one") from error
        except errors.APIStatusError as error:
            raise CxrError(f"{self.url}: {self._refused(error)}") from error
        except (errors.APIError, ValueError, AttributeError, TypeError) as error:
            raise CxrError(f"{self.url} does not answer like an OpenAI-compatible server") from error
        roots = {model.id: getattr(model, "root", None) for model in models}
        if served is None and len(roots) == 1:
            served = next(iter(roots))
        if served is None or served not in roots:
            names = difflib.get_close_matches(served, roots, n=3, cutoff=0) if served else sorted(roots)[:5]
            raise CxrError(f"{self.url}: --served says which; there is {', '.join(names) or 'none'}")
        return served, roots[served]

    def _refused(self, error: Any) -> str:
        """Why this request has no answer, in words that quote none of it. CxrError when no other will have one."""
        status = error.status_code
        if status in (401, 403):
            raise CxrError(f"{self.url}: HTTP {status}: OPENAI_API_KEY is missing or not accepted") from error
        if status == 404:
            raise CxrError(f"{self.url}: HTTP 404: no such path or model") from error
        if status == 429:
            raise CxrError(f"{self.url}: HTTP 429 also after {RETRIES} more tries: lower --concurrency") from error
        if 300 <= status < 400:
            raise CxrError(f"{self.url}: sends us on to another place, which is not followed") from error
        if _TOO_LONG.search(str(error.message)):
            return f"the server refuses it: longer than the model takes (HTTP {status})"
        code = str(error.code or error.type or "")
        return f"the server refuses it: HTTP {status}{f', {code}' if _CODE.fullmatch(code) else ''}"


def _sampled(spec: Spec) -> dict[str, object]:
    sampling = spec.sampling
    return {"temperature": sampling.temperature, "top_p": sampling.top_p, "max_tokens": sampling.max_tokens}


def _reply(request: Request, done: Any) -> Reply:
    if not getattr(done, "choices", None):
        return Reply(request.id, seed=request.seed, error=_NO_PROTOCOL)
    message, finish = done.choices[0].message, done.choices[0].finish_reason
    text = message.content or ""
    if not text and getattr(message, "refusal", None):
        text, finish = message.refusal, "refusal"
    thought = getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None)
    if thought and isinstance(thought, str):  # a server that takes thoughts out of the text
        text = f"<think>{thought}</think>{text}"
    usage = done.usage
    asked, said = (usage.prompt_tokens, usage.completion_tokens) if usage else (None, None)
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
