"""Replies kept on disk: an exact repeat costs nothing.

The key is a hash of everything that changes a reply: engine, model and its revision, messages, pixels, sampling,
seed, schema. How a reply is parsed is no part of it. Replies may quote reports, so only the user may read the file.
"""

import os
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Mapping
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Self

import msgspec
from PIL import Image

from cxr_cli.engines.requests import Engine, Reply, Request, ignore_reply
from cxr_cli.errors import CxrError

_TABLE = """create table if not exists replies(
    key blob primary key, text text, finish text, prompt_tokens integer, completion_tokens integer, at integer
) without rowid"""


def cache_path() -> Path:
    """`$CXR_CACHE/replies.sqlite`, else in the user's cache folder."""
    folder = os.environ.get("CXR_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "cxr")
    return Path(folder, "replies.sqlite")


class CacheInfo(NamedTuple):
    """replies: how many. size: bytes of the file. tokens: completion tokens of all replies."""

    path: Path
    replies: int
    size: int
    tokens: int


class ReplyCache:
    """The file of replies. Threads and processes may share it. Raises CxrError when it cannot be read or written."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or cache_path()
        self._lock = Lock()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.path.touch(mode=0o600)
            self._db = sqlite3.connect(self.path, timeout=60, isolation_level=None, check_same_thread=False)
            # No write-ahead log: it does not work on the network file systems that homes often lie on.
            self._db.executescript(f"pragma journal_mode=truncate; pragma synchronous=off; {_TABLE}")
        except (sqlite3.Error, OSError) as error:
            raise self._failed(error) from error

    def get(self, key: bytes) -> tuple[Any, ...] | None:
        """text, finish, prompt tokens, completion tokens."""
        columns = "text, finish, prompt_tokens, completion_tokens"
        found = self._run(f"select {columns} from replies where key = ?", key)
        return found[0] if found else None

    def put(self, key: bytes, reply: Reply) -> None:
        values = (reply.text, reply.finish, reply.prompt_tokens, reply.completion_tokens, int(time.time()))
        self._run("insert or replace into replies values (?, ?, ?, ?, ?, ?)", key, *values)

    def info(self) -> CacheInfo:
        [(replies, tokens)] = self._run("select count(*), coalesce(sum(completion_tokens), 0) from replies")
        return CacheInfo(self.path, replies, self.path.stat().st_size, tokens)

    def clear(self) -> int:
        """Deletes all replies; returns how many there were."""
        count = self.info().replies
        self._run("delete from replies")
        self._run("vacuum")
        return count

    def close(self) -> None:
        self._db.close()

    def _run(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        try:
            with self._lock:
                return self._db.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> CxrError:
        return CxrError(f"the cache {self.path}: {error}; --no-cache runs without it, CXR_CACHE=FOLDER moves it")


class CachedEngine:
    """An engine behind the cache. Of equal requests that wait at the same time, one goes to the engine."""

    def __init__(self, engine: Engine, cache: ReplyCache | None = None) -> None:
        self.engine, self.cache = engine, cache or ReplyCache()
        self.name, self.signature = engine.name, engine.signature
        self.on_reply: Callable[[Reply], None] = ignore_reply
        engine.on_reply = self._keep  # at once: a reply that nobody has fetched yet would be lost with the process
        self._ready: deque[Reply] = deque()
        self._keys: dict[str, bytes] = {}  # request id -> key, of those that the engine has
        self._duplicates: dict[bytes, list[Request]] = {}  # key -> requests that wait for the same reply

    @property
    def capacity(self) -> int:
        return self.engine.capacity

    def submit(self, request: Request) -> None:
        key = request_key(self.signature, request)
        if key in self._duplicates:
            self._duplicates[key].append(request)
        elif found := self.cache.get(key):
            text, finish, prompt, completion = found
            self._ready.append(Reply(request.id, text, finish, prompt, completion, request.seed, cached=True))
        else:
            self._keys[request.id], self._duplicates[key] = key, []
            self.engine.submit(request)

    def ready(self) -> bool:
        return bool(self._ready) or self.engine.ready()

    def next(self) -> Reply:
        if self._ready:
            return self._ready.popleft()
        reply = self.engine.next()
        key = self._keys.pop(reply.id)
        for other in self._duplicates.pop(key):
            self._ready.append(_copy_for(other, reply))
        return reply

    def close(self) -> None:
        self.cache.close()

    def _keep(self, reply: Reply) -> None:
        if reply.error is None:
            self.cache.put(self._keys[reply.id], reply)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _copy_for(request: Request, reply: Reply) -> Reply:
    tokens = (reply.prompt_tokens, reply.completion_tokens)
    return Reply(request.id, reply.text, reply.finish, *tokens, request.seed, reply.error, cached=True)


def request_key(signature: Mapping[str, object], request: Request) -> bytes:
    """32 bytes that stand for the request, the model and the sampling."""
    messages = [[message["role"], _content(message["content"])] for message in request.messages]
    content = [dict(signature), messages, request.seed, request.schema]
    return blake2b(msgspec.json.encode(content, order="deterministic"), digest_size=32).digest()


def _content(content: Any) -> Any:
    return content if isinstance(content, str) else [_part(part) for part in content]


def _part(part: Mapping[str, Any]) -> Mapping[str, Any]:
    if part["type"] != "image":
        return part
    image: Image.Image = part["image"]
    pixels = blake2b(image.tobytes(), digest_size=32).hexdigest()
    return {"type": "image", "image": [image.mode, *image.size, pixels]}
