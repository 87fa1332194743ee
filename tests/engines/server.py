"""An HTTP server on loopback that speaks the OpenAI protocol, with the faults of real servers.

with Server(lambda request: "Yes") as server:
    cxr("infer", "cases.jsonl", "-m", server.url)
    server.requests[0]["messages"]
"""

import asyncio
import json
import time
from collections.abc import Callable
from threading import Thread
from typing import Any, Self

Json = dict[str, Any]
Answer = Callable[[Json], str | Json]


class Fault(Exception):
    """Raised by an answer: the server responds with this status and body, or closes the connection (status 0)."""

    def __init__(
        self, status: int, body: str = '{"error": {"message": "no", "code": "fault"}}', **headers: str
    ) -> None:
        self.status, self.body, self.headers = status, body, headers


class Server:
    """answer: request body -> the text of the reply, or a whole choice ({"message": .., "finish_reason": ..}).

    delay: seconds before each reply. requests: the bodies, in order; answered: (time, body) of each that was answered
    in full. now, most: requests that wait for a reply, now and at most.
    """

    def __init__(
        self, answer: Answer, *, delay: float = 0.0, models: tuple[str, ...] = ("tiny",), port: int = 0
    ) -> None:
        self.answer, self.delay, self.models, self.port = answer, delay, models, port
        self.requests: list[Json] = []
        self.answered: list[tuple[float, Json]] = []
        self.paths: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.now = self.most = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        start = asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=2**26)
        self._server = asyncio.run_coroutine_threadsafe(start, self._loop).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *error: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _stop(self) -> None:
        self._server.close()
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                path = head.split(b" ", 2)[1].decode()
                lines = [line.split(": ", 1) for line in head.decode("latin1").split("\r\n")[1:] if ": " in line]
                headers = {name.lower(): value for name, value in lines}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.paths.append(path)
                self.headers.append(headers)
                if not await self._reply(path, json.loads(body or b"{}"), writer):
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _reply(self, path: str, asked: Json, writer: asyncio.StreamWriter) -> bool:
        status, extra = 200, {}
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            if path.endswith("/models"):
                text = json.dumps({"object": "list", "data": [{"id": m, "object": "model"} for m in self.models]})
            elif path.endswith("/chat/completions"):
                self.requests.append(asked)
                said = self.answer(asked)
                await asyncio.sleep(self.delay)
                text = json.dumps(_completion(asked, said))
            else:
                raise Fault(404)
        except Fault as fault:
            status, text, extra = fault.status, fault.body, fault.headers
        finally:
            self.now -= 1
        if status == 0:
            return False
        more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in extra.items())
        more += f"Content-Type: application/json\r\nContent-Length: {len(text.encode())}\r\n"
        writer.write(f"HTTP/1.1 {status} X\r\n{more}\r\n{text}".encode())
        await writer.drain()
        if status == 200 and path.endswith("/chat/completions"):
            self.answered.append((time.time(), asked))
        return True


def _completion(asked: Json, said: str | Json) -> Json:
    choice = said if isinstance(said, dict) else {"message": {"role": "assistant", "content": said}}
    words = len(text_of(asked)) // 4
    return {
        "id": "x",
        "object": "chat.completion",
        "created": 0,
        "model": asked["model"],
        "choices": [{"index": 0, "finish_reason": "stop", **choice}],
        "usage": {"prompt_tokens": words, "completion_tokens": 7, "total_tokens": words + 7},
    }


def text_of(asked: Json) -> str:
    """The texts of all messages as one text."""
    parts = []
    for message in asked["messages"]:
        content = message["content"]
        parts += [content] if isinstance(content, str) else [p["text"] for p in content if p["type"] == "text"]
    return "\n".join(parts)
