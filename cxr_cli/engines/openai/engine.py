"""Any server that speaks the OpenAI protocol: `vllm serve`, SGLang, a vendor."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import asdict

import msgspec

from cxr_cli.engines.async_engine import AsyncEngine
from cxr_cli.engines.openai.http import RETRIES, HttpClient, Response
from cxr_cli.engines.openai.protocol import completion_body, refusal_reason, reply_from
from cxr_cli.engines.openai.remote_policy import base_url
from cxr_cli.engines.requests import Reply, Request
from cxr_cli.engines.spec import Spec
from cxr_cli.errors import CxrError
from cxr_cli.registry import did_you_mean


class OpenAI(AsyncEngine):
    """The engine `openai`. The key is read from OPENAI_API_KEY. spec.args go into the body of each request."""

    name = "openai"

    def __init__(self, spec: Spec) -> None:
        self.url, local = base_url(spec.model, allow_remote=spec.allow_remote)
        self.sampling, self.args = spec.sampling, dict(spec.args)
        self.capacity = 2 * spec.concurrency  # half of them wait here, so that the server is never idle
        key = os.environ.get("OPENAI_API_KEY", "").strip() or "none"
        self._http = HttpClient(self.url, local=local, headers={"Authorization": f"Bearer {key}"})
        self._slots = asyncio.Semaphore(spec.concurrency)
        super().__init__()
        try:
            self.model, root = self.run(self._served_model(spec.served))
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
        async with self._slots:
            body = await completion_body(request, self.model, self.sampling, self.args)
            try:
                response = await self._http.send("POST", "/chat/completions", body)
            except OSError as error:
                what = "no response in time" if isinstance(error, TimeoutError) else "cannot be reached"
                raise CxrError(f"{self.url}: {what}, even after {RETRIES} retries") from error
        if response.status == 200:
            return reply_from(request, response)
        self._raise_if_fatal(response)
        return Reply(request.id, seed=request.seed, error=refusal_reason(response))

    async def finish(self) -> None:
        await self._http.close()

    async def _served_model(self, name: str | None) -> tuple[str, str | None]:
        """The model to ask for, and what the server loaded it from. name: that of `--served`."""
        try:
            response = await self._http.send("GET", "/models", retries=2)
        except OSError as error:
            raise CxrError(f"{self.url} cannot be reached: is the server up?") from error
        if response.status == 404:
            if name:
                return name, None
            raise CxrError(f"{self.url} does not list its models: is the path right? If so, name one with --served")
        if response.status != 200:
            self._raise_if_fatal(response)
            raise CxrError(f"{self.url}: {refusal_reason(response)}")
        roots = self._listed_models(response)
        if name is None and len(roots) == 1:
            name = next(iter(roots))
        if name is None or name not in roots:
            listing = f"there is {', '.join(sorted(roots)[:5]) or 'none'}{did_you_mean(name or '', roots)}"
            raise CxrError(f"{self.url}: choose a model with --served; {listing}")
        return name, roots[name]

    def _listed_models(self, response: Response) -> Mapping[str, str | None]:
        """Name -> what it was loaded from."""
        try:
            return {model["id"]: model.get("root") for model in msgspec.json.decode(response.body)["data"]}
        except (msgspec.DecodeError, LookupError, TypeError, AttributeError) as error:
            raise CxrError(f"{self.url} does not respond like an OpenAI-compatible server") from error

    def _raise_if_fatal(self, response: Response) -> None:
        """Raises CxrError when the server would answer no other request either."""
        status = response.status
        if status in (401, 403):
            raise CxrError(f"{self.url}: HTTP {status}: OPENAI_API_KEY is missing or not accepted")
        if status == 404:
            raise CxrError(f"{self.url}: HTTP 404: no such path or model")
        if status == 429:
            raise CxrError(f"{self.url}: HTTP 429 even after {RETRIES} retries: lower --concurrency")
        if 300 <= status < 400:
            raise CxrError(f"{self.url}: HTTP {status}: redirects are not followed; give the URL it points to")
