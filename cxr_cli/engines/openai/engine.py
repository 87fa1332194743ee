"""Any server that speaks the OpenAI protocol: `vllm serve`, SGLang, a vendor."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import msgspec

from cxr_cli.engines.async_engine import AsyncEngine
from cxr_cli.engines.openai.http import HttpClient, Response
from cxr_cli.engines.openai.protocol import (
    NEWER_LIMIT,
    NOT_OPENAI,
    Dialect,
    completion_body,
    is_error,
    refusal_reason,
    reply_from,
)
from cxr_cli.engines.openai.remote_policy import base_url
from cxr_cli.engines.openai.replicas import Replicas
from cxr_cli.engines.openai.server_words import server_words
from cxr_cli.engines.requests import Reply, Request, content_parts, failed_reply
from cxr_cli.engines.spec import Spec
from cxr_cli.errors import CxrError
from cxr_cli.rows import note
from cxr_cli.suggestions import did_you_mean

MODELS_TIMEOUT = 10.0  # seconds for the list of models


class OpenAI(AsyncEngine):
    """The engine `openai`. The key is read from OPENAI_API_KEY. spec.args go into the body of each request.

    What a server says about its errors is printed once for each status, and where it wants the body otherwise; rows
    hold our own words.
    """

    name = "openai"

    def __init__(self, spec: Spec) -> None:
        urls = [base_url(url, allow_remote=spec.allow_remote) for url in (spec.model, *spec.replicas)]
        if doubled := [url for n, (url, _) in enumerate(urls) if url in dict(urls[:n])]:
            raise CxrError(f"-m {doubled[0]} is named twice")
        self.sampling, self.args, self.timeout = spec.sampling, dict(spec.args), spec.timeout
        self.capacity = 2 * spec.concurrency * len(urls)  # half of them wait here, so that no server is ever idle
        self._key = _key()
        headers = {"Authorization": f"Bearer {self._key or 'none'}"}
        clients = [HttpClient(url, local=local, headers=headers, timeout=spec.timeout) for url, local in urls]
        self._replicas = Replicas(clients, spec.concurrency)
        self._dialect = Dialect(newer_limit=NEWER_LIMIT in self.args)
        self._quoted: set[int] = set()  # the statuses about which the server's words were printed
        self._last_words = ""
        super().__init__()
        try:
            self.model, root = self.run(self._model_of_all(clients, spec.served))
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
        try:
            response = await self._ask(request)
        except TimeoutError:
            return failed_reply(request, f"no reply within {self.timeout:g} s, asked twice: --timeout waits longer")
        except OSError:
            return failed_reply(request, "the server cannot be reached, or breaks off")
        if response.status == 200:
            reply = reply_from(request, response)
            if not (reply.error and is_error(response)):
                return reply  # never shown, not even a broken one: it is text about a patient
        if response.status not in self._quoted:
            self._quoted.add(response.status)
            self._quote(response, request)
        return failed_reply(request, refusal_reason(response))

    async def finish(self) -> None:
        await self._replicas.close()

    async def _ask(self, request: Request) -> Response:
        """The response; a server that wants the body otherwise gets it so, from then on."""
        dialect = self._dialect

        async def body() -> bytes:
            nonlocal dialect
            dialect = self._dialect  # others may have learnt it while this request waited
            return await completion_body(request, self.model, self.sampling, self.args, dialect)

        while True:
            response = await self._replicas.send("/chat/completions", body)
            other = dialect.adapted(response.body) if response.status in (400, 422) else dialect
            if other == dialect:
                return response
            if self._dialect == dialect:  # the first of the requests under way that is told so
                self._quote(response, request)
            self._dialect = other

    def _quote(self, response: Response, request: Request) -> None:
        """Prints what the server says about its error, unless it is what it said last."""
        texts = [part["text"] for part in content_parts(request.messages) if part["type"] == "text"]
        words = server_words(response.body, "\n".join(texts), [self._key, *map(str, self.args.values())])
        if words and words != self._last_words:
            note(f"the server says (HTTP {response.status}): {words}")
        self._last_words = words

    async def _model_of_all(self, clients: Sequence[HttpClient], name: str | None) -> tuple[str, str | None]:
        """The model to ask for, and what the servers loaded it from. CxrError: it is not the same on all."""
        models = [await self._served_model(client, name) for client in clients]
        for client, model in zip(clients, models, strict=True):
            if model != models[0]:
                raise CxrError(f"{client.url} serves another model than {clients[0].url}: name servers of one model")
        return models[0]

    async def _served_model(self, client: HttpClient, name: str | None) -> tuple[str, str | None]:
        """The model to ask a server for, and what it loaded it from. name: that of `--served`."""
        url = client.url
        try:
            async with asyncio.timeout(MODELS_TIMEOUT):
                response = await client.send("GET", "/models")
        except TimeoutError as error:
            raise CxrError(f"{url}: no list of models within {MODELS_TIMEOUT:g} s: is the server up?") from error
        except OSError as error:
            raise CxrError(f"{url} cannot be reached: is the server up?") from error
        if response.status in (404, 405, 501):
            if name:
                return name, None
            raise CxrError(f"{url} does not list its models: is the path right? If so, name one with --served")
        if response.status != 200:
            words = server_words(response.body, "", [self._key])
            why = "OPENAI_API_KEY is missing or not accepted" if response.status in (401, 403) else ""
            raise CxrError(": ".join(filter(None, [url, why or refusal_reason(response), words])))
        roots = _listed_models(url, response)
        if name is None and len(roots) == 1:
            name = next(iter(roots))
        if name is None or name not in roots:
            listing = f"there is {', '.join(sorted(roots)[:5]) or 'none'}{did_you_mean(name or '', roots)}"
            raise CxrError(f"{url}: choose a model with --served; {listing}")
        return name, roots[name]


class _ModelEntry(msgspec.Struct):
    id: Annotated[str, msgspec.Meta(pattern=r"^[!-~][ -~]{0,299}$")]
    root: Any = None


class _Models(msgspec.Struct):
    data: list[_ModelEntry]


def _listed_models(url: str, response: Response) -> Mapping[str, str | None]:
    """Name -> what it was loaded from."""
    try:
        models = msgspec.json.decode(response.body, type=_Models).data
    except (ValueError, RecursionError) as error:
        raise CxrError(f"{url}: {NOT_OPENAI}") from error
    return {model.id: model.root if isinstance(model.root, str) else None for model in models}


def _key() -> str:
    """OPENAI_API_KEY, "" if it is not set. CxrError: it cannot be sent in a header."""
    key = os.environ.get("OPENAI_API_KEY", "").strip()
    if not (key.isascii() and key.isprintable()):
        raise CxrError("OPENAI_API_KEY holds a character that no key has: was it copied whole, and alone?")
    return key
